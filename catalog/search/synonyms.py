"""Words for the same thing, as the file beside this one tells them."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from catalog import analysis

FILE = Path(__file__).with_name("synonyms.txt")
# "Chest of drawers" is two words to search.
MAX_PHRASE = 3

# The tokens that have to be there together.
Spelling = tuple[str, ...]


def synonyms(words: Sequence[str]) -> list[tuple[Spelling, ...]]:
    """For each of the words, in other words, what it or a phrase is called that it is part of."""
    found: list[dict[Spelling, None]] = [{} for _ in words]
    for length in range(1, MAX_PHRASE + 1):
        for start in range(len(words) - length + 1):
            others = thesaurus().get(key(words[start : start + length]), {})
            for place in range(start, start + length):
                found[place] |= others
    return [tuple(others) for others in found]


@cache
def thesaurus() -> dict[str, dict[Spelling, None]]:
    """By the key of a phrase, the spellings of the others on its lines."""
    known: dict[str, dict[Spelling, None]] = defaultdict(dict)
    for line in FILE.read_text("utf-8").splitlines():
        phrases = list(filter(None, map(told, line.partition("#")[0].split(","))))
        for phrase in phrases:
            others = [tuple(map(stem, other)) for other in phrases if other != phrase]
            known[key(phrase)] |= dict.fromkeys(others)
    return dict(known)


def told(phrase: str) -> list[str]:
    return [word for word in analysis.words(analysis.normal(phrase)) if word not in analysis.STOP_WORDS]


def key(words: Sequence[str]) -> str:
    """The same for "night stand" and "nightstands"."""
    return stem("".join(words))


def stem(word: str) -> str:
    return analysis.stem(analysis.as_written(word))
