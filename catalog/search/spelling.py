"""Correction of typing errors to words that the shop has."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise, permutations

from rapidfuzz.distance import OSA

# The number of words that are considered as corrections of one word.
MAX_NEAR = 8
DIGITS = re.compile(r"\d+")
# Letters that sound alike, and the rows of keys, each a little to the right of the one above.
SOUNDS = ("aeiouy", "ckq", "csz", "gj", "fpv", "vw", "bp", "dt", "mn", "sxz")
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def list_neighbours() -> Iterator[tuple[str, str]]:
    """Yield the pairs of letters with neighbouring keys, in one order."""
    for row in KEYS:
        yield from pairwise(row)
    for above, below in pairwise(KEYS):
        yield from zip(above, below, strict=False)
        yield from zip(above[1:], below, strict=False)


ALIKE = frozenset(pair for sound in SOUNDS for pair in permutations(sound, 2))
CONFUSED = ALIKE | {pair for neighbours in list_neighbours() for pair in permutations(neighbours)}


def errors_forgiven(word: str) -> int:
    """Return the number of errors that a correction may mend.

    None in a short word, where an error makes another word, and none in a number, where each digit matters.
    """
    if len(word) < 4 or word.isdigit():
        return 0
    return 1 if len(word) < 8 else 2


def corrections(word: str, *, among: Iterable[str]) -> list[tuple[int, str]]:
    """Return the MAX_NEAR nearest words that the word may be meant to be, each with the number of its errors.

    An error is a letter left out, added or replaced, or two neighbours swapped (optimal string alignment).
    """
    most = errors_forgiven(word)
    near = ((OSA.distance(word, known), known) for known in among if may_mean(word, known))
    return sorted((errors, known) for errors, known in near if 0 < errors <= most)[:MAX_NEAR]


def may_mean(word: str, known: str) -> bool:
    """Return whether a person who meant the known word may have typed this one, which may be a word of its own.

    People start with the right letter, or one that sounds alike, or swap the first two. They seldom hit a far key:
    "lunch" does not mean "punch", nor "carboy" "carbon".
    """
    if DIGITS.findall(word) != DIGITS.findall(known):
        return False
    if word[0] != known[0] and (word[0], known[0]) not in ALIKE and word[:2] != known[1::-1]:
        return False
    replaced = [pair for pair in zip(word, known, strict=False) if pair[0] != pair[1]]
    if len(word) != len(known) or len(replaced) != 1:
        return True
    return replaced[0] in CONFUSED or not "".join(replaced[0]).isascii()
