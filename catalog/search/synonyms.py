"""Synonyms, read from synonyms.txt."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from catalog import analysis

FILE = Path(__file__).with_name("synonyms.txt")
# The words of the longest phrase. Search ignores stop words, so "chest of drawers" has two.
MAX_PHRASE = 3

# Tokens that must all be present.
Spelling = tuple[str, ...]


def synonyms(words: Sequence[str]) -> list[tuple[Spelling, ...]]:
    """Return for each word the synonyms of the word itself and of every phrase that it is part of."""
    found: list[dict[Spelling, None]] = [{} for _ in words]
    for length in range(1, MAX_PHRASE + 1):
        for start in range(len(words) - length + 1):
            others = thesaurus().get(key(words[start : start + length]), {})
            for place in range(start, start + length):
                found[place] |= others
    return [tuple(others) for others in found]


@cache
def thesaurus() -> dict[str, dict[Spelling, None]]:
    """Return the synonyms by the key of each phrase, as the other phrases of its lines."""
    known: dict[str, dict[Spelling, None]] = defaultdict(dict)
    for line in FILE.read_text("utf-8").splitlines():
        phrases = list(filter(None, map(split_phrase, line.partition("#")[0].split(","))))
        for phrase in phrases:
            others = [tuple(map(stem, other)) for other in phrases if other != phrase]
            known[key(phrase)] |= dict.fromkeys(others)
    return dict(known)


def split_phrase(phrase: str) -> list[str]:
    return [word for word in analysis.words(analysis.normal(phrase)) if not analysis.is_stop_word(word)]


def key(words: Sequence[str]) -> str:
    """Return the key of a phrase, which is the same for "night stand" and "nightstands"."""
    return stem("".join(words))


def stem(word: str) -> str:
    return analysis.stem(analysis.as_written(word))
