"""Limits on the stock that unpaid orders hold: by owner, by address, and by product."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog.models import Product, ProductVariant
from catalog.selectors import fully_held
from orders.audit import differences
from orders.models import Order, OrderStatus, Payment
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_user, variant_of
from tests.orders.conftest import ADDRESS, CHECKOUT, Bank, add_to_cart, checkout, nothing_changes, status_of

pytestmark = pytest.mark.django_db

PLACE = """
    mutation($input: PlaceOrderInput!) {
      placeOrder(input: $input) {
        __typename ... on InsufficientStock { available } ... on TooManyOpenOrders { orders { uuid } }
      }
    }
"""


def count_held(product: Product) -> int:
    return variant_of(product).held


def buy(product: Product, quantity: int = 1, *, api: GraphQLClient | None = None) -> dict[str, Any]:
    """Check out as the shopper, by default a new one, and return the answer."""
    shopper = api or GraphQLClient()
    add_to_cart(shopper, product, quantity)
    return checkout(shopper)


def refuse_checkout(api: GraphQLClient, **extra: Any) -> str:
    return api.expect_refusal(CHECKOUT, input={"shipping": ADDRESS, "idempotencyKey": str(uuid4()), **extra})


def books_are_right() -> bool:
    return list(differences(now=timezone.now())) == []


class TestShareOfAProduct:
    def test_no_more_than_half_of_a_large_stock(self) -> None:
        lamp = make_product(name="Lamp", stock=100)
        shopper = GraphQLClient()
        add_to_cart(shopper, lamp, 51)
        with nothing_changes():
            answer = checkout(shopper)
        assert (answer["__typename"], answer["requested"], answer["available"]) == (
            "InsufficientStock",
            51,
            50,
        )
        assert answer["message"] == "One order can take 50 of “Lamp” until it is paid."
        assert buy(lamp, 50)["__typename"] == "Order"
        assert count_held(lamp) == 50
        assert books_are_right()

    def test_one_owner_cannot_shut_out_the_others(self) -> None:
        lamp, hoarder = make_product(name="Lamp", stock=100), GraphQLClient()
        for quantity in (50, 25, 12):
            assert buy(lamp, quantity, api=hoarder)["__typename"] == "Order"
        add_to_cart(hoarder, lamp, 6)
        with nothing_changes():
            assert checkout(hoarder)["__typename"] == "TooManyOpenOrders"
        assert buy(lamp, 6)["__typename"] == "Order"
        assert books_are_right()

    @pytest.mark.parametrize("stock", [1, 2, 10])
    def test_all_of_a_small_one(self, stock: int) -> None:
        product = make_product(stock=stock)
        assert buy(product, stock)["__typename"] == "Order"
        assert Product.objects.get().stock == 0

    def test_the_settings(self, settings: Settings) -> None:
        settings.STORE_HOLD_SHARE, settings.STORE_HOLD_MINIMUM = 25, 1
        product = make_product(stock=8)
        assert buy(product, 3)["available"] == 2
        assert buy(product, 2)["__typename"] == "Order"
        settings.STORE_HOLD_SHARE = 100
        assert buy(product, 6)["__typename"] == "Order"

    def test_what_is_paid_is_not_held(self, api: GraphQLClient, bank: Bank) -> None:
        product = make_product(stock=20)
        order = buy(product, 10, api=api)
        assert count_held(product) == 10
        bank.pay(order["uuid"])
        assert count_held(product) == 0
        assert books_are_right()

    @pytest.mark.parametrize("ship", [True, False])
    def test_nothing_of_a_gift_is_held(self, api: GraphQLClient, settings: Settings, ship: bool) -> None:
        settings.STORE_SHIP_ON_PAYMENT = ship
        gift = make_product(stock=20, price=Decimal(0))
        buy(gift, 5, api=api)
        assert count_held(gift) == 0
        assert books_are_right()

    def test_what_is_cancelled_is_not_held(self, api: GraphQLClient) -> None:
        product = make_product(stock=20)
        uuid = buy(product, 10, api=api)["uuid"]
        document = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { ... on Order { status } } }"
        api.run(document, uuid=uuid)
        assert (count_held(product), Product.objects.get().stock) == (0, 20)
        assert books_are_right()

    def test_of_a_paid_order_that_is_cancelled(
        self, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        product = make_product(stock=20)
        uuid = buy(product, 10, api=api)["uuid"]
        bank.pay(uuid)
        waiting = buy(product, 3)["uuid"]
        document = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { ... on Order { status } } }"
        api.run(document, uuid=uuid)
        assert (count_held(product), Product.objects.get().stock, status_of(waiting)) == (3, 17, "pending")
        assert books_are_right()

    def test_drafts_too(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        api, product = signed_in(make_user()), make_product(stock=30)
        uuid = api.run("mutation { createOrder { ... on Order { uuid } } }")["createOrder"]["uuid"]
        add = """mutation($order: UUID!, $product: ID!) {
            addOrderItem(input: {orderUuid: $order, productId: $product, quantity: 16}) { __typename } }"""
        api.run(add, order=uuid, product=global_id("Product", product.pk))
        with nothing_changes():
            answer = api.run(PLACE, input={"orderUuid": uuid, "shipping": ADDRESS})["placeOrder"]
        assert answer == {"__typename": "InsufficientStock", "available": 15}

    def test_the_audit_sees_a_wrong_count(self) -> None:
        product = make_product(stock=20)
        buy(product)
        ProductVariant.objects.update(held=2)
        [difference] = differences(now=timezone.now())
        assert (difference.check, difference.detail) == ("held", "2 are held, pending orders have taken 1")


class TestFullyHeld:
    def test_is_sold_out_for_unpaid_orders(self) -> None:
        small, free, _sold_out = (make_product(stock=stock) for stock in (3, 40, 0))
        buy(small, 2)
        buy(free, 19)
        assert set(fully_held()) == set()
        buy(small, 1)
        assert set(fully_held()) == {small}


class TestOwner:
    def test_units(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_HOLD_UNITS = 5
        product = make_product(stock=10)
        uuid = buy(product, 3, api=api)["uuid"]
        add_to_cart(api, product, 3)
        with nothing_changes():
            refused = checkout(api)
        assert refused["__typename"] == "TooManyOpenOrders"
        assert refused["message"].startswith(
            "Unpaid orders can hold at most 100 products and 5 pieces together."
        )
        assert refused["orders"] == [{"uuid": uuid, "status": "PENDING"}]
        assert buy(product, 3)["__typename"] == "Order"

    def test_what_is_too_much_by_itself_names_no_order(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_HOLD_UNITS = 5
        product = make_product(stock=20)
        buy(product, 1, api=api)
        add_to_cart(api, product, 6)
        with nothing_changes():
            assert refuse_checkout(api) == "RATE_LIMITED"

    def test_lines(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_HOLD_LINES = 2
        for _ in range(3):
            add_to_cart(api, make_product())
        with nothing_changes():
            assert refuse_checkout(api) == "RATE_LIMITED"

    def test_of_drafts(self, settings: Settings, signed_in: Callable[[User], GraphQLClient]) -> None:
        settings.STORE_HOLD_UNITS = 5
        api, product = signed_in(make_user()), make_product(stock=10)
        pending = buy(product, 3, api=api)["uuid"]
        uuid = api.run("mutation { createOrder { ... on Order { uuid } } }")["createOrder"]["uuid"]
        add = """mutation($order: UUID!, $product: ID!) {
            addOrderItem(input: {orderUuid: $order, productId: $product, quantity: 3}) { __typename } }"""
        api.run(add, order=uuid, product=global_id("Product", product.pk))
        with nothing_changes():
            refused = api.run(PLACE, input={"orderUuid": uuid, "shipping": ADDRESS})["placeOrder"]
        assert refused == {"__typename": "TooManyOpenOrders", "orders": [{"uuid": pending}]}

    def test_an_order_that_is_paid_no_longer_counts(
        self, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_HOLD_UNITS = 5
        product = make_product(stock=10)
        bank.pay(buy(product, 5, api=api)["uuid"])
        assert buy(product, 5, api=api)["__typename"] == "Order"


class TestAddress:
    def test_many_visitors_of_one_address(self, settings: Settings) -> None:
        settings.STORE_HOLD_ADDRESS_UNITS = 5
        product = make_product(stock=10)
        assert buy(product, 3)["__typename"] == "Order"
        shopper = GraphQLClient()
        add_to_cart(shopper, product, 3)
        with nothing_changes():
            assert refuse_checkout(shopper) == "RATE_LIMITED"
        elsewhere = GraphQLClient(REMOTE_ADDR="203.0.113.9")
        assert buy(product, 3, api=elsewhere)["__typename"] == "Order"

    def test_lines(self, settings: Settings) -> None:
        settings.STORE_HOLD_ADDRESS_LINES = 1
        buy(make_product())
        shopper = GraphQLClient()
        add_to_cart(shopper, make_product())
        with nothing_changes():
            assert refuse_checkout(shopper) == "RATE_LIMITED"

    def test_a_repeated_key_and_a_refusal_do_not_count(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_HOLD_ADDRESS_LINES = 2
        key = str(uuid4())
        add_to_cart(api, make_product())
        for _ in range(3):
            assert checkout(api, idempotencyKey=key)["__typename"] == "Order"
        add_to_cart(api, make_product())
        assert checkout(api, expectedTotal="1.00")["__typename"] == "TotalChanged"
        assert checkout(api)["__typename"] == "Order"


class TestExpiry:
    def order(self) -> Order:
        return Order.objects.get()

    def test_an_order_that_nobody_tries_to_pay_has_little_time(self, api: GraphQLClient) -> None:
        buy(make_product(), api=api)
        payment = Payment.objects.get()
        assert self.order().expires_at == payment.created_at + timedelta(minutes=10)

    @pytest.mark.parametrize("outcome", ["declined", "requires_action", "processing"])
    def test_trying_prolongs_it_once(self, api: GraphQLClient, bank: Bank, outcome: Any) -> None:
        uuid = buy(make_product(), api=api)["uuid"]
        for _ in range(2):
            if outcome == "declined" or status_of_payment() == "pending":
                bank.pay(uuid, outcome)
            assert self.order().expires_at == Payment.objects.get().created_at + timedelta(minutes=30)

    def test_one_that_was_tried_is_not_given_up_though_no_webhook_told(
        self, api: GraphQLClient, bank: Bank
    ) -> None:
        uuid = buy(make_product(), api=api)["uuid"]
        bank.fake.confirm(bank.intent(uuid), "requires_action")
        Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        call_command("expire_orders")
        assert self.order().status == OrderStatus.PENDING
        assert self.order().expires_at == Payment.objects.get().created_at + timedelta(minutes=30)

    def test_never_longer_than_the_expiry(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_ORDER_EXPIRY = timedelta(minutes=3)
        buy(make_product(), api=api)
        assert self.order().expires_at == Payment.objects.get().created_at + timedelta(minutes=3)

    def test_is_null_unless_the_order_is_pending(self, api: GraphQLClient, bank: Bank) -> None:
        document = "query($uuid: UUID!) { order(uuid: $uuid) { expiresAt } }"
        uuid = buy(make_product(), api=api)["uuid"]
        assert api.run(document, uuid=uuid)["order"]["expiresAt"]
        bank.pay(uuid)
        assert api.run(document, uuid=uuid)["order"]["expiresAt"] is None


def status_of_payment() -> str:
    return Payment.objects.get().status
