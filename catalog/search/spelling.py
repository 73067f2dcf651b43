"""Correction of typing errors to words that the shop has."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, permutations

from django.conf import settings
from rapidfuzz.distance import OSA

from catalog.analysis import stems

# The number of words that are considered as corrections of one word.
MAX_NEAR = 8
# The number of compounds that are looked for by their end, and the least letters before the end and of it. Scripts that
# write articles as part of the word need fewer.
MAX_COMPOUNDS = 8
MIN_FIRST_PART = 3
MIN_SECOND_PART = 4
JOINING = re.compile("[\u05d0-\u05ea\u0600-\u06ff\u1200-\u137f\uac00-\ud7a3]")
MIN_FORM = 3
# The Latin languages that write compounds as one word, with the least letters of both words.
COMPOUNDING = frozenset(("da", "de", "et", "fi", "hu", "nl", "no", "sv"))
MIN_HALF, MIN_SYLLABLES = 4, 2
# The least letters of a stem that is compared instead of the word.
MIN_STEM = 4
# A sign of Indic scripts that joins two consonants, with the second.
LETTER = re.compile("[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d].|.", re.DOTALL)
HANGUL = re.compile("[\uac00-\ud7a3]")
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
    length = len(split(word))
    if HANGUL.match(word):  # two syllables of five letters are often another word, too
        length = 2 * len(word) if len(word) > MIN_SYLLABLES else 0
    if length < 4 or word.isdigit():
        return 0
    return 1 if length < 8 else 2


def split(word: str) -> Sequence[str]:
    """Return the letters of a word. Those of Korean are parts of a syllable, those of Indic scripts join others."""
    if word.isascii():
        return word
    return LETTER.findall(unicodedata.normalize("NFD", word) if HANGUL.match(word) else word)


def count_errors(word: str, known: str) -> int:
    """Return the distance of the words, or of their stems if it is less: either may have another ending."""
    errors = OSA.distance(split(word), split(known))
    if word.isascii() or errors <= 1:
        return errors
    pairs = zip(stems(word), stems(known), strict=False)
    apart = (OSA.distance(split(one), split(other)) for one, other in pairs if len(one) >= MIN_STEM)
    return max(1, min([errors, *apart]))


def corrections(word: str, *, among: Iterable[str]) -> list[tuple[int, str]]:
    """Return the MAX_NEAR nearest words that the word may be meant to be, each with the number of its errors.

    An error is a letter left out, added or replaced, or two neighbours swapped (optimal string alignment).
    """
    most = errors_forgiven(word)
    near = ((count_errors(word, known), known) for known in among if may_mean(word, known))
    return sorted((errors, known) for errors, known in near if 0 < errors <= most)[:MAX_NEAR]


def may_end_compounds(word: str) -> bool:
    return len(word) >= (2 if JOINING.match(word) else MIN_SECOND_PART) and not word.isdigit()


def may_have_forms(word: str) -> bool:
    """Return whether other forms of the word are looked for that the shop's languages do not tell."""
    return len(word) >= MIN_FORM and not word.isascii()


def compounds(end: str, *, among: Iterable[str]) -> list[str]:
    """Return the shortest of the words that end in this one, such as "winterjacke" for "jacke".

    Those that end in another known word do not count: with "chair" known, an armchair is no hair.
    """
    if not may_end_compounds(end):
        return []
    least = 1 if JOINING.match(end) else MIN_FIRST_PART
    ends = list_ends(end)
    found = [
        (len(word), word, way)
        for word in among
        if any(each in word for each in ends)  # so that few words have to be stemmed
        and (way := next((way for way in list_ends(word) if way.endswith(ends) and way not in ends), None))
    ]
    others = tuple(way for _, _, way in found if not any(way[least:].endswith(each) for each in ends))
    return [word for _, word, way in sorted(found) if not way.endswith(others)][:MAX_COMPOUNDS]


def halves(word: str) -> list[tuple[str, str]]:
    """Return the pairs of words that a compound may be of, in the languages that write them as one."""
    least = MIN_SYLLABLES if HANGUL.match(word) else MIN_HALF
    if not (
        HANGUL.match(word) or (word.isalpha() and COMPOUNDING.intersection(settings.STORE_SEARCH_LANGUAGES))
    ):
        return []
    return [(word[:at], word[at:]) for at in range(least, len(word) - least + 1)]


def list_ends(word: str) -> tuple[str, ...]:
    """Return the word and its stems, for either may be the end of a compound or of its stem: "topf" in "kochtöpfe"."""
    if JOINING.match(word):
        return (word,)
    return (word, *(stem for stem in stems(word) if len(stem) >= MIN_SECOND_PART and stem != word))


def may_mean(word: str, known: str) -> bool:
    """Return whether a person who meant the known word may have typed this one, which may be a word of its own.

    People start with the right letter, or one that sounds alike, or swap the first two. They seldom hit a far key:
    "lunch" does not mean "punch", nor "carboy" "carbon".
    """
    if DIGITS.findall(word) != DIGITS.findall(known):
        return False
    typed, meant = split(word), split(known)
    if typed[0] != meant[0] and (typed[0], meant[0]) not in ALIKE and typed[:2] != meant[1::-1]:
        return False
    replaced = [pair for pair in zip(typed, meant, strict=False) if pair[0] != pair[1]]
    if len(typed) != len(meant) or len(replaced) != 1:
        return True
    return replaced[0] in CONFUSED or not "".join(replaced[0]).isascii()


def lacks_second_letter(word: str, known: str) -> bool:
    """Return whether the word is the known one without its second letter, as "solder" and "smolder"."""
    return word == known[:1] + known[2:] and word[1] != known[1]
