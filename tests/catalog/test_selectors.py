from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from api.keyset import Paging, Slice, Sort
from catalog.models import Product
from catalog.selectors import (
    FEW,
    Branch,
    ProductFilter,
    editable_products,
    narrow,
    narrow_list,
    products,
    resolve,
)
from catalog.types.objects import merge_of
from tests.factories import make_category, make_product, make_products, make_staff, make_user

pytestmark = pytest.mark.django_db

BRANCH, BRANCHES = Branch(keys=(1,), tops=(1,)), Branch(keys=(1, 2), tops=(1, 2))
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def names(filter: ProductFilter) -> set[str]:
    return {product.name for product in narrow(products(), filter)}


def listed(filter: ProductFilter, *, order: str) -> set[str]:
    """Return the names of a page of 100, as the API reads it."""
    found = narrow_list(products(), resolve(filter), order=order)
    merge = merge_of(found) if found.merged else None
    cut = Slice.of(found.products, sort=Sort((order, "slug")), paging=Paging(first=100))
    return {product.name for product in cut.one_more(found.products, merge=merge)}


class TestNarrowed:
    @pytest.fixture(autouse=True)
    def _products(self) -> None:
        ada = make_user(first_name="Ada", last_name="Seller")
        light, seats = make_category("Light"), make_category("Seats")
        make_product(name="lamp", category=light, user=ada, price=Decimal(10), stock=0, added_at=DAY)
        make_product(
            name="candle",
            category=light,
            price=Decimal(20),
            discount=Decimal(50),
            added_at=DAY + timedelta(days=1),
        )
        make_product(
            name="chair", category=seats, user=ada, price=Decimal(30), added_at=DAY + timedelta(days=2)
        )
        Product.objects.filter(name="chair").update(rated_4=1)
        Product.objects.filter(name="candle").update(rated_3=1, rated_4=1)

    @pytest.mark.parametrize(
        ("conditions", "expected"),
        [
            ({}, {"lamp", "candle", "chair"}),
            ({"categories": ["light"]}, {"lamp", "candle"}),
            ({"categories": ["light", "seats"]}, {"lamp", "candle", "chair"}),
            ({"categories": ["nowhere"]}, set()),
            ({"categories": []}, set()),
            ({"seller": "ada-seller"}, {"lamp", "chair"}),
            ({"seller": "nobody"}, set()),
            ({"min_price": Decimal(10)}, {"lamp", "candle", "chair"}),
            ({"min_price": Decimal("10.01")}, {"chair"}),
            ({"max_price": Decimal(10)}, {"lamp", "candle"}),
            ({"max_price": Decimal("9.99")}, set()),
            ({"min_price": Decimal(11), "max_price": Decimal(30)}, {"chair"}),
            ({"in_stock": True}, {"candle", "chair"}),
            ({"in_stock": False}, {"lamp"}),
            ({"on_sale": True}, {"candle"}),
            ({"on_sale": False}, {"lamp", "chair"}),
            ({"min_rating": 4.0}, {"chair"}),
            ({"min_rating": 3.5}, {"chair", "candle"}),
            ({"added_after": DAY}, {"candle", "chair"}),
            ({"added_after": DAY + timedelta(days=2)}, set()),
            ({"categories": ["light"], "in_stock": True}, {"candle"}),
        ],
    )
    def test_each_condition(self, conditions: dict[str, Any], expected: set[str]) -> None:
        filter = ProductFilter(**conditions)
        assert names(filter) == expected
        for order in ("added_at", "final_price", "discount"):
            assert {product.name for product in narrow(products(), filter, order=order)} == expected
            assert listed(filter, order=order) == expected

    @pytest.mark.parametrize(
        ("bound", "expected"),
        [
            ("0.00000000000000000000000000000000000001", {"lamp", "candle", "chair"}),
            ("10.004", {"chair"}),
            ("99999999999999999999999999999999999999", set()),
            ("-99999999999999999999999999999999999999", {"lamp", "candle", "chair"}),
        ],
    )
    def test_a_bound_may_be_any_number(self, bound: str, expected: set[str]) -> None:
        assert names(ProductFilter(min_price=Decimal(bound))) == expected
        assert names(ProductFilter(max_price=Decimal(bound))) == {"lamp", "candle", "chair"} - expected


class TestListed:
    def test_more_than_few(self) -> None:
        make_product(name="other", price=Decimal(9))
        make_products(FEW + 1, price=Decimal(10))
        filter = ProductFilter(min_price=Decimal(10))
        assert narrow_list(products(), filter, order="added_at").products.count() == FEW + 1

    @pytest.mark.parametrize(
        ("filter", "order", "looks"),
        [
            (ProductFilter(min_price=Decimal(10), branch=BRANCH), "final_price", 0),
            (ProductFilter(min_price=Decimal(10), branch=BRANCH), "added_at", 1),
            (ProductFilter(branch=BRANCHES), "added_at", 0),
            (ProductFilter(min_price=Decimal(10), branch=BRANCHES), "final_price", 0),
            (ProductFilter(min_price=Decimal(10), branch=BRANCHES), "added_at", 1),
            (ProductFilter(seller="ada-seller"), "added_at", 0),
            (ProductFilter(seller="ada-seller"), "final_price", 0),
            (ProductFilter(seller="ada-seller"), "sort_name", 1),
            (ProductFilter(in_stock=True), "added_at", 1),
        ],
    )
    def test_looks_only_where_an_index_would_be_left(
        self,
        django_assert_num_queries: DjangoAssertNumQueries,
        filter: ProductFilter,
        order: str,
        looks: int,
    ) -> None:
        with django_assert_num_queries(looks):
            narrow_list(products(), filter, order=order)


class TestEditableProducts:
    def test_are_ones_own_and_all_for_the_staff(self) -> None:
        seller, other = make_user(), make_user()
        mine, theirs = make_product(user=seller), make_product(user=other)
        assert set(editable_products(seller)) == {mine}
        assert set(editable_products(make_staff())) == {mine, theirs}
