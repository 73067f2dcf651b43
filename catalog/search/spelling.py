"""Correction of typing errors to words that the shop has."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise, permutations

from rapidfuzz.distance import OSA

# The number of words that are considered as corrections of one word.
MAX_NEAR = 8
# The number of compounds that are looked for by their end, and the least letters before the end and of it. Scripts that
# write articles as part of the word need fewer.
MAX_COMPOUNDS = 8
MIN_FIRST_PART = 3
MIN_SECOND_PART = 4
JOINING = re.compile("[\u05d0-\u05ea\u0600-\u06ff\uac00-\ud7a3]")
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


def may_end_compounds(word: str) -> bool:
    return len(word) >= (2 if JOINING.match(word) else MIN_SECOND_PART) and not word.isdigit()


def compounds(end: str, *, among: Iterable[str]) -> list[str]:
    """Return the shortest of the words that end in this one, such as "winterjacke" for "jacke".

    Those that end in another known word do not count: with "chair" known, an armchair is no hair.
    """
    if not may_end_compounds(end):
        return []
    least = 1 if JOINING.match(end) else MIN_FIRST_PART
    found = sorted(
        (word for word in among if word.endswith(end) and word != end), key=lambda word: (len(word), word)
    )
    others = tuple(word for word in found if len(word) - len(end) < least)
    return [word for word in found if not word.endswith(others)][:MAX_COMPOUNDS]


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


def lacks_second_letter(word: str, known: str) -> bool:
    """Return whether the word is the known one without its second letter, as "solder" and "smolder"."""
    return word == known[:1] + known[2:] and word[1] != known[1]
