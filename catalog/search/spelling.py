"""Correction of typing errors to words that the shop has."""

from collections.abc import Iterable

from rapidfuzz.distance import OSA

MAX_CORRECTIONS = 3


def errors_forgiven(word: str) -> int:
    """Return the number of errors that a correction may mend.

    None in a short word, where an error makes another word, and none in a number, where each digit matters.
    """
    if len(word) < 4 or word.isdigit():
        return 0
    return 1 if len(word) < 6 else 2


def corrections(word: str, *, among: Iterable[str]) -> list[str]:
    """Return the words at the smallest edit distance; none if that is larger than `errors_forgiven`.

    An error is a letter left out, added or replaced, or two neighbours swapped (optimal string alignment).
    """
    distances = {known: OSA.distance(word, known) for known in among}
    least = min(distances.values(), default=0)
    if not 0 < least <= errors_forgiven(word):
        return []
    return [known for known, errors in distances.items() if errors == least][:MAX_CORRECTIONS]
