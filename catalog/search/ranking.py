"""How well a product matches: by the kind of the match, and in it by BM25 of the strengths of its tokens."""

from collections.abc import Iterable
from math import log2

from catalog.analysis import MARK, STEPS
from catalog.search.query import Match, Query, Word
from catalog.search.synonyms import Spelling

# What a word counts for that only has the same stem, what a synonym, and what a prefix: it is a guess at the word that
# is being typed.
OF_STEM = 0.9
OF_SYNONYM = 0.75
OF_PREFIX = 0.5
# What the term's head counts for: "green lamp" asks for a lamp before anything else that is green.
OF_HEAD = 1.25
# How much more a rare word tells than a common one: less than it does in texts that are longer than these.
RARITY = 0.75
# What it counts, beside all the words, that the name says nothing else: "desk lamp" before "desk lamp clamp".
ONLY_NAMED = 0.2


def ranks(query: Query, matches: Iterable[Match], *, total: int) -> dict[int, float]:
    """The rank of each primary key among `total` products, the higher, the better.

    Equal ones are told apart by what has been sold.
    """
    weights = [weight(word, total=total) for word in query.words]
    return {match.key: round(score(match.text, query, weights=weights) - match.kind, 4) for match in matches}


def weight(word: Word, *, total: int) -> float:
    """How telling the word is. One that no product has as it stands is as good as rare: it may be a beginning.

    In steps: one more product with the word does not shift the ranks, which cursors are made of.
    """
    steps = max(round(2 * log2(1 + total / max(word.count, 1))), 1)
    return (OF_HEAD if word.is_head else 1) * float((steps / 2) ** RARITY)


def score(text: str, query: Query, *, weights: list[float]) -> float:
    """From 0 to 1, by what the words are worth and how much of the name they are."""
    text = f" {text} "
    found = (strength_of(word, text) for word in query.words)
    worth = sum(weight * strength for weight, strength in zip(weights, found, strict=True)) / sum(weights)
    named = sum(any(MARK + token.removesuffix("y") in text for token in word.exactly) for word in query.words)
    return (worth + ONLY_NAMED * named / max(text.count(f" {MARK}"), named, 1)) / (1 + ONLY_NAMED)


def strength_of(word: Word, text: str) -> float:
    """From 0 to 1, by the way to write it that is found best."""
    exactly = max(strength(text, token, exactly=True) for token in word.exactly)
    stemmed = max(together(spelling, text) for spelling in word.spellings)
    synonym = max((together(spelling, text) for spelling in word.synonyms), default=0)
    best = max(exactly, OF_STEM * stemmed, OF_SYNONYM * synonym)
    return best or OF_PREFIX * strength_of_beginning(text, word.raw)


def together(tokens: Spelling, text: str) -> float:
    """Of the weakest of the tokens."""
    return min(strength(text, token) for token in tokens)


def strength(text: str, token: str, *, exactly: bool = False) -> float:
    at = text.find(f" {token}{MARK}")
    letter = text[at + len(token) + 2] if at >= 0 else ""
    return step(letter) if letter and not (exactly and letter.isupper()) else 0.0


def strength_of_beginning(text: str, beginning: str) -> float:
    """Of the first token with that beginning."""
    at = text.find(f" {beginning}")
    return step(text[text.index(MARK, at) + 1]) if at >= 0 else 0.0


def step(letter: str) -> float:
    return (ord(letter.lower()) - ord("a") + 1) / STEPS
