"""Correction of typing errors to words that the shop has."""

from collections.abc import Iterable

MAX_CORRECTIONS = 3


def errors_forgiven(word: str) -> int:
    """Return the number of errors that a correction may mend.

    None in a short word, where an error makes another word, and none in a number, where each digit matters.
    """
    if len(word) < 4 or word.isdigit():
        return 0
    return 1 if len(word) < 6 else 2


def corrections(word: str, *, among: Iterable[str]) -> list[str]:
    """Return the words at the smallest edit distance; none if that is larger than `errors_forgiven`."""
    distances = {known: distance(word, known) for known in among}
    least = min(distances.values(), default=0)
    if not 0 < least <= errors_forgiven(word):
        return []
    return [known for known, errors in distances.items() if errors == least][:MAX_CORRECTIONS]


def distance(one: str, other: str) -> int:
    """Return the Damerau–Levenshtein distance: letters left out, added, replaced, or swapped with a neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            errors = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != wanted))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted
            current.append(min(errors, before[column - 2] + 1) if swapped else errors)
        before, last = last, current
    return last[-1]
