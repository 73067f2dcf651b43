from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.facets import Facets
from catalog.models import Category
from catalog.search import search
from catalog.selectors import ProductFilter, products
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def light() -> Category:
    return make_category("Light")


@pytest.fixture
def seats() -> Category:
    return make_category("Seats")


@pytest.fixture(autouse=True)
def _products(light: Category, seats: Category) -> None:
    make_category("Void")
    make_product(name="lamp", category=light, price=Decimal(10), stock=0)
    make_product(name="candle", category=light, price=Decimal(20), discount=Decimal(50))
    make_product(name="chandelier", category=light, price=Decimal(90))
    make_product(name="chair", category=seats, price=Decimal(40), discount=Decimal(25))


def found(filter: ProductFilter) -> Facets:
    return Facets(found=products(), filter=filter)


class TestFacets:
    def test_without_a_filter(self, light: Category, seats: Category) -> None:
        facets = Facets(found=products())
        assert facets.categories == {light.pk: 3, seats.pk: 1}
        assert facets.price_range == (Decimal(10), Decimal(90))
        assert (facets.in_stock, facets.on_sale) == (3, 2)

    def test_each_without_its_own_filter(self, light: Category, seats: Category) -> None:
        facets = found(
            ProductFilter(categories=["light"], min_price=Decimal(10), max_price=Decimal(30), in_stock=True)
        )
        assert facets.categories == {light.pk: 1, seats.pk: 1}
        assert facets.price_range == (Decimal(10), Decimal(90))
        assert (facets.in_stock, facets.on_sale) == (1, 1)

    def test_choosing_the_opposite_is_what_is_counted(self) -> None:
        assert found(ProductFilter(in_stock=False)).in_stock == 3
        assert found(ProductFilter(on_sale=False)).on_sale == 2

    def test_of_nothing(self) -> None:
        facets = found(ProductFilter(seller="nobody"))
        assert (facets.categories, facets.price_range) == ({}, (None, None))
        assert (facets.in_stock, facets.on_sale) == (0, 0)

    def test_of_a_search(self, light: Category, seats: Category) -> None:
        facets = Facets(found=search("cha").matches, filter=ProductFilter(on_sale=True))
        assert facets.categories == {seats.pk: 1}
        assert facets.price_range == (Decimal(30), Decimal(30))
        assert (facets.in_stock, facets.on_sale) == (1, 1)

    def test_one_statement_each(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        facets = Facets(found=products())
        with django_assert_num_queries(4):
            for _ in range(2):
                assert facets.categories
                assert facets.price_range
                assert facets.in_stock
                assert facets.on_sale
