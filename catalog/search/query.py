"""What a term asks for, as a match expression that the database's index understands."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.db import connection

from catalog import analysis
from catalog.analysis import HEAD, NAME

# More words than anyone types who looks for a thing; the rest of a longer term is left out.
MAX_WORDS = 8
MAX_TERM_LENGTH = 1_000
MIN_PREFIX = 2


def token(text: str, *, prefix: bool = False) -> str:
    """Tokens are letters, digits, symbols and our marks: none has a quote to be escaped."""
    if connection.vendor == "sqlite":
        return f'"{text}" *' if prefix else f'"{text}"'
    return f"'{text}':*" if prefix else f"'{text}'"


def all_of(expressions: Iterable[str]) -> str:
    sign = " AND " if connection.vendor == "sqlite" else " & "
    return f"({sign.join(expressions)})"


def any_of(expressions: Iterable[str]) -> str:
    sign = " OR " if connection.vendor == "sqlite" else " | "
    return f"({sign.join(dict.fromkeys(expressions))})"


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of a term. `spellings` are the ways to write it, each some tokens that have to be there together;
    `compounds` are it and a neighbour in one, as names have them."""

    raw: str
    spellings: tuple[tuple[str, ...], ...]
    compounds: tuple[str, ...] = ()

    def expression(self, mark: str = "", *, prefix: bool = False) -> str:
        ways = [all_of(token(mark + part) for part in spelling) for spelling in self.spellings]
        ways += [token((mark or NAME) + compound) for compound in self.compounds]
        if mark != HEAD:
            ways += [token(NAME + spelling[0]) for spelling in self.spellings if len(spelling) == 1]
        if prefix and len(self.raw) >= MIN_PREFIX:
            ways.append(token(mark + self.raw, prefix=True))
        return any_of(ways)

    def corrected(self, words: Iterable[str]) -> "Word":
        """This word if there are no other `words`."""
        spellings = (spelling for word in words for spelling in analysis.spellings(word))
        return replace(self, spellings=tuple(dict.fromkeys(spellings)) or self.spellings)


@dataclass(frozen=True)
class Query:
    """The last of the words may be unfinished: it also matches as a prefix."""

    words: tuple[Word, ...]

    @classmethod
    def of(cls, term: str) -> "Query":
        """No words where the term has neither letters, digits nor symbols."""
        typed = analysis.words(analysis.normal(term[:MAX_TERM_LENGTH]))
        told = [word for word in dict.fromkeys(typed) if word not in analysis.STOP_WORDS] or typed
        told = told[:MAX_WORDS]
        compounds = ["", *analysis.joined(told), ""]
        return cls(
            tuple(
                Word(
                    raw="".join(analysis.PART.findall(word)) or word,
                    spellings=analysis.spellings(word),
                    compounds=tuple(filter(None, compounds[index : index + 2])),
                )
                for index, word in enumerate(told)
            )
        )

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of matches, the best first: all words, all with the last unfinished, some words."""
        *finished, last = self.words
        all_words = all_of(word.expression() for word in self.words)
        unfinished = all_of([*(word.expression() for word in finished), last.expression(prefix=True)])
        some_words = [any_of(word.expression() for word in self.words)] if finished else []
        return [all_words, unfinished, *some_words]

    @cached_property
    def rungs(self) -> list[list[str]]:
        """Of each kind, what to look for first: only the best so many are taken of what may be very many."""
        *finished, last = self.words
        all_words, unfinished, *some_words = self.kinds
        all_in_name = all_of(word.expression(NAME) for word in self.words)
        rungs = [[all_of([all_in_name, last.expression(HEAD)]), all_in_name, all_words], [unfinished]]
        if finished:
            in_name = any_of(word.expression(NAME) for word in self.words)
            rungs.append([last.expression(HEAD), in_name, *some_words])
        if len(finished) > 1:
            all_but_one = (
                all_of(word.expression() for word in self.words if word is not missing)
                for missing in self.words
            )
            rungs[-1].insert(0, any_of(all_but_one))
        return rungs
