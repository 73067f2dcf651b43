"""Finding products by words: a term in, ranked products out."""

import json
from dataclasses import dataclass

from django.db import connection
from django.db.models import FloatField, Q, QuerySet
from django.db.models.expressions import RawSQL

from catalog.models import Product
from catalog.search.candidates import MAX_COUNTED, Candidates, Each, candidates, matching
from catalog.search.query import Query
from catalog.search.ranking import ranks
from catalog.search.suggestions import completions, suggestions
from catalog.search.vocabulary import known
from catalog.selectors import ProductFilter, narrowed
from core.errors import DomainError, ValidationError

__all__ = ["MAX_COUNTED", "Found", "NoProductMatches", "completions", "search"]


class NoProductMatches(DomainError):
    """The term matches no product at all; `suggestions` are other words, which do."""

    code = "NOT_FOUND"

    def __init__(self, *, term: str, suggestions: list[str]) -> None:
        super().__init__(f'No product matches "{term}".')
        self.term = term
        self.suggestions = suggestions


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found: the strongest of what passes the filter."""

    candidates: Candidates
    filter: ProductFilter

    @property
    def counted(self) -> QuerySet[Product]:
        """All that match, before the filter; of very many, as many as are looked at to count them."""
        return Product.objects.filter(pk__in=matching(self.candidates.expression, limit=MAX_COUNTED))

    @property
    def best(self) -> QuerySet[Product]:
        """The strongest that pass, each with its `rank`, the higher the better."""
        found = self.candidates
        document = json.dumps(ranks(found.query, found.matches, total=found.total))
        rank = RawSQL(RANK[connection.vendor], (document,), output_field=FloatField())
        return Product.objects.filter(pk__in=[match.key for match in found.matches]).annotate(rank=rank)

    def ordered_by(self, column: str) -> QuerySet[Product]:
        """All that match and pass, for pages in the order of the column."""
        if self.candidates.all_found:
            return self.best
        # So many match that the index of the order soon fills a page with them.
        matches = Product.objects.filter(Each(Q(pk__in=matching(self.candidates.expression))))
        return narrowed(matches, self.filter, order=column)

    def count(self) -> int:
        """How many match and pass, up to 10,000."""
        return self.candidates.count()


def search(term: str, *, filter: ProductFilter | None = None) -> Found:
    """The products with the words of the term, those with all of them first, and typing errors mended.

    Raises ValidationError on `term`, and NoProductMatches, for which it looks at once whether there is any.
    """
    if not term.strip():
        raise ValidationError.of(term="What are you looking for?")
    query = Query.of(term)
    if not query.words:
        raise NoProductMatches(term=term, suggestions=suggestions([]))
    query = known(query)
    filter = filter or ProductFilter()
    within = None if filter == ProductFilter() else narrowed(Product.objects.all(), filter)
    found = candidates(query, within=within)
    if not found.matches and (within is None or not candidates(query, within=None).matches):
        raise NoProductMatches(term=term, suggestions=suggestions(term.split()))
    return Found(candidates=found, filter=filter)


# The rank of the row by its key: the same document for all rows is parsed once.
RANK = {
    "sqlite": """json_extract(%s, '$."' || catalog_product.id || '"')""",
    "postgresql": "(%s::jsonb ->> catalog_product.id::text)::float",
}
