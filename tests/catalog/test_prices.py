"""The history of final prices, and the lowest price before a reduction."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import PriceChange, Product
from catalog.prices import lowest_prior_prices, record_prices
from catalog.services import create_product, update_product
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_seller, variant_of

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)
PRIOR = """
    query($id: ID!) {
      node(id: $id) {
        ... on Product { lowestPriorPrice { amount } variants { title onSale lowestPriorPrice { amount } } }
      }
    }
"""

SetPrices = Callable[..., Product]


@pytest.fixture
def sell() -> SetPrices:
    """Sell a product at each price from a day on. A price is a number, or a list price with its discount."""

    def set_prices(*changes: tuple[int, int | tuple[int, int]]) -> Product:
        seller, product = make_seller(), None
        for day, price in changes:
            listed, discount = price if isinstance(price, tuple) else (price, 0)
            fields: Any = {"price": Decimal(listed), "discount": Decimal(discount)}
            now = START + timedelta(days=day)
            if product is None:
                new: Any = {
                    "category": make_category().slug,
                    "name": "Lamp",
                    "description": "A lamp.",
                    "stock": 1,
                }
                product = create_product(user=seller, fields=new | fields, now=now)
            else:
                update_product(user=seller, product_pk=product.pk, changes=fields, now=now)
        assert product
        return product

    return set_prices


def prior_price(product: Product) -> Decimal | None:
    variant = variant_of(product)
    return lowest_prior_prices([variant.pk]).get(variant.pk)


class TestRecordPrices:
    def test_each_change_is_a_row(self, sell: SetPrices) -> None:
        product = sell((0, 100), (5, (100, 20)), (9, 100))
        changes = PriceChange.objects.values_list("final_price", "since")
        assert list(changes.filter(variant=variant_of(product))) == [
            (Decimal(100), START),
            (Decimal(80), START + timedelta(days=5)),
            (Decimal(100), START + timedelta(days=9)),
        ]

    def test_the_same_price_is_no_change(self, sell: SetPrices) -> None:
        sell((0, 100), (5, (125, 20)), (9, 100))
        assert PriceChange.objects.count() == 1

    def test_a_clock_that_is_behind_replaces_the_last_price(self, sell: SetPrices) -> None:
        sell((5, 100), (0, 90))
        assert list(PriceChange.objects.values_list("final_price", "since")) == [
            (Decimal(90), START + timedelta(days=5))
        ]

    def test_only_variants_of_the_products(self) -> None:
        lamp, mug = make_product(), make_product()
        PriceChange.objects.all().delete()
        record_prices({lamp.pk}, now=START)
        assert [change.variant.product for change in PriceChange.objects.all()] == [lamp]
        assert mug.variants.exists()

    def test_takes_one_statement(self, django_assert_num_queries: Any) -> None:
        products = [make_product(price=Decimal(price)) for price in range(1, 6)]
        PriceChange.objects.all().delete()
        with django_assert_num_queries(1):
            record_prices({product.pk for product in products}, now=START)
        assert PriceChange.objects.count() == 5

    def test_the_audit_finds_a_price_that_was_not_recorded(self) -> None:
        product = make_product()
        call_command("audit")
        PriceChange.objects.update(final_price=1)
        with pytest.raises(CommandError):
            call_command("audit")
        record_prices({product.pk}, now=START + timedelta(days=999))
        call_command("audit")


class TestLowestPriorPrices:
    """In days, and prices from then on. The last one is the present price."""

    @pytest.mark.parametrize(
        ("changes", "lowest"),
        [
            pytest.param([(0, 490), (200, 440)], 490, id="the price in force when the window opens counts"),
            pytest.param([(0, 80), (10, 100), (20, 90)], 80, id="raised before the reduction"),
            pytest.param([(0, 37), (10, 21), (20, 30)], 21, id="a reduction within the window"),
            pytest.param([(0, 37), (5, 20), (10, 37), (15, 20)], 20, id="twice within the window"),
            pytest.param([(0, 37), (5, 20), (10, 37), (50, 20)], 37, id="the first reduction is over"),
            pytest.param([(0, 20), (10, 37), (40, 30)], 37, id="ended as the window opened"),
            pytest.param([(0, 20), (11, 37), (40, 30)], 20, id="ended a day after it opened"),
            pytest.param([(0, 100), (1, 75)], 100, id="history begins at creation"),
            pytest.param([(0, 100)], None, id="never another price"),
        ],
    )
    def test_lowest(self, sell: SetPrices, changes: list[tuple[int, int]], lowest: int | None) -> None:
        assert prior_price(sell(*changes)) == lowest

    def test_of_each_variant(self) -> None:
        seller = make_seller()
        shirt = make_product(
            user=seller, options=["Size"], variants=[{"values": "S"}, {"values": "M", "price": Decimal(12)}]
        )
        small, medium = variant_of(shirt, "S"), variant_of(shirt, "M")
        PriceChange.objects.update(since=START)
        fields: Any = {
            "variants": [
                {"id": small.pk, "option_values": ["S"], "price": Decimal(9)},
                {"id": medium.pk, "option_values": ["M"]},
            ]
        }
        update_product(user=seller, product_pk=shirt.pk, changes=fields, now=START + timedelta(days=3))
        assert lowest_prior_prices([small.pk, medium.pk]) == {small.pk: 10}


class TestLowestPriorPrice:
    def test_while_on_sale(self, api: GraphQLClient, sell: SetPrices) -> None:
        product = sell((0, 80), (10, 100), (20, (100, 10)))
        answer = api.run(PRIOR, id=global_id("Product", product.pk))
        assert answer["node"]["variants"] == [
            {"title": "", "onSale": True, "lowestPriorPrice": {"amount": "80.00"}}
        ]
        assert answer["node"]["lowestPriorPrice"] == {"amount": "80.00"}

    def test_not_on_sale(self, api: GraphQLClient, sell: SetPrices) -> None:
        product = sell((0, (100, 20)), (10, 100))
        answer = api.run(PRIOR, id=global_id("Product", product.pk))
        assert answer["node"]["variants"] == [{"title": "", "onSale": False, "lowestPriorPrice": None}]
        assert answer["node"]["lowestPriorPrice"] is None

    def test_reduced_from_the_start(self, api: GraphQLClient, sell: SetPrices) -> None:
        product = sell((0, (100, 20)))
        answer = api.run(PRIOR, id=global_id("Product", product.pk))
        assert answer["node"]["variants"] == [{"title": "", "onSale": True, "lowestPriorPrice": None}]
        assert answer["node"]["lowestPriorPrice"] is None

    def test_of_a_product_is_the_lowest_of_the_variants_that_have_its_price(self, api: GraphQLClient) -> None:
        """The cheapest and the dearest do not count: one is sold out, and the other is not what the list shows."""
        seller = make_seller()
        shirt = make_product(
            user=seller,
            options=["Size"],
            variants=[
                {"values": [size], "price": Decimal(price), "stock": stock}
                for size, price, stock in (("S", 30, 1), ("M", 20, 1), ("L", 5, 0), ("XL", 7, 1))
            ],
        )
        PriceChange.objects.update(since=START)
        prices = {"S": (20, 10), "M": (20, 10), "L": (20, 50), "XL": (50, 10)}
        fields: Any = {
            "variants": [
                {
                    "id": variant_of(shirt, size).pk,
                    "option_values": [size],
                    "price": Decimal(price),
                    "discount": Decimal(discount),
                }
                for size, (price, discount) in prices.items()
            ]
        }
        update_product(user=seller, product_pk=shirt.pk, changes=fields, now=START + timedelta(days=3))
        answer = api.run(PRIOR, id=global_id("Product", shirt.pk))
        assert answer["node"]["lowestPriorPrice"] == {"amount": "20.00"}

    def test_of_products_takes_two_more_statements_for_a_list(
        self, api: GraphQLClient, sell: SetPrices, django_assert_num_queries: Any
    ) -> None:
        query = "{ products { nodes { onSale lowestPriorPrice { amount } } } }"
        for _ in range(4):
            sell((0, 100), (5, (100, 20)))
        api.run(query)
        with django_assert_num_queries(3):
            answer = api.run(query)
        assert answer["products"]["nodes"] == [{"onSale": True, "lowestPriorPrice": {"amount": "100.00"}}] * 4

    def test_takes_one_more_statement_for_a_list(
        self, api: GraphQLClient, sell: SetPrices, django_assert_num_queries: Any
    ) -> None:
        query = "{ products { nodes { variants { lowestPriorPrice { amount } } } } }"
        for _ in range(4):
            sell((0, 100), (5, (100, 20)))
        api.run(query)
        with django_assert_num_queries(3):
            answer = api.run(query)
        prices = [
            variant["lowestPriorPrice"]["amount"]
            for product in answer["products"]["nodes"]
            for variant in product["variants"]
        ]
        assert prices == ["100.00"] * 4
