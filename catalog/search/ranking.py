"""How well a product matches: BM25 by the strengths of its tokens, the more of the words the better."""

from collections.abc import Iterable
from math import log2

from catalog.analysis import MARK, STEPS
from catalog.search.query import Query, Word

# What a prefix counts for: it is only a guess at the word that is being typed.
OF_PREFIX = 0.5
# What the term's head counts for: "green lamp" asks for a lamp before anything else that is green.
OF_HEAD = 1.25
# How much more a rare word tells than a common one: less than it does in texts that are longer than these.
RARITY = 0.75


def ranks(query: Query, texts: Iterable[tuple[int, str]], *, total: int) -> dict[int, float]:
    """The rank of each primary key, by its search text among `total` products: the higher, the better.

    Equal ones are told apart by what has been sold.
    """
    weights = [weight(word, total=total) for word in query.words]
    return {key: round(score(text, query, weights=weights), 3) for key, text in texts}


def weight(word: Word, *, total: int) -> float:
    """How telling the word is. One that no product has as it stands is as good as rare: it may be a beginning.

    In steps: one more product with the word does not shift the ranks, which cursors are made of.
    """
    steps = max(round(2 * log2(1 + total / max(word.count, 1))), 1)
    return (OF_HEAD if word.is_head else 1) * float((steps / 2) ** RARITY)


def score(text: str, query: Query, *, weights: list[float]) -> float:
    """The sum of what the words are worth, times the share of them that is there."""
    text = f" {text.lower()} "
    found = [strength_of(word, text) for word in query.words]
    worth = sum(weight * strength for weight, strength in zip(weights, found, strict=True))
    there = sum(weight for weight, strength in zip(weights, found, strict=True) if strength)
    return worth * there / (sum(weights) or 1)


def strength_of(word: Word, text: str) -> float:
    """From 0 to 1, by the spelling that is found best."""
    best = max(min(strength(text, f" {token}{MARK}") for token in spelling) for spelling in word.spellings)
    return best or OF_PREFIX * strength(text, f" {word.raw}")


def strength(text: str, beginning: str) -> float:
    """Of the first token with that beginning."""
    at = text.find(beginning)
    if at < 0:
        return 0.0
    mark = text.find(MARK, at + len(beginning) - 1)
    return (ord(text[mark + 1]) - ord("a") + 1) / STEPS
