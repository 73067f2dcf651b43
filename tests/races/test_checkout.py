"""Many shoppers at once: no unit is sold twice, and nobody buys twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from catalog.models import Product, StockMovement
from catalog.prices import record_prices
from catalog.stock import lock_products, sum_up
from orders.audit import differences
from orders.models import CartItem, Order
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_user, set_stock
from tests.orders.conftest import ADDRESS, add_to_cart, checkout
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def browser(user: User | None = None) -> GraphQLClient:
    client = GraphQLClient()
    if user:
        client.force_login(user)
    return client


def clone(client: GraphQLClient) -> GraphQLClient:
    """Return another tab of the same browser, with the same session."""
    tab = GraphQLClient()
    tab.cookies = client.cookies
    return tab


def assert_ledger(product: Product) -> None:
    total = StockMovement.objects.filter(product=product).aggregate(total=Sum("delta"))["total"]
    product.refresh_from_db()
    assert product.stock == total >= 0


class TestCheckout:
    def test_twenty_buyers_of_the_last_unit(self) -> None:
        last = make_product(stock=1)
        buyers = [browser() for _ in range(20)]
        for buyer in buyers:
            add_to_cart(buyer, last)
        answers = at_once(*(partial(checkout, buyer) for buyer in buyers))
        names = sorted(answer["__typename"] for answer in answers)
        assert names == ["InsufficientStock"] * 19 + ["Order"]
        assert Order.objects.count() == 1
        assert_ledger(last)
        assert last.stock == 0

    def test_two_tabs_with_the_same_cart(self) -> None:
        product = make_product(stock=10)
        tab = browser()
        add_to_cart(tab, product, 2)
        answers = at_once(partial(checkout, clone(tab)), partial(checkout, clone(tab)))
        assert sorted(answer["__typename"] for answer in answers) == ["CartEmpty", "Order"]
        assert Order.objects.count() == 1
        assert_ledger(product)
        assert product.stock == 8

    def test_the_same_key_ten_times(self) -> None:
        product = make_product(stock=10)
        tab = browser()
        add_to_cart(tab, product)
        key = str(uuid4())
        answers = at_once(*(partial(checkout, clone(tab), idempotencyKey=key) for _ in range(10)))
        assert {answer["__typename"] for answer in answers} == {"Order"}
        assert len({answer["uuid"] for answer in answers}) == 1
        assert len({answer["payment"]["clientSecret"] for answer in answers} - {None}) == 1
        assert_ledger(product)
        assert product.stock == 9

    def test_the_same_products_in_opposite_order(self) -> None:
        """No deadlock: every transaction locks products in the order of their keys."""
        one, two = make_product(stock=50), make_product(stock=50)
        shoppers = [browser(make_user()) for _ in range(8)]
        for index, shopper in enumerate(shoppers):
            for product in (one, two) if index % 2 else (two, one):
                add_to_cart(shopper, product)
        answers = at_once(*(partial(checkout, shopper) for shopper in shoppers))
        assert {answer["__typename"] for answer in answers} == {"Order"}
        for product in (one, two):
            assert_ledger(product)
            assert product.stock == 42

    def test_no_more_than_three_pending_orders(self) -> None:
        """Placing is serialized for each owner, so that simultaneous orders cannot exceed the limit."""
        user = make_user()
        product = make_product(stock=50)
        draft = "mutation { createOrder { ... on Order { uuid } } }"
        add = """mutation($order: UUID!, $product: ID!) {
            addOrderItem(input: {orderUuid: $order, productId: $product}) { __typename } }"""
        place = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename } }"""
        tabs = [browser(user) for _ in range(6)]
        inputs = []
        for tab in tabs:
            uuid = tab.run(draft)["createOrder"]["uuid"]
            tab.run(add, order=uuid, product=global_id("Product", product.pk))
            inputs.append({"orderUuid": uuid, "shipping": ADDRESS})
        answers = at_once(
            *(partial(tab.send, place, input=input) for tab, input in zip(tabs, inputs, strict=True))
        )
        kinds = [answer["data"]["placeOrder"]["__typename"] for answer in answers]
        assert sorted(kinds) == ["Order"] * 3 + ["TooManyOpenOrders"] * 3
        assert Order.objects.filter(status="pending").count() == 3


class TestCheckoutWaits:
    """A checkout waits for a transaction that changes a product, and then reads the committed values."""

    @staticmethod
    def while_buying(change: Callable[[Product], Any], *, quantity: int = 2) -> dict[str, Any]:
        """Check out while a change of the product is not committed yet, and return the answer."""
        lamp, rug = make_product(name="Lamp", stock=5), make_product(name="Rug")
        tab = browser()
        add_to_cart(tab, rug)
        add_to_cart(tab, lamp, quantity)

        def buy() -> dict[str, Any]:
            try:
                return checkout(tab)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                change(lock_products({lamp.pk})[lamp.pk])
                bought = pool.submit(buy)
                with pytest.raises(TimeoutError):
                    bought.result(timeout=0.5)
            return bought.result(timeout=30)

    def test_a_price(self) -> None:
        def reprice(lamp: Product) -> None:
            lamp.variants.update(price=12, final_price=12)
            sum_up({lamp.pk})
            record_prices({lamp.pk}, now=timezone.now())

        answer = self.while_buying(reprice)
        assert [item["unitPrice"]["amount"] for item in answer["items"]] == ["10.00", "12.00"]
        assert answer["amount"]["amount"] == "34.00"
        assert list(differences(now=timezone.now())) == []

    def test_a_name_and_a_weight(self) -> None:
        def change(lamp: Product) -> None:
            Product.objects.filter(pk=lamp.pk).update(name="Lantern")
            lamp.variants.update(weight_grams=900)

        answer = self.while_buying(change)
        assert [item["name"] for item in answer["items"]] == ["Rug", "Lantern"]

    def test_the_stock(self) -> None:
        answer = self.while_buying(partial(set_stock, stock=1, now=timezone.now()))
        assert (answer["__typename"], answer["requested"], answer["available"]) == ("InsufficientStock", 2, 1)
        self.assert_nothing_is_bought()

    def test_its_being_sold_at_all(self) -> None:
        answer = self.while_buying(lambda lamp: lamp.delete())
        assert (answer["__typename"], answer["name"]) == ("ProductUnavailable", "Lamp")
        self.assert_nothing_is_bought()

    @staticmethod
    def assert_nothing_is_bought() -> None:
        assert not Order.objects.exists()
        assert CartItem.objects.count() == 2
        for product in Product.objects.all():
            assert_ledger(product)


class TestAddToCart:
    def test_twenty_times_in_one_session(self) -> None:
        product = make_product(stock=50)
        other = make_product()
        tab = browser()
        add_to_cart(tab, other)  # creates the session
        at_once(*(partial(add_to_cart, clone(tab), product) for _ in range(20)))
        assert CartItem.objects.get(product=product).quantity == 20

    def test_ten_times_with_one_key(self) -> None:
        product, user = make_product(stock=50), make_user()
        input = {"productId": global_id("Product", product.pk), "idempotencyKey": str(uuid4())}
        document = "mutation($input: CartItemInput!) { addToCart(input: $input) { __typename } }"
        tabs = [browser(user) for _ in range(10)]
        at_once(*(partial(tab.run, document, input=input) for tab in tabs))
        assert CartItem.objects.get(product=product).quantity == 1

    def test_never_over_what_can_be_paid_at_once(self) -> None:
        palaces = [make_product(price=Decimal(400_000)) for _ in range(6)]
        tab = browser(make_user())
        answers = at_once(*(partial(add_to_cart, clone(tab), palace) for palace in palaces))
        names = sorted(answer["__typename"] for answer in answers)
        assert names == ["Cart"] * 2 + ["ValidationError"] * 4
        assert CartItem.objects.count() == 2

    def test_never_over_the_stock(self) -> None:
        product = make_product(stock=5)
        tab = browser(make_user())
        at_once(*(partial(add_to_cart, clone(tab), product) for _ in range(8)))
        assert CartItem.objects.get(product=product).quantity == 5
