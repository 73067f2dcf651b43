"""Tokens: what the index has of a word, without accents and endings."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, pairwise

from catalog.analysis.languages import (
    FLEETING,
    HEBREW_ENDING,
    PLURALS,
    detach,
    latin_stemmers,
    script_of,
    stemmer,
)
from catalog.analysis.letters import KNOWN_WORDS, fold, forms
from catalog.analysis.words import (
    LETTERS_OR_DIGITS,
    OVER,
    PART,
    gram_size,
    grams,
    normal,
    parts_of,
    runs,
    tails,
)

MAX_TOKEN_LENGTH = 64

# Plurals without a regular ending.
IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "knives": "knife",
    "shelves": "shelf",
    "scarves": "scarf",
    "leaves": "leaf",
    "loaves": "loaf",
    "halves": "half",
    "lenses": "lens",
    "lens": "lens",
    "buses": "bus",
    "gases": "gas",
    "wolves": "wolf",
    "calves": "calf",
    "elves": "elf",
    "hooves": "hoof",
    "thieves": "thief",
    "wives": "wife",
    "lives": "life",
    "geese": "goose",
    "oxen": "ox",
}
# Latin letters beyond those of English.
ACCENTED = re.compile("[\u00df-\u024f\u1e00-\u1eff]")
VOWEL = re.compile(r"[aeiouy]")
PLURAL = re.compile(r"(?<=[a-z]{2})(?:(?<=ch|sh|ss|zz)es|(?<=x)es|(?<![sui])s)$")


@lru_cache(maxsize=KNOWN_WORDS)
def stems(word: str) -> tuple[str, ...]:
    """Return the word without its ending, in each of the languages that it may be of, as tokens.

    Stemmers know endings by their accents, which shoppers leave out, so both are stemmed.
    """
    script = script_of(word)
    found: list[str] = []
    for form in dict.fromkeys((word, *forms(word))):
        if script == "":
            for code in latin_stemmers():
                found += stems_latin(form, code)
        elif script == "hebrew":
            found.append(HEBREW_ENDING.sub("", detach(form, script)))
        elif script == "korean":
            found.append(detach(form, script))
        else:
            found += steady(stemmer(script)(form), script)
    return tuple(dict.fromkeys(fold(stem)[:MAX_TOKEN_LENGTH] for stem in found))


def stems_latin(word: str, code: str) -> Iterator[str]:
    if code == "en":
        word = IRREGULAR.get(word, word)
        # The stemmer leaves words without vowels alone: "TVs", "M&Ms".
        word = word if VOWEL.search(word) else PLURAL.sub("", word)
    stem = latin_stemmers()[code]
    yield from steady(stem(word), code)
    for ending, singular in PLURALS.get(code, ()):
        yield stem(ending.sub(singular, word))


def steady(stem: str, language: str) -> Iterator[str]:
    """Yield the stem, and without the vowel that it loses before some endings."""
    yield stem
    if language in FLEETING:
        yield FLEETING[language].sub("", fold(stem))


def stem(word: str) -> str:
    """Return the stem in the shop's first language."""
    return stems(word)[0]


@lru_cache(maxsize=KNOWN_WORDS)
def singular(word: str) -> str:
    """Return the token that singular and plural share. A stem would also confuse "rug" with "rugged"."""
    if script := script_of(word):
        return fold(detach(word, script))[:MAX_TOKEN_LENGTH]
    one = fold(IRREGULAR.get(word) or PLURAL.sub("", word))
    return (one[:-2] + "y" if one.endswith("ie") else one)[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def as_written(word: str) -> str:
    """Return the letters and digits of a word. A word that is still being typed is a prefix of this token."""
    return fold("".join(PART.findall(word)) or word)[:MAX_TOKEN_LENGTH]


def accented(word: str) -> str:
    """Return the letters and digits of a Latin word that has accents, with them; else nothing."""
    written = "".join(PART.findall(word))[:MAX_TOKEN_LENGTH]
    return written if ACCENTED.search(written) else ""


@lru_cache(maxsize=KNOWN_WORDS)
def spellings(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to write one word, each as a tuple of tokens. The whole word comes first.

    "wh-1000xm4" is `wh1000xm4`, `wh` and `1000xm4`, or `wh`, `1000`, `xm` and `4`. "罗汉果" is `罗汉` and `汉果`.
    """
    if size := gram_size(word):
        return (tuple(grams(fold(word), size)),)
    parts = parts_of(word)
    pieces = [piece for part in parts for piece in LETTERS_OR_DIGITS.findall(part)] or parts
    whole = ((one,) for one in stems_of_whole(word))
    return tuple(dict.fromkeys((*whole, *(tuple(map(stem, way)) for way in (parts, pieces)))))


def stems_of_whole(word: str) -> tuple[str, ...]:
    """Return the stems of a word with its parts written together."""
    return tuple(dict.fromkeys(chain.from_iterable(map(stems, wholes(word)))))


def wholes(word: str) -> tuple[str, ...]:
    """Return the word with its parts written together, and without an elided article."""
    return tuple(dict.fromkeys("".join(parts) or word for parts in (PART.findall(word), parts_of(word))))


@lru_cache(maxsize=KNOWN_WORDS)
def tokens_of(word: str) -> tuple[str, ...]:
    """Return every token that finds the word: the tokens of its spellings and its exact tokens."""
    if size := gram_size(word):
        return tuple(dict.fromkeys((*grams(fold(word), size), *grams(fold(word), size - 1))))
    parts = parts_of(word)
    return tuple(
        dict.fromkeys(
            (*chain.from_iterable(spellings(word)), *chain.from_iterable(map(stems, parts)), *exactly(word))
        )
    )


@lru_cache(maxsize=KNOWN_WORDS)
def pieces(word: str) -> frozenset[str]:
    """Return the tokens of a word that are only a piece of it, such as "aa" of "EH768AA"."""
    if gram_size(word):
        return frozenset()
    parts = chain.from_iterable(map(stems, parts_of(word)))
    return frozenset(tokens_of(word)).difference(stems_of_whole(word), exactly(word), parts)


@lru_cache(maxsize=KNOWN_WORDS)
def exactly(word: str) -> tuple[str, ...]:
    """Return the exact tokens of the word: as written, in the singular, and its parts. A stem may be another word's.

    Pieces of a word without spaces are none.
    """
    if gram_size(word):
        return ()
    parts = PART.findall(word)
    written = "".join(parts) or word
    # "7/8" may mean both: "for iPhone 7/8".
    numbers = LETTERS_OR_DIGITS.findall(word.replace(OVER, " ")) if OVER in word else ()
    exact = (as_written(word), singular(written), *map(singular, parts_of(word)), *numbers, *forms(written))
    return tuple(dict.fromkeys(token[:MAX_TOKEN_LENGTH] for token in exact))


def join_neighbours(words: Iterable[str]) -> Iterator[str]:
    """Yield a token for each pair of neighbours written as one word, so that "bookcase" finds "book case".

    A pair is not stemmed if the stemmer takes the second word for an ending: the stem of "silverring" is "silver".
    Scripts without spaces have no pairs, and an empty token for each.
    """
    for first, second in pairwise(words):
        if gram_size(first) or gram_size(second):
            yield ""
            continue
        token = stem(as_written(first + second))
        yield token if len(token) > len(as_written(first)) else as_written(first + second)


def spelt(text: str) -> list[tuple[str, str]]:
    """Return each word of a text as search knows it and as it is spelt, such as "bucherregal" and "Bücherregal".

    Words without a space between them are one.
    """
    found = ((normal(run), run) for run in runs(unicodedata.normalize("NFC", text)))
    return [(as_written(known), run) for known, run in found if known]


@lru_cache(maxsize=KNOWN_WORDS)
def starts(run: str) -> tuple[tuple[str, str], ...]:
    """Return the run from each of its words on, as search knows it and as it is spelt: any may be typed first."""
    return tuple((as_written(normal(tail)), tail) for tail in tails(run))
