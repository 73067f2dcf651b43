"""Variants of one product, bought and changed at the same moment: stocks, sums and prices are right afterwards."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from catalog.models import Product, ProductVariant
from catalog.services import update_product
from catalog.stock import lock_products, sum_up
from orders.audit import differences
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_staff, make_user, set_stock, variant_of
from tests.orders.conftest import checkout
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ADD = """
    mutation($id: ID!, $quantity: Int! = 1) {
      addToCart(input: {variantId: $id, quantity: $quantity}) { __typename }
    }
"""


def make_shirt(*stocks: int) -> Product:
    """Make a product with variants at 10.00, 11.00 and so on."""
    return make_product(
        user=make_staff(),
        name="Shirt",
        options=["Size"],
        variants=[
            {"values": [str(number)], "price": Decimal(10 + number), "stock": stock}
            for number, stock in enumerate(stocks)
        ],
    )


def buyer_of(*variants: ProductVariant, quantity: int = 1) -> GraphQLClient:
    """Return the browser of a shopper with these variants in the cart."""
    browser = GraphQLClient()
    browser.force_login(make_user())
    for variant in variants:
        answer = browser.run(ADD, id=global_id("ProductVariant", variant.pk), quantity=quantity)
        assert answer["addToCart"]["__typename"] == "Cart"
    return browser


def assert_right(product: Product, *stocks: int, price: str) -> None:
    product.refresh_from_db()
    assert [variant.stock for variant in product.variants.all()] == list(stocks)
    assert (product.stock, str(product.final_price)) == (sum(stocks), price)
    assert list(differences(now=timezone.now())) == []


class TestLastUnits:
    @pytest.mark.parametrize("_attempt", range(5))
    def test_of_two_variants_at_once(self, _attempt: int) -> None:
        """Each checkout has to see that the other has sold out the other variant: the third one is the cheapest."""
        shirt = make_shirt(1, 1, 1)
        first, second, _ = shirt.variants.all()
        buyers = [buyer_of(first), buyer_of(second)]
        answers = at_once(*(partial(checkout, buyer) for buyer in buyers))
        assert {answer["__typename"] for answer in answers} == {"Order"}
        assert_right(shirt, 0, 0, 1, price="12.00")

    def test_of_one_while_the_others_sell(self) -> None:
        shirt = make_shirt(1, 20, 20)
        last, second, third = shirt.variants.all()
        buyers = [buyer_of(last) for _ in range(6)] + [buyer_of(second), buyer_of(third)] * 1
        buyers += [buyer_of(second, third) for _ in range(4)]
        answers = at_once(*(partial(checkout, buyer) for buyer in buyers))
        names = sorted(answer["__typename"] for answer in answers)
        assert names == ["InsufficientStock"] * 5 + ["Order"] * 7
        assert_right(shirt, 0, 15, 15, price="11.00")

    def test_sold_and_brought_back_at_once(self) -> None:
        shirt = make_shirt(1, 1)
        first, second = shirt.variants.all()
        tab = buyer_of(first)
        uuid = checkout(tab)["uuid"]
        cancel = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }"
        other = buyer_of(second)
        at_once(lambda: tab.run(cancel, uuid=uuid), lambda: checkout(other))
        assert_right(shirt, 1, 0, price="10.00")


class TestNoDeadlock:
    def test_of_variants_in_opposite_order(self) -> None:
        """The keys of the variants are in another order than those of their products."""
        one, two = make_shirt(50, 50), make_shirt(50, 50)
        for number, variant in enumerate(ProductVariant.objects.order_by("pk")):
            product = one if variant.product_id == two.pk else two
            ProductVariant.objects.filter(pk=variant.pk).update(option_1=f"moved {number}", product=product)
        with transaction.atomic():
            sum_up({one.pk, two.pk})
        variants = list(ProductVariant.objects.order_by("pk"))
        buyers = [buyer_of(*(variants if number % 2 else reversed(variants))) for number in range(8)]
        answers = at_once(*(partial(checkout, buyer) for buyer in buyers))
        assert {answer["__typename"] for answer in answers} == {"Order"}
        assert [variant.stock for variant in ProductVariant.objects.all()] == [42] * 4

    @pytest.mark.parametrize("_attempt", range(4))
    def test_of_drafts_beside_sales(self, _attempt: int) -> None:
        """An item of a draft names product and variant, which takes a share of their rows when it is committed."""
        shirt = make_shirt(50, 50)
        variants = list(shirt.variants.all())
        draft = "mutation { createOrder { ... on Order { uuid } } }"
        add = """mutation($order: UUID!, $id: ID!) {
            addOrderItem(input: {orderUuid: $order, variantId: $id}) { __typename } }"""
        actions: list[Any] = []
        for number in range(8):
            variant = variants[number % 2]
            if number < 4:
                actions.append(partial(checkout, buyer_of(variant, variants[1 - number % 2])))
            else:
                tab = buyer_of()
                uuid = tab.run(draft)["createOrder"]["uuid"]
                actions.append(partial(tab.run, add, order=uuid, id=global_id("ProductVariant", variant.pk)))
        answers = at_once(*actions)
        names = [next(iter(answer.values()))["__typename"] for answer in answers[4:]]
        assert [answer["__typename"] for answer in answers[:4]] + names == ["Order"] * 8
        assert_right(shirt, 46, 46, price="10.00")


class TestTheSeller:
    def test_two_sellers_lists_at_once(self) -> None:
        """One of the two lists is there in the end, and not a part of each."""
        shirt = make_shirt(5, 5)
        lists: Any = [
            [{"option_values": [f"{name}{number}"], "price": Decimal(9), "stock": 2} for number in range(3)]
            for name in "ab"
        ]
        saves = [
            partial(
                update_product,
                user=shirt.user,
                product_pk=shirt.pk,
                changes={"variants": variants},
                now=timezone.now(),
            )
            for variants in lists
        ]
        at_once(*saves)
        assert {variant.option_1[0] for variant in shirt.variants.all()} in ({"a"}, {"b"})
        assert_right(shirt, 2, 2, 2, price="9.00")

    def test_two_products_with_the_same_sku_at_once(self) -> None:
        products = [make_product(user=make_staff()) for _ in range(4)]

        def name_it(product: Product) -> str:
            try:
                update_product(
                    user=product.user, product_pk=product.pk, changes={"sku": "LAMP-1"}, now=timezone.now()
                )
            except Exception as error:  # its name is what the test compares
                return type(error).__name__
            return "saved"

        results = at_once(*(partial(name_it, product) for product in products))
        assert sorted(results) == ["ValidationError"] * 3 + ["saved"]
        assert ProductVariant.objects.filter(sku="LAMP-1").count() == 1

    def test_a_variant_is_removed_while_it_is_bought(self) -> None:
        """The checkout waits for the seller, and is refused then."""
        shirt = make_shirt(5, 5)
        first, second = shirt.variants.all()
        tab = buyer_of(first, second)

        def buy() -> dict[str, Any]:
            try:
                return checkout(tab)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                lock_products({shirt.pk})
                first.delete()
                sum_up({shirt.pk})
                bought = pool.submit(buy)
                with pytest.raises(TimeoutError):
                    bought.result(timeout=0.5)
            answer = bought.result(timeout=30)
        assert (answer["__typename"], answer["name"]) == ("ProductUnavailable", "Shirt")
        shirt.refresh_from_db()
        assert (shirt.stock, variant_of(shirt).stock) == (5, 5)

    def test_stocks_set_beside_sales(self) -> None:
        shirt = make_shirt(5, 5)
        first, second = shirt.variants.all()
        buyers = [buyer_of(first), buyer_of(second)]
        at_once(
            partial(checkout, buyers[0]),
            partial(checkout, buyers[1]),
            partial(set_stock, shirt, 0, "0"),
            partial(set_stock, shirt, 9, "1"),
        )
        stocks = [variant.stock for variant in shirt.variants.all()]
        shirt.refresh_from_db()
        assert shirt.stock == sum(stocks)
        assert list(differences(now=timezone.now())) == []
