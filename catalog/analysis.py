"""From texts to the tokens that search compares: without case, accents and endings, however spelt."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise

import Stemmer

# Raise it with every change of the texts that are made here: the next `manage.py migrate` writes them all again.
VERSION = 1

# Stands between a token and its strength, and before a word of the name as it is written, for completions.
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
# "Table and chairs" is both.
CONJUNCTION = re.compile(r"\s(?:and|&|\+|/)\s|/")
# Words that hold the thing: the head of "Succulent set" is the succulent, too.
HOLDERS = frozenset(
    (
        *("set", "sets", "pair", "pack", "packs", "piece", "pieces", "kit", "collection", "bundle", "box"),
        *("combo", "duo", "trio", "assortment", "package"),
    )
)
# Words at the end of a name that say how the thing is: no thing is called so.
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

# Plurals that no ending tells.
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
}
PLURAL = re.compile(r"(?<=[a-z]{2})(?:(?<=ch|sh|ss|zz)es|(?<=x)es|(?<![sui])s)$")

# What an occurrence counts for: in the description once, in the name so much more, as its head still more. However
# often a description says a word, the thing that is called so comes first.
IN_NAME = 1.0
IN_HEAD = 6.0
MOST_IN_TEXT = 4.0
# The usual parameters of BM25: how soon further occurrences stop to count, how much a long description is held
# against it, and how many words a usual one has.
SATURATION = 1.2
LENGTH = 0.75
USUAL_LENGTH = 80
# Strengths are told apart in so many steps, each a letter.
STEPS = 20

# Letters and digits, with the signs that join them within a word; or one symbol, such as an emoji.
WORD = re.compile(r"[^\W_]+(?:[-'’./&+][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+")
POSSESSIVE = re.compile(r"['’]s\b")

# What is worked out for a word is remembered for so many; a shop's own are fewer. Whoever searches for words of
# search.query.MAX_TERM_LENGTH fills all of these caches with 30 MB.
KNOWN_WORDS = 10_000

_stemmer = Stemmer.Stemmer("english", 0)  # `stem` remembers


def normal(text: str) -> str:
    """Without case, accents and possessive endings."""
    text = text.casefold()
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        # Signs such as "™" are made of capitals; and the database makes all letters small.
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign)).lower()
    return POSSESSIVE.sub("", text)


def words(text: str) -> list[str]:
    """The words of a normal text in their order, compounds whole; symbols count as words."""
    if text.isascii():
        return WORD.findall(text)
    found: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        found += symbols(text[end : match.start()])
        found.append(match[0])
        end = match.end()
    return found + symbols(text[end:])


def symbols(text: str) -> list[str]:
    return [sign for sign in text if unicodedata.category(sign) == "So"]


@lru_cache(maxsize=KNOWN_WORDS)
def stem(word: str) -> str:
    return str(_stemmer.stemWord(IRREGULAR.get(word, word)))[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def singular(word: str) -> str:
    """One token for singular and plural alone, where a stem may take one thing for another: "rug" and "rugged"."""
    one = IRREGULAR.get(word) or PLURAL.sub("", word)
    return (one[:-2] + "y" if one.endswith("ie") else one)[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def as_written(word: str) -> str:
    """The letters and digits of a word, by whose beginning it is found while it is being typed."""
    return ("".join(PART.findall(word)) or word)[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=KNOWN_WORDS)
def spellings(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to write one word, each as the tokens that it takes, the whole word first.

    "wh-1000xm4" is `wh1000xm4`, `wh` and `1000xm4`, or `wh`, `1000`, `xm` and `4`.
    """
    parts = PART.findall(word) or [word]
    pieces = [piece for part in parts for piece in LETTERS_OR_DIGITS.findall(part)] or parts
    ways = (("".join(parts),), parts, pieces)
    return tuple(dict.fromkeys(tuple(stem(token) for token in way) for way in ways))


@lru_cache(maxsize=KNOWN_WORDS)
def tokens_of(word: str) -> tuple[str, ...]:
    """Every token by which the word is to be found: those of its spellings, and those that are it exactly."""
    return tuple(dict.fromkeys((*chain.from_iterable(spellings(word)), *exactly(word))))


@lru_cache(maxsize=KNOWN_WORDS)
def exactly(word: str) -> tuple[str, ...]:
    """The tokens that are the word, as written and as one, or a part of it; its stems may be other words'."""
    written = as_written(word)
    return tuple(dict.fromkeys((written, singular(written), *map(singular, PART.findall(word)))))


def joined(words: list[str]) -> Iterator[str]:
    """Each two neighbours as one word: "book case" is to be found as "bookcase".

    Where the second would be taken for an ending, it stays: the stem of "silverring" is "silver".
    """
    for first, second in pairwise(words):
        whole = as_written(first + second)
        token = stem(whole)
        yield token if len(token) > len(as_written(first)) else whole


def head(name: str) -> list[str]:
    """Of a normal name, the words that say what the thing is, the last first."""
    thing = QUALIFIES.split(name, maxsplit=1)[0]
    return nouns(thing) or words(name)[:1]


def nouns(text: str) -> list[str]:
    """The words that may be what the last of them is called, the last first."""
    found = [word for word in words(text) if not word[0].isdigit() and word not in STOP_WORDS][::-1]
    while len(found) > 1 and found[0] in MEASURES:
        del found[0]
    return found


def heads(name: str) -> Iterator[str]:
    """The tokens of the head: its last word, the last two as one, what a "set" is a set of, what is before "and"."""
    last, *before = head(name) or [""]
    yield from tokens_of(last)
    if before:
        yield from joined([before[0], last])
        if last in HOLDERS:
            yield from tokens_of(before[0])
    *others, _ = CONJUNCTION.split(QUALIFIES.split(name, maxsplit=1)[0])
    for other in others:
        for noun in nouns(other)[:1]:
            if noun not in MEASURES:
                yield from tokens_of(noun)


def search_text(*, name: str, description: str) -> str:
    """What the index of a product holds: each of its tokens once, with its strength.

    The strength of a token that no word is exactly, a stem or two words of the name joined, is a capital letter. The
    index makes no difference there, and only tells a few steps of strengths apart.
    """
    name = normal(name)
    of_name, of_text = words(name), words(normal(description))
    usual = 1 - LENGTH + LENGTH * len(of_text) / USUAL_LENGTH
    exact = {token for word in of_name for token in exactly(word)}
    in_text: dict[str, int] = {}
    for word, times in Counter(of_text).items():
        if word not in STOP_WORDS:
            exact.update(exactly(word))
            for token in tokens_of(word):
                in_text[token] = in_text.get(token, 0) + times
    in_name = dict.fromkeys(token for word in of_name for token in tokens_of(word))
    pairs = dict.fromkeys(token for token in joined(of_name) if token not in in_name and token not in in_text)
    in_head = dict.fromkeys(heads(name))
    strengths: dict[str, str] = {}
    for token in in_name | pairs | {token: None for token in in_head if token in in_text}:
        called_so = IN_NAME * (token in in_name or token in pairs) + IN_HEAD * (token in in_head)
        strengths[token] = strength(min(in_text.get(token, 0) / usual, MOST_IN_TEXT) + called_so)
    # All others are in the text alone, most of them once, so that few strengths are worked out.
    of_times = {times: strength(min(times / usual, MOST_IN_TEXT)) for times in set(in_text.values())}
    for token, times in in_text.items():
        strengths.setdefault(token, of_times[times])
    return " ".join(
        (
            *(NAME_MARK + as_written(word) for word in of_name),
            *(
                token + MARK + (letter if token in exact else letter.upper())
                for token, letter in strengths.items()
            ),
        )
    )


def strength(occurrences: float) -> str:
    """As a letter, from "a": that of BM25, by which further occurrences count for less and less."""
    return chr(ord("a") - 1 + max(round(STEPS * occurrences / (SATURATION + occurrences)), 1))
