"""Finding products by words: a term in, ranked products out."""

import json
from dataclasses import dataclass

from django.db import connection
from django.db.models import FloatField, QuerySet
from django.db.models.expressions import RawSQL

from backend.errors import DomainError, ValidationError
from catalog.models import Product
from catalog.search.candidates import candidates, matching
from catalog.search.query import Query
from catalog.search.ranking import ranks
from catalog.search.suggestions import completions, suggestions
from catalog.search.vocabulary import known
from catalog.selectors import ProductFilter, narrowed

__all__ = ["MAX_COUNTED", "Found", "NoProductMatches", "completions", "search"]


class NoProductMatches(DomainError):
    """The term matches no product at all; `suggestions` are other words, which do."""

    code = "NOT_FOUND"

    def __init__(self, *, term: str, suggestions: list[str]) -> None:
        super().__init__(f'No product matches "{term}".')
        self.term = term
        self.suggestions = suggestions


# Beyond this a count would cost more than it tells.
MAX_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found: all of the `matches`, before the filter, and of those that pass it the `best`.

    Each of the best carries a `rank`, the higher the better.
    """

    matches: QuerySet[Product]
    best: QuerySet[Product]


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
    within = narrowed(Product.objects.all(), filter) if filter and filter != ProductFilter() else None
    found = candidates(query, within=within)
    if not found.texts and (within is None or not candidates(query, within=None).texts):
        raise NoProductMatches(term=term, suggestions=suggestions(term.split()))
    return Found(
        matches=Product.objects.filter(pk__in=matching(found.expression)),
        best=ranked(ranks(found.query, found.texts, total=found.total)),
    )


def ranked(ranks: dict[int, float]) -> QuerySet[Product]:
    rank = RANK[connection.vendor]
    return Product.objects.filter(pk__in=ranks).annotate(
        rank=RawSQL(rank, (json.dumps(ranks),), output_field=FloatField())
    )


# The rank of the row by its key: the same document for all rows is parsed once.
RANK = {
    "sqlite": """json_extract(%s, '$."' || catalog_product.id || '"')""",
    "postgresql": "(%s::jsonb ->> catalog_product.id::text)::float",
}
