"""How well a product matches: BM25 over the head of its name, its name, and its description."""

from catalog.analysis import HEAD, NAME
from catalog.search.candidates import Candidates
from catalog.search.query import Query, Word

# What an occurrence counts for: in the text once, in the name so much more, as the head of the name still more.
NAME_WEIGHT = 3.0
HEAD_WEIGHT = 4.0
# A prefix is only a guess at the word that is being typed.
PREFIX_WEIGHT = 0.5
# The usual parameters of BM25: how soon further occurrences stop to count, how much a long text is held against,
# and the length of a usual text, in characters with marks.
SATURATION = 1.2
LENGTH = 0.5
USUAL_LENGTH = 1_000
# Further apart than two matches of one kind can be.
KIND = 1_000


def ranks(query: Query, found: Candidates) -> dict[int, float]:
    """The rank of each primary key: the higher, the better. Equal ones are told apart by what has been sold."""
    return {
        candidate.pk: round(score(candidate.text, query, weights=found.weights) - KIND * candidate.kind, 3)
        for candidate in found.products
    }


def score(text: str, query: Query, *, weights: list[float]) -> float:
    text = f" {text.replace(' ', '  ')} "  # so that neighbours do not share the space between them
    length = 1 - LENGTH + LENGTH * len(text) / USUAL_LENGTH
    occurrences = (weighted_occurrences(text, word, length=length) for word in query.words)
    return sum(
        weight * count / (SATURATION + count)
        for weight, count in zip(weights, occurrences, strict=True)
        if count
    )


def weighted_occurrences(text: str, word: Word, *, length: float) -> float:
    """By the spelling that is found best."""
    spellings = (*word.spellings, *((compound,) for compound in word.compounds))
    best = max(min(occurrences(text, token, length=length) for token in spelling) for spelling in spellings)
    return best or PREFIX_WEIGHT * (f" {word.raw}" in text)


def occurrences(text: str, token: str, *, length: float) -> float:
    return (
        HEAD_WEIGHT * (f" {HEAD}{token} " in text)
        + NAME_WEIGHT * (f" {NAME}{token} " in text)
        + text.count(f" {token} ") / length
    )
