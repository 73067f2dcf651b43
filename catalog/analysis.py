"""From texts to the tokens that search compares: without case, accents and endings, however spelt."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import snowballstemmer

# Marks before a token: found in the product's name; what the product is (the head of the name).
NAME = "§"
HEAD = "§§"
MAX_TOKEN_LENGTH = 64
STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is"),
        *("it", "of", "on", "or", "that", "the", "this", "to", "with"),
    )
)
# A name says what the thing is before the first of these: "Desk lamp with a clamp, set of 2".
QUALIFIES = re.compile(r"\s(?:for|with|without|in|by|from|featuring|including)\s|[,;:(\[|]|\s[-–—/]\s")
# Words that hold the thing: the head of "Succulent set" is the succulent, too.
HOLDERS = frozenset(
    ["set", "sets", "pair", "pack", "packs", "piece", "pieces", "kit", "collection", "bundle", "box"]
)

# Letters and digits, with the signs that join them within a word; or one symbol, such as an emoji.
WORD = re.compile(r"[^\W_]+(?:[-'’./&+][^\W_]+)*")
PART = re.compile(r"[^\W_]+")
LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+")
POSSESSIVE = re.compile(r"['’]s\b")

_stemmer = snowballstemmer.stemmer("english")


def normal(text: str) -> str:
    """Without case, accents and possessive endings."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return POSSESSIVE.sub("", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))


def words(text: str) -> list[str]:
    """The words of a normal text in their order, compounds whole; symbols count as words."""
    found: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        found += symbols(text[end : match.start()])
        found.append(match[0])
        end = match.end()
    return found + symbols(text[end:])


def symbols(text: str) -> list[str]:
    return [sign for sign in text if unicodedata.category(sign) == "So"]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    return str(_stemmer.stemWord(word))[:MAX_TOKEN_LENGTH]


@lru_cache(maxsize=100_000)
def spellings(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to write one word, each as the tokens that it takes, the whole word first.

    "wh-1000xm4" is `wh1000xm4`, `wh` and `1000xm4`, or `wh`, `1000`, `xm` and `4`.
    """
    parts = PART.findall(word) or [word]
    pieces = [piece for part in parts for piece in LETTERS_OR_DIGITS.findall(part)] or parts
    ways = (("".join(parts),), parts, pieces)
    return tuple(dict.fromkeys(tuple(stem(token) for token in way) for way in ways))


@lru_cache(maxsize=100_000)
def tokens_of(word: str) -> tuple[str, ...]:
    """Every token by which the word is to be found: its spellings, and as it stands for prefixes."""
    raw = "".join(PART.findall(word)) or word
    return tuple(
        dict.fromkeys([*(token for way in spellings(word) for token in way), raw[:MAX_TOKEN_LENGTH]])
    )


def joined(words: list[str]) -> Iterator[str]:
    """Each two neighbours as one word: "book case" is to be found as "bookcase"."""
    for first, second in pairwise(words):
        yield stem("".join(PART.findall(first + second)) or first + second)


def head(name: str) -> list[str]:
    """Of a normal name, the words that say what the thing is, the last first; two of them at most."""
    thing = QUALIFIES.split(name, maxsplit=1)[0]
    nouns = [word for word in words(thing) if not word[0].isdigit() and word not in STOP_WORDS]
    return nouns[:-3:-1] if nouns else words(name)[:1]


def heads(name: str) -> Iterator[str]:
    """The tokens of the head: the last word, the last two as one, and what a "set" is a set of."""
    nouns = head(name)
    for index, noun in enumerate(nouns):
        if index == 0 or nouns[0] in HOLDERS:
            yield from tokens_of(noun)
    yield from joined(nouns[::-1])


def search_text(*, name: str, description: str) -> str:
    """What the index of a product holds: its tokens between spaces, those of the name with their marks."""
    name, description = normal(name), normal(description)
    of_name = words(name)
    in_name = [token for word in of_name for token in tokens_of(word)]
    in_description = (token for word in words(description) for token in tokens_of(word))
    return " ".join(
        (
            *(HEAD + token for token in dict.fromkeys(heads(name))),
            *(NAME + token for token in (*in_name, *joined(of_name))),
            *in_name,
            *in_description,
        )
    )
