"""Finding products by words: a term in, ranked products out."""

import json
from dataclasses import dataclass

from django.db import connection
from django.db.models import FloatField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from catalog import analysis
from catalog.models import Product
from catalog.search.candidates import MAX_COUNTED, Candidates, candidates, matching
from catalog.search.query import SearchQuery
from catalog.search.ranking import ranks
from catalog.search.suggestions import completions, suggestions
from catalog.search.vocabulary import look_up
from catalog.selectors import ProductFilter, narrow, products
from core.conditions import Each
from core.errors import DomainError, ValidationError

__all__ = ["MAX_COUNTED", "Found", "NoProductMatches", "completions", "search"]

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
    filter: ProductFilter

    @property
    def sample(self) -> QuerySet[Product]:
        """The matches before the filter, at most MAX_COUNTED of them: the facets count these."""
        return products().filter(pk__in=matching(self.candidates.expression, limit=MAX_COUNTED))

    @property
    def best(self) -> QuerySet[Product]:
        """The strongest matches that pass the filter, annotated with their `rank`. Higher is better."""
        found = self.candidates
        document = json.dumps(ranks(found.query, found.matches, total=found.total))
        rank = RawSQL(RANK[connection.vendor], (document,), output_field=FloatField())
        return products().filter(pk__in=[match.key for match in found.matches]).annotate(rank=rank)

    def select_for(self, column: str) -> QuerySet[Product]:
        """Query all matches that pass the filter, for a list that is sorted by the column."""
        if self.candidates.all_found:
            return self.best
        # The term matches so many products that a scan along the column's index soon fills a page.
        matches = products().filter(Each(Q(pk__in=matching(self.candidates.expression))))
        return narrow(matches, self.filter, order=column)

    def read_corrected_term(self) -> str | None:
        """Return the term that was searched for, if typing errors were corrected. Takes a statement if they were.

        The corrections are spelt as in the names of matches, where these have them.
        """
        found = self.candidates
        if found.has_sku:
            return None
        meant = {word.raw: word.meant for word in found.query.words if word.meant}
        if not meant:
            return None
        keys = [match.key for match in found.matches[:MAX_NAMES]]
        names = products().filter(pk__in=keys).values_list("name", flat=True)
        own = dict(word for name in names for word in analysis.spelt(name))
        corrected = self.term
        for written, typed in analysis.spelt(self.term):
            if written in meant:
                corrected = corrected.replace(typed, own.get(meant[written], meant[written]), 1)
        return corrected

    def count(self) -> int:
        """Count the matches that pass the filter, up to MAX_COUNTED."""
        return self.candidates.count()


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
    if not found.matches and (filter == ProductFilter() or not candidates(query, within=products()).matches):
        raise NoProductMatches(term=term, suggestions=suggestions(term))
    return Found(term=term, candidates=found, filter=filter)


# Looks the row's rank up by its key. All rows share one document, so the database parses it once.
RANK = {
    "sqlite": """json_extract(%s, '$."' || catalog_product.id || '"')""",
    "postgresql": "(%s::jsonb ->> catalog_product.id::text)::float",
}
