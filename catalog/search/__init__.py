"""Finding products by words: a term in, ranked products out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from operator import itemgetter

from django.db import connection
from django.db.models import FloatField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from catalog import analysis
from catalog.models import Product
from catalog.search.alike import Alike, find_alike, fuse
from catalog.search.candidates import BEST_OF_MORE, Candidates, candidates, listed
from catalog.search.ordered import Order, select_page
from catalog.search.query import MAX_TERM_LENGTH, SearchQuery
from catalog.search.ranking import find_named, ranks
from catalog.search.sample import MAX_ALL, Sample, count_roughly, read_sample
from catalog.search.suggestions import completions, suggestions
from catalog.search.vocabulary import look_up
from catalog.selectors import ProductFilter, narrow, products
from core.counting import MAX_COUNT
from core.errors import DomainError, ValidationError

__all__ = ["MAX_ALL", "Found", "NoProductMatches", "completions", "search"]

# The number of matches in whose names a correction's own spelling is looked for.
MAX_NAMES = 20


class NoProductMatches(DomainError):
    """The term matches no product; `suggestions` are words that do."""

    code = "NOT_FOUND"

    def __init__(self, *, term: str, suggestions: list[str]) -> None:
        super().__init__(_('No product matches "%(term)s".') % {"term": term})
        self.term = term
        self.suggestions = suggestions


@dataclass(frozen=True, kw_only=True)
class Found:
    """The result of a search for the term: the strongest matches that pass the filter."""

    term: str
    candidates: Candidates
    alike: Alike
    filter: ProductFilter

    @cached_property
    def rough_count(self) -> int:
        """About how many matches there are before the filter. Takes a statement."""
        return count_roughly(self.candidates.expression)

    @cached_property
    def sample(self) -> Sample:
        """The sample of the matches before the filter. Takes two statements, unless all matches have been found."""
        found = self.candidates
        if found.all_found and self.filter == ProductFilter():
            keys = [match.key for match in found.matches]
            return Sample(keys=keys, passing=keys)
        return read_sample(found.expression, within=found.within, count=self.rough_count)

    @property
    def counted(self) -> QuerySet[Product]:
        """The products that facets count: the sample, and the candidates, which have passed the filter.

        Without these a facet might lack a value that the page has.
        """
        matches = (match.key for match in self.candidates.matches)
        return products().filter(pk__in=listed({*self.sample.keys, *matches, *self.alike.like}))

    @property
    def best(self) -> QuerySet[Product]:
        """The strongest matches that pass the filter, annotated with their `rank`. Higher is better."""
        found = self.candidates
        matches = [*found.matches, *self.alike.further]
        scores = ranks(found.query, matches, total=found.query.total)
        if self.alike.nearest:
            scores = fuse(scores, self.alike, named=find_named(found.query, matches))
            if not found.all_found:
                scores = dict(nlargest(BEST_OF_MORE, scores.items(), key=itemgetter(1)))
        rank = RawSQL(RANK[connection.vendor], (json.dumps(scores),), output_field=FloatField())
        return products().filter(pk__in=list(scores)).annotate(rank=rank)

    def select_for(self, order: Order, *, size: int) -> QuerySet[Product]:
        """Query the matches that pass the filter for a page of another order, which has the first `size` of them.

        They are all matches that may be on the page, whether they are ranked or not. Takes two statements, or none.
        """
        found = self.candidates
        if found.all_found:
            return self.best
        return select_page(
            order,
            found.expression,
            size=size,
            within=found.within,
            count=self.rough_count,
            total=found.query.total,
        )

    def read_corrected_term(self) -> str | None:
        """Return the term that was searched for, if typing errors were corrected. Takes a statement if they were.

        The corrections are spelt as in the names of matches, where these have them.
        """
        found = self.candidates
        if found.has_sku:
            return None
        meant = read_meant(found.query)
        if not meant:
            return None
        keys = [match.key for match in found.matches[:MAX_NAMES]]
        names = products().filter(pk__in=keys).values_list("name", flat=True)
        own = dict(word for name in names for word in analysis.spelt(name))
        return replace_words(self.term, {raw: own.get(word, word) for raw, word in meant.items()})

    def count(self) -> int:
        """Count the matches that pass the filter, up to MAX_COUNT. Of many the number is estimated by the sample."""
        found = self.candidates
        total = len(found.matches) + len(self.alike.added)
        if found.all_found:
            return total
        return min(max(len(self.sample.passing) << self.sample.level, total), MAX_COUNT)


def search(term: str, *, filter: ProductFilter | None = None, as_typed: bool = False) -> Found:
    """Find the products with the words of the term, those with all of them first. Correct typing errors.

    A term `as_typed` is not corrected.

    Raises:
        ValidationError: the term is blank.
        NoProductMatches: the term matches nothing, even without the filter.
    """
    if not term.strip():
        raise ValidationError.of(term=_("What are you looking for?"))
    query = SearchQuery.of(term)
    if not query.words:
        raise NoProductMatches(term=term, suggestions=suggestions(term))
    query = look_up(query, as_typed=as_typed)
    filter = filter or ProductFilter()
    within = narrow(products(), filter)
    found = candidates(query, within=within)
    alike = find_alike(replace_words(term[:MAX_TERM_LENGTH], read_meant(query)), found)
    if not found.matches and not alike.added and (filter == ProductFilter() or not exist(query, alike)):
        raise NoProductMatches(term=term, suggestions=suggestions(term))
    return Found(term=term, candidates=found, alike=alike, filter=filter)


def exist(query: SearchQuery, alike: Alike) -> bool:
    """Return whether there are matches without a filter."""
    return bool(candidates(query, within=products()).matches) or alike.exist()


def read_meant(query: SearchQuery) -> dict[str, str]:
    """Return the corrections of the query's words."""
    return {word.raw: word.meant for word in query.words if word.meant}


def replace_words(term: str, others: Mapping[str, str]) -> str:
    """Return the term with others in place of some of its words."""
    for written, typed in analysis.spelt(term) if others else ():
        if written in others:
            term = term.replace(typed, others[written], 1)
    return term


# Looks the row's rank up by its key. All rows share one document, so the database parses it once.
RANK = {
    "sqlite": """json_extract(%s, '$."' || catalog_product.id || '"')""",
    "postgresql": "(%s::jsonb ->> catalog_product.id::text)::float",
}
