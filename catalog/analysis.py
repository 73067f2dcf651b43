"""Text analysis for search: from texts to tokens without case, accents and endings."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise

import Stemmer

# Raise it with every change of the texts that this module writes: the next `manage.py migrate` then rewrites them all.
VERSION = 2

# The first stands between a token and its strength. The second stands before each word of the name, for completions.
MARK = "§"
NAME_MARK = "¶"
MAX_TOKEN_LENGTH = 64
STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is"),
        *("it", "of", "on", "or", "that", "the", "this", "to", "with"),
    )
)
# A name says what the thing is before the first of these: "Desk lamp with a clamp, set of 2".
QUALIFIES = re.compile(r"\s(?:for|with|without|in|by|from|featuring|including)\s|[,;:(\[|]|\s[-–—]\s")
# "Table and chairs" is a table and is chairs.
CONJUNCTION = re.compile(r"\s(?:and|&|\+|/)\s|/")
# Words for a collection of things: "Succulent set" is also a succulent.
HOLDERS = frozenset(
    (
        *("set", "sets", "pair", "pack", "packs", "piece", "pieces", "kit", "collection", "bundle", "box"),
        *("combo", "duo", "trio", "assortment", "package"),
    )
)
# Words at the end of a name that describe the thing and never name it.
MEASURES = frozenset(
    (
        *(
            "inch",
            "inches",
            "cm",
            "mm",
            "m",
            "ft",
            "feet",
            "ml",
            "l",
            "ltr",
            "g",
            "gm",
            "kg",
            "lb",
            "lbs",
            "oz",
        ),
        *("w", "watt", "v", "x", "pcs", "large", "medium", "small"),
        *(
            "black",
            "white",
            "grey",
            "gray",
            "red",
            "blue",
            "green",
            "yellow",
            "pink",
            "purple",
            "brown",
            "beige",
        ),
        *("multicolor", "multicolour"),
    )
)

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
VOWEL = re.compile(r"[aeiouy]")
PLURAL = re.compile(r"(?<=[a-z]{2})(?:(?<=ch|sh|ss|zz)es|(?<=x)es|(?<![sui])s)$")

# The weight of an occurrence. One in the description counts 1; the name adds IN_NAME, and the head of the name IN_HEAD.
# The description's share is capped, so that the thing itself comes before a thing whose description repeats the word.
IN_NAME = 1.0
IN_HEAD = 6.0
MOST_IN_TEXT = 4.0
# The parameters of BM25: how soon further occurrences stop counting, how much a long description lowers the weight, and
# the length of an average description in words.
SATURATION = 1.2
LENGTH = 0.75
USUAL_LENGTH = 80
# Strengths are rounded to this number of steps. Each step is a letter.
STEPS = 20

# Letters and digits, with the signs that join them within a word. A fraction is one part, for "1/2" is not 12.
OVER = "\N{FRACTION SLASH}"
PART = re.compile(rf"\d+{OVER}\d+|[^\W_]+")
WORD = re.compile(rf"(?:{PART.pattern})(?:[-'’./&+](?:{PART.pattern}))*")
LETTERS_OR_DIGITS = re.compile(rf"\d+{OVER}\d+|\d+|[^\W\d_]+")
POSSESSIVE = re.compile(r"['’]s\b")
FRACTION = re.compile(r"(?<![\d/.])(\d)/([2-9]|10|16|32|64)(?![\d/.])")
# Names that are a letter with a sign: "C++", "C#".
SIGNED = re.compile(r"\b([a-z])(\+\+|#)(?![^\W_])")
SIGNS = {"++": "plusplus", "#": "sharp"}

# The size of the LRU caches below; a shop has fewer words. Searches for words of search.query.MAX_TERM_LENGTH can fill
# all of the caches together with 30 MB.
KNOWN_WORDS = 10_000

_stemmer = Stemmer.Stemmer("english", 0)  # without a cache of its own: `stem` has one


def normal(text: str) -> str:
    """Return the text without case, accents and possessive endings."""
    text = text.casefold()
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        # Signs such as "™" decompose to capitals, and the database lowers all letters.
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign)).lower()
    text = FRACTION.sub(rf"\1{OVER}\2", POSSESSIVE.sub("", text))
    return SIGNED.sub(lambda found: found[1] + SIGNS[found[2]], text)


def words(text: str) -> list[str]:
    """Return the words of a normalized text in order. Compounds stay whole, and symbols count as words."""
    if text.isascii():
        return WORD.findall(text)
    found: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        found += symbols(text[end : match.start()])
        found.append(match[0])
        end = match.end()
    return found + symbols(text[end:])


def spelt(text: str) -> list[tuple[str, str]]:
    """Return each word of a text as search knows it and as it is spelt, such as "bucherregal" and "Bücherregal"."""
    found = ((normal(word), word) for word in words(unicodedata.normalize("NFC", text)))
    return [(as_written(known), word) for known, word in found if known]


def symbols(text: str) -> list[str]:
    return [sign for sign in text if unicodedata.category(sign) == "So"]


@lru_cache(maxsize=KNOWN_WORDS)
def stem(word: str) -> str:
    one = IRREGULAR.get(word, word)
    # The stemmer leaves words without vowels alone: "TVs", "M&Ms".
    return str(_stemmer.stemWord(one if VOWEL.search(one) else PLURAL.sub("", one)))[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def singular(word: str) -> str:
    """Return the token that singular and plural share. A stem would also confuse "rug" with "rugged"."""
    one = IRREGULAR.get(word) or PLURAL.sub("", word)
    return (one[:-2] + "y" if one.endswith("ie") else one)[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def as_written(word: str) -> str:
    """Return the letters and digits of a word. A word that is still being typed is a prefix of this token."""
    return ("".join(PART.findall(word)) or word)[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def spellings(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to write one word, each as a tuple of tokens. The whole word comes first.

    "wh-1000xm4" is `wh1000xm4`, `wh` and `1000xm4`, or `wh`, `1000`, `xm` and `4`.
    """
    parts = PART.findall(word) or [word]
    pieces = [piece for part in parts for piece in LETTERS_OR_DIGITS.findall(part)] or parts
    ways = (("".join(parts),), parts, pieces)
    return tuple(dict.fromkeys(tuple(stem(token) for token in way) for way in ways))


@lru_cache(maxsize=KNOWN_WORDS)
def tokens_of(word: str) -> tuple[str, ...]:
    """Return every token that finds the word: the tokens of its spellings and its exact tokens."""
    return tuple(dict.fromkeys((*chain.from_iterable(spellings(word)), *exactly(word))))


@lru_cache(maxsize=KNOWN_WORDS)
def exactly(word: str) -> tuple[str, ...]:
    """Return the exact tokens of the word: as written, in the singular, and its parts. A stem may be another word's."""
    written = as_written(word)
    # "7/8" may mean both: "for iPhone 7/8".
    numbers = LETTERS_OR_DIGITS.findall(word.replace(OVER, " ")) if OVER in word else ()
    return tuple(dict.fromkeys((written, singular(written), *map(singular, PART.findall(word)), *numbers)))


def join_neighbours(words: list[str]) -> Iterator[str]:
    """Yield a token for each pair of neighbours written as one word, so that "bookcase" finds "book case".

    A pair is not stemmed if the stemmer takes the second word for an ending: the stem of "silverring" is "silver".
    """
    for first, second in pairwise(words):
        whole = as_written(first + second)
        token = stem(whole)
        yield token if len(token) > len(as_written(first)) else whole


def head(name: str) -> list[str]:
    """Return the words of a normalized name that say what the thing is, last word first."""
    thing = QUALIFIES.split(name, maxsplit=1)[0]
    return nouns(thing) or words(name)[:1]


def nouns(text: str) -> list[str]:
    """Return the words of the text that may name the thing, last word first."""
    found = [word for word in words(text) if not word[0].isdigit() and word not in STOP_WORDS][::-1]
    while len(found) > 1 and found[0] in MEASURES:
        del found[0]
    return found


def heads(name: str) -> Iterator[str]:
    """Yield the tokens of the head: its last word, its last two as one, what a "set" holds, and what precedes "and"."""
    last, *before = head(name) or [""]
    yield from tokens_of(last)
    if before:
        yield from join_neighbours([before[0], last])
        if last in HOLDERS:
            yield from tokens_of(before[0])
    *others, _ = CONJUNCTION.split(QUALIFIES.split(name, maxsplit=1)[0])
    for other in others:
        for noun in nouns(other)[:1]:
            if noun not in MEASURES:
                yield from tokens_of(noun)


def search_text(*, name: str, description: str) -> str:
    """Return the text that the index reads: each token of the product once, with its strength.

    A token that is no word's exact form, such as a stem, has a capital letter as its strength. The ranking uses that;
    the index ignores the case and has only a few steps of strength.
    """
    name = normal(name)
    of_name, of_text = words(name), words(normal(description))
    exact = {token for word in of_name for token in exactly(word)}
    in_text: dict[str, int] = {}
    for word, times in Counter(of_text).items():
        if word not in STOP_WORDS:
            exact.update(exactly(word))
            for token in tokens_of(word):
                in_text[token] = in_text.get(token, 0) + times
    usual = 1 - LENGTH + LENGTH * len(of_text) / USUAL_LENGTH
    strengths = weigh_name(name, of_name, in_text, usual=usual)
    # The other tokens are in the description alone, most of them once: few different strengths have to be computed.
    of_times = {times: strength(min(times / usual, MOST_IN_TEXT)) for times in set(in_text.values())}
    for token, times in in_text.items():
        strengths.setdefault(token, of_times[times])
    named = [NAME_MARK + as_written(word) for word in of_name]
    marked = [
        token + MARK + (letter if token in exact else letter.upper()) for token, letter in strengths.items()
    ]
    return " ".join(named + marked)


def weigh_name(name: str, of_name: list[str], in_text: dict[str, int], *, usual: float) -> dict[str, str]:
    """Return the strengths of the name's tokens. `in_text` counts the description's, whose length counts as `usual`."""
    in_name = dict.fromkeys(token for word in of_name for token in tokens_of(word))
    pairs = dict.fromkeys(
        token for token in join_neighbours(of_name) if token not in in_name and token not in in_text
    )
    in_head = dict.fromkeys(heads(name))
    strengths: dict[str, str] = {}
    for token in in_name | pairs | {token: None for token in in_head if token in in_text}:
        in_title = IN_NAME * (token in in_name or token in pairs) + IN_HEAD * (token in in_head)
        strengths[token] = strength(min(in_text.get(token, 0) / usual, MOST_IN_TEXT) + in_title)
    return strengths


def strength(occurrences: float) -> str:
    """Return BM25's term weight as a letter from "a": each further occurrence counts for less."""
    return chr(ord("a") - 1 + max(round(STEPS * occurrences / (SATURATION + occurrences)), 1))
