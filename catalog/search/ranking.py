"""How well a product matches: by the kind of the match, and in it by BM25 of the strengths of its tokens."""

from collections.abc import Iterable
from math import log2
from string import ascii_lowercase

from catalog.analysis import MARK, NAME_MARK, STEPS
from catalog.search.query import MIN_PREFIX, Match, Query, Word

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

# What a strength counts, by its letter: capitals are of stems and of two words joined.
STRENGTH = {
    sign: number / STEPS
    for number, letter in enumerate(ascii_lowercase[:STEPS], start=1)
    for sign in (letter, letter.upper())
}


def ranks(query: Query, matches: Iterable[Match], *, total: int) -> dict[int, float]:
    """The rank of each primary key among `total` products, the higher, the better.

    Equal ones are told apart by what has been sold.
    """
    words = [Sought(word, unfinished=word is query.words[-1], total=total) for word in query.words]
    best = sum(word.weight for word in words)
    return {match.key: round(score(match.text, words, best=best) - match.kind, 4) for match in matches}


class Sought:
    """A word of the term: how telling it is, and what is looked for in each of the texts."""

    def __init__(self, word: Word, *, unfinished: bool, total: int) -> None:
        self.weight = weight(word, total=total)
        self.names = [NAME_MARK + token.removesuffix("y") for token in word.exactly]
        self.exactly = [f" {token}{MARK}" for token in word.exactly]
        self.otherwise = [
            (worth, [f" {token}{MARK}" for token in spelling])
            for worth, spellings in ((OF_STEM, word.spellings), (OF_SYNONYM, word.synonyms))
            for spelling in spellings
            if spelling[0] not in word.exactly or len(spelling) > 1
        ]
        self.beginning = f" {word.raw}" if unfinished and len(word.raw) >= MIN_PREFIX else None

    def strength(self, text: str) -> float:
        """From 0 to 1, by the way to write it that is found best."""
        best = 0.0
        for token in self.exactly:
            letter = letter_of(token, text)
            if letter:
                best = max(best, STRENGTH[letter] * (1 if letter.islower() else OF_STEM))
        for worth, tokens in self.otherwise:
            if best < worth:
                letters = [letter_of(token, text) for token in tokens]
                if all(letters):
                    best = max(best, worth * min(STRENGTH[letter] for letter in letters))
        return best or self.strength_of_beginning(text)

    def strength_of_beginning(self, text: str) -> float:
        """Of the first token that begins so."""
        at = text.find(self.beginning) if self.beginning else -1
        return OF_PREFIX * STRENGTH[text[text.index(MARK, at) + 1]] if at >= 0 else 0.0


def weight(word: Word, *, total: int) -> float:
    """How telling the word is. One that no product has as it stands is as good as rare: it may be a beginning.

    In steps: one more product with the word does not shift the ranks, which cursors are made of.
    """
    steps = max(round(2 * log2(1 + total / max(word.count, 1))), 1)
    return (OF_HEAD if word.is_head else 1) * float((steps / 2) ** RARITY)


def score(text: str, words: list[Sought], *, best: float) -> float:
    """From 0 to 1, by what the words are worth, of what is `best`, and how much of the name they are."""
    text = f" {text} "
    worth = named = 0.0
    for word in words:
        strength = word.strength(text)
        worth += word.weight * strength
        named += strength > 0 and any(name in text for name in word.names)
    return (worth / best + ONLY_NAMED * named / max(text.count(NAME_MARK), named, 1)) / (1 + ONLY_NAMED)


def letter_of(token: str, text: str) -> str:
    """The strength that the token has in the text, if it is there."""
    at = text.find(token)
    return text[at + len(token)] if at >= 0 else ""
