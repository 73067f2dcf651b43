"""Parsing of a search term into match expressions for the database's index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from django.db import connection

from catalog import analysis
from catalog.analysis import MARK, NAME_MARK, SAMPLE_MARK
from catalog.search.synonyms import Spelling, Synonyms, Thesaurus, synonyms, tokens
from core.text import sort_key

# The words of a longer term beyond these are ignored. Nobody who looks for a thing types more.
MAX_WORDS = 8
MAX_TERM_LENGTH = 200
# With more words than this, only the rarest are looked at in detail.
FEW_WORDS = 4
# A word with more parts than this is found only as a whole.
MAX_PARTS = 8
MIN_PREFIX = 2
# The number of the kind of matches that have only some of the words.
SOME_WORDS = 2
# The steps of strength in the index, the weakest first, each the letter of a strength. A token of a name has at least
# `IN_NAME`, one of the head of a name at least `STRONG`.
IN_NAME = "i"
STRONG = "q"
STRONGEST = "r"
STRENGTHS = ("a", IN_NAME, STRONG, STRONGEST)


class Match(NamedTuple):
    """A matched product: the number of the kind of match, its primary key, its search text, and where it is filed.

    The last has a token for its category and for each of its values of attributes.
    """

    kind: int
    key: int
    text: str
    filed: str


class Rung(NamedTuple):
    """A step of the kind with this number: the kind as a whole, where it comes before its steps, or only a sample."""

    kind: int
    expression: str
    is_whole: bool = False
    is_sampled: bool = False


# The approximate number of products that have each token.
Counts = Mapping[str, int]


def filed_under(mark: str, key: int | str) -> str:
    """Return the token of the category or value with this key, as the index has it. It counts as a word of a name."""
    return f"{mark}{key}{MARK}{IN_NAME}"


def token_of_sample(level: int | str) -> str:
    """Return the token of the products in the sample of this level. PostgreSQL's index has them."""
    return filed_under(SAMPLE_MARK, level)


def token(text: str, *, prefix: bool = False) -> str:
    """Quote a token for a match expression. Tokens have no quotes: only letters, digits, symbols and our mark."""
    if connection.vendor == "sqlite":
        return f'"{text}" *' if prefix else f'"{text}"'
    return f"'{text}':*" if prefix else f"'{text}'"


def all_of(expressions: Iterable[str]) -> str:
    """Join the expressions by AND. An empty expression matches nothing, and then the whole matches nothing."""
    every = list(dict.fromkeys(expressions))
    sign = " AND " if connection.vendor == "sqlite" else " & "
    return f"({sign.join(every)})" if all(every) else ""


def any_of(expressions: Iterable[str]) -> str:
    """Join the expressions by OR, without empty ones."""
    some = list(dict.fromkeys(filter(None, expressions)))
    sign = " OR " if connection.vendor == "sqlite" else " | "
    return f"({sign.join(some)})" if some else ""


def strong(tokens: Iterable[str], least: str) -> str:
    """Return an expression that matches where every token is present with at least this strength."""
    return all_of(
        any_of(token(text + MARK + strength) for strength in STRENGTHS if strength >= least)
        for text in tokens
    )


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of a term.

    `spellings` are the ways to write the word, and to write it and a neighbour as one; all tokens of a spelling must be
    present. `whole` are the stems of the word, `exactly` the tokens that no other word with the same stem has,
    `accented` is the word with its accents, if it has any, and `meant` the word that it was taken for. The synonyms
    that are the same are among the spellings.

    `filed` are the tokens of the categories that have the word in their name, of those below them, and of the values of
    attributes that have it. With `counts`, the expressions leave out tokens that no product has.
    """

    raw: str
    whole: Spelling
    exactly: Spelling
    spellings: tuple[Spelling, ...]
    synonyms: tuple[Spelling, ...] = ()
    has_synonyms: bool = False
    is_head: bool = False
    accented: str = ""
    meant: str = ""
    filed: frozenset[str] = frozenset()
    counts: Counts | None = None

    @property
    def products(self) -> int:
        """The approximate number of products that have the word as a whole."""
        return max((self.counts or {}).get(token, 0) for token in self.whole)

    @property
    def end(self) -> str:
        """The word as it would end a compound: in the singular, and without the particles that are attached to it."""
        return analysis.singular(self.raw)

    @property
    def tokens(self) -> Iterator[str]:
        for spelling in self.spellings:
            yield from spelling

    @property
    def count(self) -> int:
        """The approximate number of products that have the word in its commonest spelling."""
        counts = self.counts or {}
        return max(min(counts.get(token, 0) for token in spelling) for spelling in self.spellings)

    def expression(self, least: str = "", *, prefix: bool = False, synonyms: bool = False) -> str:
        """Return an expression that matches the word with at least this strength.

        It also matches its `synonyms`, and as a `prefix` every word that begins with it. With a strength, a prefix
        matches only in names. Unless it has to be STRONG, the products that are filed under the word match, too.
        """
        known = self.counts
        there = [way for way in self.spellings if known is None or all(token in known for token in way)]
        ways = [strong(way, least) for way in (*there, *(self.synonyms if synonyms else ()))]
        if prefix and len(self.raw) >= MIN_PREFIX:
            ways.append(token(NAME_MARK + self.raw if least else self.raw, prefix=True))
        if least <= IN_NAME:
            ways += map(token, sorted(self.filed))
        return any_of(ways)

    def add(self, others: Synonyms) -> "Word":
        """Return the word with its synonyms. Another spelling of it counts as much as its own."""
        single = [word for word, *further in others.spellings if not further]
        return replace(
            self,
            exactly=tuple(dict.fromkeys((*self.exactly, *map(analysis.singular, single)))),
            spellings=tuple(dict.fromkeys((*self.spellings, *tokens(others.spellings)))),
            synonyms=tuple(dict.fromkeys((*self.synonyms, *tokens(others.nearly)))),
            has_synonyms=bool(others.spellings or others.nearly),
        )

    def stand_for(
        self, words: Sequence[str], *, counts: Counts, thesaurus: Thesaurus, meant: str = ""
    ) -> "Word":
        """Return the word as any of the other `words`, after itself if products have it; this word without others."""
        if not words:
            return self
        others = tuple(dict.fromkeys(spelling for word in words for spelling in analysis.spellings(word)))
        known = [synonyms([word], thesaurus=thesaurus)[0] for word in words]
        alike = tuple(token for each in known for token in tokens((*each.spellings, *each.nearly)))
        if self.products:
            return replace(self, synonyms=(*others, *alike), meant=meant, counts=counts)
        return replace(
            self,
            exactly=tuple(analysis.singular(word) for word in words),
            spellings=others,
            synonyms=alike,
            meant=meant,
            counts=counts,
        )


def cut(word: str) -> list[tuple[str, str]]:
    """Return the pieces in which a word is looked for, each with the word.

    A term without spaces may be several words, so each piece counts for itself. Of very many, some are left out evenly.
    """
    size = analysis.gram_size(word)
    pieces = analysis.grams(word, size) if size else [word]
    return [(piece, word) for piece in pieces[:: -(-len(pieces) // MAX_WORDS)]]


@dataclass(frozen=True)
class SearchQuery:
    """The words of a term. The last one may be unfinished, so it also matches as a prefix.

    `sku_key` is the key of the SKU that the whole term may be. The shop has about `total` products.
    """

    words: tuple[Word, ...]
    sku_key: str = ""
    total: int = 0

    @classmethod
    def of(cls, term: str) -> "SearchQuery":
        """Parse the term. It has no words if it has neither letters, digits nor symbols."""
        text = analysis.normal(term[:MAX_TERM_LENGTH])
        typed = analysis.words(text)
        telling = [word for word in dict.fromkeys(typed) if not analysis.is_stop_word(word)] or typed
        pieces = dict(piece for word in telling for piece in cut(word))
        sought = list(pieces)[:MAX_WORDS]
        compounds = ["", *analysis.join_neighbours(sought), ""]
        heads = analysis.head(text)[:1]
        return cls(
            tuple(
                Word(
                    raw=analysis.as_written(word),
                    whole=analysis.stems_of_whole(word),
                    exactly=tuple(
                        analysis.singular(analysis.as_written(way)) for way in analysis.wholes(word)
                    ),
                    spellings=(
                        *(way for way in analysis.spellings(word) if len(way) <= MAX_PARTS),
                        *((compound,) for compound in compounds[index : index + 2] if compound),
                    ),
                    synonyms=tuple(
                        (other,) for other in (analysis.rewritings(word) if analysis.gram_size(word) else ())
                    ),
                    accented=analysis.accented(word),
                    is_head=pieces[word] in heads,
                )
                for index, word in enumerate(sought)
            ),
            sku_key=sort_key(term[:MAX_TERM_LENGTH].strip()),
        )

    def with_synonyms(self, thesaurus: Thesaurus) -> "SearchQuery":
        found = synonyms([word.raw for word in self.words], thesaurus=thesaurus)
        words = tuple(word.add(others) for word, others in zip(self.words, found, strict=True))
        return replace(self, words=words)

    @cached_property
    def rarest_first(self) -> list[Word]:
        return sorted(self.words, key=lambda word: word.count)

    @cached_property
    def kinds(self) -> list[str]:
        """The expressions of the kinds of matches, each of which includes the kind before it.

        The kinds are: all words; all words, with synonyms and an unfinished last word; some of the words.
        """
        last = self.words[-1]
        whole = [word.expression() for word in self.rarest_first]
        alike = [word.expression(prefix=word is last, synonyms=True) for word in self.rarest_first]
        return [all_of(whole), all_of(alike), *([any_of(alike)] if len(alike) > 1 else [])]

    @property
    def rungs(self) -> Iterator[Rung]:
        """The kinds in steps, from the strongest matches down.

        If a term matches too many products to rank, the steps find the strongest first. Few products have several
        words: the whole of such a kind is looked up first, and its steps only if too many match.
        """
        several = len(self.words) > 1
        kinds = zip(
            self.kinds, (self.steps_of_all(), self.steps_of_alike(), self.steps_of_some()), strict=False
        )
        for kind, (whole, steps) in enumerate(kinds):
            if several and kind < SOME_WORDS and whole:
                yield Rung(kind, whole, is_whole=True)
            else:
                steps = [*steps, whole]
            for step in dict.fromkeys(filter(None, steps)):
                yield Rung(kind, step)

    def steps_of_all(self) -> list[str]:
        """Return the steps of the first kind, all words: in the head of a name, then in the name."""
        if len(self.words) > FEW_WORDS:
            return [all_of(self.in_name)]
        head = any_of(word.expression(STRONG) for word in self.words if word.is_head)
        strongest = all_of(word.expression(STRONGEST) for word in self.rarest_first)
        return [
            strongest,
            all_of(self.strong),
            all_of([head, *self.in_name]),
            all_of(self.in_name),
            all_of([head, self.kinds[0]]),
        ]

    def steps_of_alike(self) -> list[str]:
        """Return the steps of the second kind, with synonyms and the last word as a prefix."""
        if len(self.words) > FEW_WORDS:
            return []
        in_name = [
            word.expression(IN_NAME, prefix=word is self.words[-1], synonyms=True)
            for word in self.rarest_first
        ]
        head = any_of(word.expression(STRONG, synonyms=True) for word in self.words if word.is_head)
        return [all_of([head, *in_name]), all_of(in_name)]

    def steps_of_some(self) -> list[str]:
        """Return the steps of the third kind, some of the words. A single word does not have it."""
        strong = self.strong
        rarest = (any_of(strong[:1]), any_of(strong[:2]), any_of(strong), any_of(self.in_name))
        return [*self.most_words(), *rarest]

    @cached_property
    def strong(self) -> list[str]:
        return [word.expression(STRONG) for word in self.rarest_first]

    @cached_property
    def in_name(self) -> list[str]:
        return [word.expression(IN_NAME) for word in self.rarest_first]

    def most_words(self) -> list[str]:
        """Return an expression that matches all words but one, or of many words, two of the three rarest."""
        if len(self.words) < 3:
            return []
        telling = self.rarest_first if len(self.words) <= FEW_WORDS else self.rarest_first[:3]
        return [
            any_of(
                all_of(word.expression() for word in telling if word is not missing) for missing in telling
            )
        ]
