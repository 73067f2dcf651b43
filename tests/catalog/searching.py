"""Shops to search in, and the names of the products that a search finds."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from catalog.analysis import languages, letters, tokens
from catalog.models import Product
from catalog.search import filing, search, synonyms
from catalog.selectors import ProductFilter
from tests.factories import make_category, make_product, make_user

SORT = ("-rank", "-sold_count", "-slug")


def names(found: QuerySet[Product]) -> set[str]:
    return set(found.values_list("name", flat=True))


def search_names(term: str, *, filter: ProductFilter | None = None, as_typed: bool = False) -> list[str]:
    """Return the names of the products found, the best first."""
    best = search(term, filter=filter, as_typed=as_typed).best
    return list(best.order_by(*SORT).values_list("name", flat=True))


def forget() -> None:
    """Clear what was cached for other languages."""
    for module in (languages, letters, tokens, filing, synonyms):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@contextmanager
def open_shop(names: Iterable[str], *, spoken: list[str], blocker: DjangoDbBlocker) -> Iterator[None]:
    """Open a shop with products of these names for all tests of a module.

    Each test takes place in a savepoint of its transaction.
    """
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # durable transactions may nest, as in TestCase
    with blocker.unblock(), atomic, override_settings(STORE_SEARCH_LANGUAGES=spoken):
        forget()
        category, user = make_category(), make_user()
        for name in names:
            make_product(name=name, description="-", category=category, user=user)
        with blocker.block():
            yield
        transaction.set_rollback(True)
    forget()
