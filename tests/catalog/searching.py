"""The names of the products that a search finds."""

from django.db.models import QuerySet

from catalog.models import Product
from catalog.search import search
from catalog.selectors import ProductFilter

SORT = ("-rank", "-sold_count", "-slug")


def names(found: QuerySet[Product]) -> set[str]:
    return set(found.values_list("name", flat=True))


def search_names(term: str, *, filter: ProductFilter | None = None, as_typed: bool = False) -> list[str]:
    """Return the names of the products found, the best first."""
    best = search(term, filter=filter, as_typed=as_typed).best
    return list(best.order_by(*SORT).values_list("name", flat=True))
