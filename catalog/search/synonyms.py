"""Synonyms: those that come with the store, in synonyms.txt, and those of the shop, which the staff write."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import orjson

from catalog import analysis
from catalog.models import SAME_SIGN, SIGN

FILE = Path(__file__).with_name("synonyms.txt")
# The words of the longest phrase. Search ignores stop words, so "chest of drawers" has two.
MAX_PHRASE = 3

# Tokens that must all be present.
Spelling = tuple[str, ...]
# The words of a synonym.
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Synonyms:
    """What else a word is called: other `spellings` of the same word, and words for `nearly` the same thing."""

    spellings: tuple[Phrase, ...] = ()
    nearly: tuple[Phrase, ...] = ()


@dataclass
class Entry:
    """The synonyms of a phrase, of each kind, in order."""

    spellings: dict[Phrase, None] = field(default_factory=dict)
    nearly: dict[Phrase, None] = field(default_factory=dict)


# The synonyms by the key of each phrase.
Thesaurus = dict[str, Entry]


def synonyms(words: Sequence[str], *, thesaurus: Thesaurus) -> list[Synonyms]:
    """Return for each word the synonyms of the word itself and of every phrase that it is part of."""
    found = [Entry() for _ in words]
    for length in range(1, MAX_PHRASE + 1):
        for start in range(len(words) - length + 1):
            if entry := thesaurus.get(key(words[start : start + length])):
                for place in range(start, start + length):
                    found[place].spellings |= entry.spellings
                    found[place].nearly |= entry.nearly
    return [Synonyms(spellings=tuple(each.spellings), nearly=tuple(each.nearly)) for each in found]


@lru_cache(maxsize=2)
def build_thesaurus(document: str) -> Thesaurus:
    """Return the synonyms of the shop, a JSON list of lines, and of the store.

    A line of the shop replaces those of the store that have one of its words. So a line of one word takes them away.
    """
    lines: list[str] = orjson.loads(document)
    own = list(map(split_line, lines))
    taken = {key(phrase) for _, phrases in own for phrase in phrases}
    known: Thesaurus = defaultdict(Entry)
    for is_same, phrases in (*own, *(line for line in read_file() if taken.isdisjoint(map(key, line[1])))):
        for phrase in phrases:
            others = dict.fromkeys(tuple(other) for other in phrases if other != phrase)
            entry = known[key(phrase)]
            (entry.spellings if is_same else entry.nearly).update(others)
    return dict(known)


def read_file() -> Iterator[tuple[bool, list[list[str]]]]:
    """Yield the lines that come with the store."""
    for line in FILE.read_text("utf-8").splitlines():
        yield split_line(line.partition("#")[0])


def split_line(line: str) -> tuple[bool, list[list[str]]]:
    """Return whether the line is of spellings of the same word, and its phrases. Those without words are left out."""
    is_same = SAME_SIGN in line
    return is_same, list(filter(None, map(split_phrase, line.split(SAME_SIGN if is_same else SIGN))))


def split_phrase(phrase: str) -> list[str]:
    return [word for word in analysis.words(analysis.normal(phrase)) if not analysis.is_stop_word(word)]


def key(words: Sequence[str]) -> str:
    """Return the key of a phrase, which is the same for "night stand" and "nightstands"."""
    return stem("".join(words))


def tokens(phrases: Iterable[Phrase]) -> tuple[Spelling, ...]:
    """Return the phrases as the tokens that find them."""
    return tuple(tuple(map(stem, phrase)) for phrase in phrases)


def stem(word: str) -> str:
    return analysis.stem(analysis.as_written(word))
