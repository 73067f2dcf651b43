"""What a term asks for, as match expressions that the database's index understands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from django.db import connection

from catalog import analysis
from catalog.analysis import MARK, NAME_MARK
from catalog.search.synonyms import Spelling, synonyms

# More words than anyone types who looks for a thing; the rest of a longer term is left out.
MAX_WORDS = 8
MAX_TERM_LENGTH = 200
# Of more words than this, only those that tell the most are looked at in detail.
FEW_WORDS = 4
# A word with more parts than this is only found as one.
MAX_PARTS = 8
MIN_PREFIX = 2
# The steps that the index tells apart, the weakest first, each the letter of a strength: a token of a name is `IN_NAME`
# at least, one of the head of a name `STRONG`. The search index is made of them.
IN_NAME = "i"
STRONG = "q"
STRONGEST = "r"
STRENGTHS = ("a", IN_NAME, STRONG, STRONGEST)


class Match(NamedTuple):
    """The number of the kind of match that it is, and the product's key and search text."""

    kind: int
    key: int
    text: str


# How many products have a token, about.
Counts = Mapping[str, int]


def token(text: str, *, prefix: bool = False) -> str:
    """Tokens are letters, digits, symbols and our mark: none has a quote to be escaped."""
    if connection.vendor == "sqlite":
        return f'"{text}" *' if prefix else f'"{text}"'
    return f"'{text}':*" if prefix else f"'{text}'"


def all_of(expressions: Iterable[str]) -> str:
    """An empty expression matches nothing, and so does all of some with it."""
    every = list(dict.fromkeys(expressions))
    sign = " AND " if connection.vendor == "sqlite" else " & "
    return f"({sign.join(every)})" if all(every) else ""


def any_of(expressions: Iterable[str]) -> str:
    some = list(dict.fromkeys(filter(None, expressions)))
    sign = " OR " if connection.vendor == "sqlite" else " | "
    return f"({sign.join(some)})" if some else ""


def strong(tokens: Iterable[str], least: str) -> str:
    """Matches where all the tokens are, with at least that strength."""
    return all_of(
        any_of(token(text + MARK + strength) for strength in STRENGTHS if strength >= least)
        for text in tokens
    )


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of a term. `spellings` are the ways to write it, each some tokens that have to be there together, and
    of it and a neighbour in one, as names have them; `exactly` is no other word with the same stem. Where the
    `counts` of its tokens are known, only those that there are are asked for."""

    raw: str
    exactly: Spelling
    spellings: tuple[Spelling, ...]
    synonyms: tuple[Spelling, ...] = ()
    is_head: bool = False
    counts: Counts | None = None

    @property
    def tokens(self) -> Iterator[str]:
        for spelling in self.spellings:
            yield from spelling

    @property
    def count(self) -> int:
        """How many products have the word, about: those with its commonest spelling."""
        counts = self.counts or {}
        return max(min(counts.get(token, 0) for token in spelling) for spelling in self.spellings)

    def expression(self, least: str = "", *, prefix: bool = False, synonyms: bool = False) -> str:
        """Matches the word with at least that strength, its synonyms, and everything that begins with it; in names,
        where a strength is asked for."""
        known = self.counts
        there = [way for way in self.spellings if known is None or all(token in known for token in way)]
        ways = [strong(way, least) for way in (*there, *(self.synonyms if synonyms else ()))]
        if prefix and len(self.raw) >= MIN_PREFIX:
            ways.append(token(NAME_MARK + self.raw if least else self.raw, prefix=True))
        return any_of(ways)

    def corrected(self, words: Sequence[str]) -> "Word":
        """This word if there are no other `words`."""
        spellings = dict.fromkeys(spelling for word in words for spelling in analysis.spellings(word))
        if not spellings:
            return self
        return replace(
            self,
            exactly=tuple(analysis.singular(word) for word in words),
            spellings=tuple(spellings),
            synonyms=tuple(spelling for others in map(synonyms, zip(words)) for spelling in others[0]),
            counts=None,
        )


@dataclass(frozen=True)
class Query:
    """The last of the words may be unfinished: it also matches as a prefix."""

    words: tuple[Word, ...]

    @classmethod
    def of(cls, term: str) -> "Query":
        """No words where the term has neither letters, digits nor symbols."""
        text = analysis.normal(term[:MAX_TERM_LENGTH])
        typed = analysis.words(text)
        told = [word for word in dict.fromkeys(typed) if word not in analysis.STOP_WORDS] or typed
        told = told[:MAX_WORDS]
        compounds = ["", *analysis.joined(told), ""]
        heads = analysis.head(text)[:1]
        return cls(
            tuple(
                Word(
                    raw=analysis.as_written(word),
                    exactly=(analysis.singular(analysis.as_written(word)),),
                    spellings=(
                        *(way for way in analysis.spellings(word) if len(way) <= MAX_PARTS),
                        *((compound,) for compound in compounds[index : index + 2] if compound),
                    ),
                    synonyms=others,
                    is_head=word in heads,
                )
                for index, (word, others) in enumerate(zip(told, synonyms(told), strict=True))
            )
        )

    @cached_property
    def rarest_first(self) -> list[Word]:
        return sorted(self.words, key=lambda word: word.count)

    @property
    def commonest(self) -> int:
        """How many products have the word that most have, about."""
        return max(word.count for word in self.words)

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of matches, each with those before it: all words, all in other words or the last unfinished, some
        words."""
        last = self.words[-1]
        whole = [word.expression() for word in self.rarest_first]
        alike = [word.expression(prefix=word is last, synonyms=True) for word in self.rarest_first]
        return [all_of(whole), all_of(alike), *([any_of(alike)] if len(alike) > 1 else [])]

    @property
    def whole_first(self) -> bool:
        """Whether all of the first kind is looked for before its steps: few products have several words, and then
        the steps need not be taken."""
        return len(self.words) > 1 and bool(self.kinds[0])

    @cached_property
    def rungs(self) -> list[tuple[int, str]]:
        """The kinds in steps, from the strongest matches down: only the best so many of very many are taken."""
        all_words, alike, *some_words = self.kinds
        strong = [word.expression(STRONG) for word in self.rarest_first]
        in_name = [word.expression(IN_NAME) for word in self.rarest_first]
        told = any_of(word.expression(STRONG) for word in self.words if word.is_head)
        steps = [all_of(in_name)]
        alike_steps = [alike]
        if len(self.words) <= FEW_WORDS:
            strongest = all_of(word.expression(STRONGEST) for word in self.rarest_first)
            steps = [
                strongest,
                all_of(strong),
                all_of([told, *in_name]),
                all_of(in_name),
                all_of([told, all_words]),
            ]
            named = [
                word.expression(IN_NAME, prefix=word is self.words[-1], synonyms=True)
                for word in self.rarest_first
            ]
            called_so = any_of(word.expression(STRONG, synonyms=True) for word in self.words if word.is_head)
            alike_steps = [all_of([called_so, *named]), all_of(named), alike]
        steps = [all_words, *steps] if self.whole_first else [*steps, all_words]
        rungs = [*((0, step) for step in steps), *((1, step) for step in alike_steps)]
        if some_words:
            weaker = (
                *self.most_words(),
                any_of(strong[:1]),
                any_of(strong[:2]),
                any_of(strong),
                any_of(in_name),
            )
            rungs += [(2, step) for step in (*weaker, *some_words)]
        return [(kind, expression) for kind, expression in dict.fromkeys(rungs) if expression]

    def most_words(self) -> list[str]:
        """All words but one, of few; of many, two of those that tell the most."""
        if len(self.words) < 3:
            return []
        telling = self.rarest_first if len(self.words) <= FEW_WORDS else self.rarest_first[:3]
        return [
            any_of(
                all_of(word.expression() for word in telling if word is not missing) for missing in telling
            )
        ]
