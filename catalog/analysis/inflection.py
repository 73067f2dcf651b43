"""Inflection: whether two words are forms of one, beyond what their stems in the index tell."""

import re
from functools import lru_cache

from catalog.analysis.languages import LATIN, SCRIPTS, detach, script_of, stemmer
from catalog.analysis.tokens import stems
from catalog.analysis.words import gram_size

# Of up to 4 kB each, for a Latin word has a root in each language.
MAX_KEPT = 1_000

LATIN_LETTER = re.compile("[a-z]")
# Further stemmers of a script, which the index does without.
FURTHER = {"russian": ("serbian",), "hindi": ("nepali",), "arabic": ("persian",)}
# The articles that Bulgarian and Macedonian append, plurals of theirs, and those of Turkic languages in Cyrillic.
# Plurals, duals and cases of Arabic, Persian, Urdu and Kurdish.
ENDINGS = {
    "russian": re.compile("(?<=..)(?:овете|ове|ите|ата|ето|ят|ът|та|то|те|[лдт][ае]р)$"),
    "arabic": re.compile("(?<=..)(?:تين|تان|هاي|كان|ها|ات|ان|ون|ين|يه|ياں|اں|وں|يں|[اهيےہ])$"),
}
# Prepositions and articles that Hebrew writes as part of the word.
HEBREW_PREFIX = re.compile(r"^[ובכלמשה]{1,2}(?=\w{3})")
# The patterns of plurals that Arabic makes within the word: "فساتين" of "فستان", "عطور" of "عطر", "أقلام" of "قلم".
BROKEN_PLURAL = re.compile("..ا..?.|..[او].|ا..ا.|ا...ه")
LONG_VOWELS = re.compile("[اويء]|ه$")
MIN_CONSONANTS = 3
# Where a language has no stemmer, two words are forms of one if they differ by so much of an ending at most.
MIN_COMMON = 3
MAX_ENDING = 4
MAX_LOST = 1


def are_forms(word: str, known: str) -> bool:
    """Return whether two folded words are forms of one word in a language of their script."""
    if word[:1] != known[:1] and script_of(word) not in {"arabic", "hebrew"}:
        return False
    if not roots(word).isdisjoint(roots(known)):
        return True
    script = script_of(word)
    if script == "arabic":
        return is_broken_plural(*(detach(each, script) for each in (word, known)))
    return script not in {*SCRIPTS, "hebrew", "korean"} - {"armenian"} and differ_by_ending(word, known)


@lru_cache(maxsize=MAX_KEPT)
def roots(word: str) -> frozenset[str]:
    """Return the word without its ending in each language of its script."""
    script = script_of(word)
    if script == "":
        # A stemmer may take one ending of two.
        algorithms = [stemmer(name) for name in LATIN.values()] if LATIN_LETTER.match(word) else []
        return frozenset(stem for each in algorithms for stem in (each(word), each(each(word))))
    bare = detach(word, script)
    if script == "hebrew":
        bare = HEBREW_PREFIX.sub("", bare)
    if script in ENDINGS:
        bare = ENDINGS[script].sub("", bare)
    found = (*stems(word), *stems(bare), *(stemmer(name)(word) for name in FURTHER.get(script, ())))
    return frozenset(each for each in (bare, *found) if len(each) >= MIN_COMMON)


def is_broken_plural(word: str, known: str) -> bool:
    """Return whether one of the Arabic words is the plural of the other, made within the word."""
    if not any(BROKEN_PLURAL.fullmatch(each) for each in (word, known)):
        return False
    consonants = LONG_VOWELS.sub("", word)
    return len(consonants) >= MIN_CONSONANTS and consonants == LONG_VOWELS.sub("", known)


def differ_by_ending(word: str, known: str) -> bool:
    """Return whether the words begin alike, and the shorter one has but a letter more than the beginning."""
    if gram_size(word) or LATIN_LETTER.match(word):
        return False
    shorter, longer = sorted((word, known), key=len)
    common = next(
        (at for at, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), len(shorter)
    )
    return common >= MIN_COMMON and len(shorter) - common <= MAX_LOST and len(longer) - common <= MAX_ENDING
