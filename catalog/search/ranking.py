"""Ranking: by the kind of the match first, then by BM25 over the strengths of the matched tokens."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import log2
from string import ascii_lowercase

from catalog.analysis import MARK, NAME_MARK, STEPS, VALUE_MARK
from catalog.search.query import MIN_PREFIX, Match, SearchQuery, Word

# The weight of a match by stem, by synonym and by prefix, where an exact match has 1. A prefix is a guess at the word
# that is being typed.
OF_STEM = 0.9
OF_SYNONYM = 0.75
OF_PREFIX = 0.5
# The weight of a match whose name has other accents than the term, if that has some: "pâté" is no "pâte".
OF_ACCENT = 0.9
# The strength of a word in the name of the category, or of a category's above: as of three times in a description.
IN_CATEGORY = 0.7
# The strength of a word in the name of an attribute's value.
IN_VALUE = 0.3
# The weight of the term's head, where another word has 1: "green lamp" asks for a lamp first, and for green second.
OF_HEAD = 1.25
# The exponent of the inverse document frequency. Below 1, because names and descriptions are short.
RARITY = 0.75
# The bonus for a name that has no further words: "desk lamp" before "desk lamp clamp".
ONLY_NAMED = 0.2
# The bonus for words that are neighbours in the term and in the name: "garden table" before "table for the garden".
NEIGHBOURS = 0.1

# A term of so many words, which are such a share of a product's name, is this name.
MIN_NAMED = 3
ALMOST_WHOLE = 0.6

# The weight of each strength by its letter. Capitals mark stems and pairs written as one word.
STRENGTH = {
    sign: number / STEPS
    for number, letter in enumerate(ascii_lowercase[:STEPS], start=1)
    for sign in (letter, letter.upper())
}


def ranks(query: SearchQuery, matches: Iterable[Match], *, total: int) -> dict[int, float]:
    """Return the rank of each match by its primary key, out of `total` products. Higher is better.

    Equal ranks are common: the caller breaks ties by sales.
    """
    words = [Sought(word, unfinished=word is query.words[-1], total=total) for word in query.words]
    best = sum(word.weight for word in words)
    pairs = list(find_pairs(query.words))
    return {match.key: round(score(match, words, pairs, best=best) - match.kind, 4) for match in matches}


def find_named(query: SearchQuery, matches: Iterable[Match]) -> set[int]:
    """Return the keys of the matches whose names the term has almost whole: it means them, and not their like."""
    if len(query.words) < MIN_NAMED:
        return set()
    words = [Sought(word, unfinished=False, total=1) for word in query.words]
    return {
        match.key
        for match in matches
        if all(any(name in match.text for name in word.names) for word in words)
        and len(words) >= ALMOST_WHOLE * match.text.count(NAME_MARK)
    }


def find_pairs(words: Sequence[Word]) -> Iterator[str]:
    """Yield the start of the token of each two neighbours of the term, which both of them have as a spelling."""
    for first, second in pairwise(words):
        yield from (
            f" {way[0]}{MARK}" for way in first.spellings if len(way) == 1 and way in second.spellings
        )


class Sought:
    """A word of the term with its weight, and the token texts that stand for it in a search text."""

    def __init__(self, word: Word, *, unfinished: bool, total: int) -> None:
        self.weight = weight(word, total=total)
        self.names = [NAME_MARK + token.removesuffix("y") for token in word.exactly]
        self.categories = {token for token in word.filed if not token.startswith(VALUE_MARK)}
        self.values = word.filed - self.categories
        self.exactly = [f" {token}{MARK}" for token in word.exactly]
        self.otherwise = [
            (worth, [f" {token}{MARK}" for token in spelling])
            for worth, spellings in ((OF_STEM, word.spellings), (OF_SYNONYM, word.synonyms))
            for spelling in spellings
            if spelling[0] not in word.exactly or len(spelling) > 1
        ]
        # No other token has accents.
        self.accented = word.accented and (word.accented, word.accented.removesuffix("s"))
        self.beginning = f" {word.raw}" if unfinished and len(word.raw) >= MIN_PREFIX else None

    def strength(self, text: str, filed: set[str]) -> float:
        """Return the strength of the best spelling in the text, or of what it is filed under, from 0 to 1."""
        best = 0.0 if self.values.isdisjoint(filed) else IN_VALUE
        if not self.categories.isdisjoint(filed):
            best = IN_CATEGORY
        for token in self.exactly:
            letter = letter_of(token, text)
            if letter:
                best = max(best, STRENGTH[letter] * (1 if letter.islower() else OF_STEM))
        for worth, tokens in self.otherwise:
            if best < worth:
                letters = [letter_of(token, text) for token in tokens]
                if all(letters):
                    best = max(best, worth * min(STRENGTH[letter] for letter in letters))
        best = best or self.strength_of_beginning(text)
        has_accents = not self.accented or any(way in text for way in self.accented)
        return best if has_accents else best * OF_ACCENT

    def strength_of_beginning(self, text: str) -> float:
        """Return the strength of the first token that begins with the unfinished word."""
        at = text.find(self.beginning) if self.beginning else -1
        return OF_PREFIX * STRENGTH[text[text.index(MARK, at) + 1]] if at >= 0 else 0.0


def weight(word: Word, *, total: int) -> float:
    """Return the word's inverse document frequency. A word that no product has counts as rare: it may be unfinished.

    It is rounded to steps, so that one more product with the word does not shift the ranks, which are in the cursors.
    """
    steps = max(round(2 * log2(1 + total / max(word.count, 1))), 1)
    return (OF_HEAD if word.is_head else 1) * float((steps / 2) ** RARITY)


def score(match: Match, words: list[Sought], pairs: list[str], *, best: float) -> float:
    """Return the score of a match from 0 to 1.

    It is the matched weight as a share of `best`, with a little for the share of the name and for the pairs.
    """
    text, filed = f" {match.text} ", set(match.filed.split())
    worth = named = 0.0
    for word in words:
        strength = word.strength(text, filed)
        worth += word.weight * strength
        named += strength > 0 and any(name in text for name in word.names)
    only_named = ONLY_NAMED * named / max(text.count(NAME_MARK), named, 1)
    neighbours = NEIGHBOURS * sum(pair in text for pair in pairs) / max(len(pairs), 1)
    return (worth / best + only_named + neighbours) / (1 + ONLY_NAMED + NEIGHBOURS)


def letter_of(token: str, text: str) -> str:
    """Return the letter of the token's strength in the text; empty if the text has no such token."""
    at = text.find(token)
    return text[at + len(token)] if at >= 0 else ""
