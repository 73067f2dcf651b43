from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.facets import MAX_FACET, Counts, Facets
from catalog.models import Category, Product
from catalog.search import search
from catalog.selectors import FEW, ProductFilter, products
from tests.factories import make_category, make_product, make_products, make_user

pytestmark = pytest.mark.django_db

Count = Callable[[ProductFilter], Counts]


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


@pytest.fixture(params=[False, True], ids=["by index", "one by one"])
def count(request: pytest.FixtureRequest) -> Count:
    """Return the counts, after checking that both ways to count agree."""
    return lambda filter: Facets(found=products(), filter=filter, bounded=request.param).counts


class TestCounts:
    def test_without_a_filter(self, count: Count, light: Category, seats: Category) -> None:
        assert count(ProductFilter()) == Counts(
            categories={light.pk: 3, seats.pk: 1},
            price_range=(Decimal(10), Decimal(90)),
            in_stock=3,
            on_sale=2,
        )

    def test_each_without_its_own_filter(self, count: Count, light: Category, seats: Category) -> None:
        filter = ProductFilter(
            categories=["light"], min_price=Decimal(10), max_price=Decimal(30), in_stock=True
        )
        assert count(filter) == Counts(
            categories={light.pk: 1, seats.pk: 1},
            price_range=(Decimal(10), Decimal(90)),
            in_stock=1,
            on_sale=1,
        )

    def test_choosing_the_opposite_is_what_is_counted(self, count: Count) -> None:
        assert count(ProductFilter(in_stock=False)).in_stock == 3
        assert count(ProductFilter(on_sale=False)).on_sale == 2

    @pytest.mark.parametrize(
        "filter",
        [
            ProductFilter(seller="nobody"),
            ProductFilter(min_rating=4.5),
            ProductFilter(added_after=datetime(2999, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_of_nothing(self, count: Count, filter: ProductFilter) -> None:
        assert count(filter) == Counts(categories={}, price_range=(None, None), in_stock=0, on_sale=0)

    def test_of_no_category(self, count: Count) -> None:
        Product.objects.all().delete()
        Category.objects.all().delete()
        assert count(ProductFilter()) == Counts(
            categories={}, price_range=(None, None), in_stock=0, on_sale=0
        )

    def test_stop_counting(self, count: Count, light: Category, seats: Category) -> None:
        make_products(MAX_FACET + 1, category=light, stock=1, discount=Decimal(10))
        counts = count(ProductFilter())
        assert counts.categories == {light.pk: MAX_FACET, seats.pk: 1}
        assert (counts.in_stock, counts.on_sale) == (MAX_FACET, MAX_FACET)

    def test_of_a_search(self, seats: Category) -> None:
        facets = Facets(found=search("cha").counted, filter=ProductFilter(on_sale=True), bounded=True)
        assert facets.counts == Counts(
            categories={seats.pk: 1}, price_range=(Decimal(30), Decimal(30)), in_stock=1, on_sale=1
        )

    def test_of_a_seller_with_few_and_with_many(self, light: Category, seats: Category) -> None:
        few, many = make_user(first_name="Few"), make_user(first_name="Many")
        make_product(category=seats, user=few)
        make_products(FEW + 1, category=light, user=many)
        of_few = Facets(found=products(), filter=ProductFilter(seller=few.profile.slug, in_stock=True))
        assert (of_few.counts.categories, of_few.counts.in_stock) == ({seats.pk: 1}, 1)
        of_many = Facets(found=products(), filter=ProductFilter(seller=many.profile.slug))
        assert (of_many.counts.categories, of_many.counts.in_stock) == ({light.pk: FEW + 1}, 0)

    @pytest.mark.parametrize(
        ("filter", "statements"),
        [
            (ProductFilter(), 1),
            (ProductFilter(categories=["light"], max_price=Decimal(50), in_stock=True, on_sale=True), 2),
            (ProductFilter(seller="ada-seller"), 2),
        ],
    )
    def test_statements(
        self, django_assert_num_queries: DjangoAssertNumQueries, filter: ProductFilter, statements: int
    ) -> None:
        make_product(user=make_user(first_name="Ada", last_name="Seller"))
        facets = Facets(found=products(), filter=filter)
        with django_assert_num_queries(statements):
            assert facets.counts == facets.counts
