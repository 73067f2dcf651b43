"""The index of search after its migrations were undone and done again, among products that are there."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from catalog.models import Product
from catalog.search import NoProductMatches, search
from tests.factories import make_product, make_products

pytestmark = pytest.mark.django_db(transaction=True)

SORT = ("-rank", "slug")
FOUND = {
    "lamp": ["Oak lamp", "Oak desk"],
    "oak desk": ["Oak desk", "Oak lamp"],
    "shining": ["Oak lamp"],
    "headph": ["Sony WH-1000XM4 Headphones"],
    "wh 1000 xm4": ["Sony WH-1000XM4 Headphones"],
    # Mended by the words that there are.
    "lanp": ["Oak lamp", "Oak desk"],
    "headfones": ["Sony WH-1000XM4 Headphones"],
}


def found(term: str) -> list[str]:
    """The names of the products, the best first."""
    try:
        return list(search(term).best.order_by(*SORT).values_list("name", flat=True))
    except NoProductMatches:
        return []


@pytest.fixture
def _products() -> None:
    make_product(name="Oak lamp", description="Shines brightly.")
    make_product(name="Oak desk", description="For a lamp and a book.")
    make_product(name="Sony WH-1000XM4 Headphones", description="With a cable.")
    assert {term: found(term) for term in FOUND} == FOUND


@pytest.mark.usefixtures("_products")
@pytest.mark.parametrize("before", ["0002_sellers", "0005_sellers_and_stock", "0006_search_strengths"])
def test_the_index_is_made_anew_and_kept(before: str) -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate([("catalog", before)])
        if before > "0003":
            with connection.cursor() as cursor:
                cursor.execute("UPDATE catalog_product SET search_text = 'something outdated'")
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert {term: found(term) for term in FOUND} == FOUND
    assert found("outdated") == []

    lamp = Product.objects.get(name="Oak lamp")
    lamp.name = "Brass candelabrum"
    lamp.save()
    assert found("candelabrum") == found("candelabrun") == ["Brass candelabrum"]
    assert found("lamp") == ["Oak desk"]
    make_products(3, name="Wicker basket")
    assert found("wicker") == found("bascet") == ["Wicker basket"] * 3
    Product.objects.all().delete()
    assert not any(found(term) for term in (*FOUND, "candelabrum", "wicker"))
