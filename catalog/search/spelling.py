"""Typing errors: the words of the shop that a word may have been meant to be."""

from django.db import connection

MAX_SIMILAR = 200
MAX_CORRECTIONS = 3

SIMILAR = {
    # The words that share the most and the rarest trigrams.
    "sqlite": "SELECT trim(word, '^$') FROM catalog_word_trigram WHERE catalog_word_trigram MATCH %s"
    f" ORDER BY rank LIMIT {MAX_SIMILAR}",
    "postgresql": f"SELECT word FROM catalog_word ORDER BY word <-> %s LIMIT {MAX_SIMILAR}",
}


def errors_forgiven(word: str) -> int:
    """In a short word an error makes another word; in a number each digit tells."""
    if len(word) < 4 or word.isdigit():
        return 0
    return 1 if len(word) < 6 else 2


def corrections(word: str) -> list[str]:
    """The words with the fewest errors between, in one statement; none where there are too many."""
    if not errors_forgiven(word):
        return []
    distances = {known: distance(word, known) for known in similar(word)}
    least = min(distances.values(), default=0)
    if not 0 < least <= errors_forgiven(word):
        return []
    return [known for known, errors in distances.items() if errors == least][:MAX_CORRECTIONS]


def similar(word: str) -> list[str]:
    padded = f"^^{word}$"
    trigrams = (padded[start : start + 3] for start in range(len(padded) - 2))
    term = " OR ".join(f'"{trigram}"' for trigram in trigrams) if connection.vendor == "sqlite" else word
    with connection.cursor() as cursor:
        cursor.execute(SIMILAR[connection.vendor], [term])
        return [known for (known,) in cursor.fetchall()]


def distance(one: str, other: str) -> int:
    """How many letters were left out, added, mistaken, or swapped with their neighbours (Damerau, Levenshtein)."""
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
