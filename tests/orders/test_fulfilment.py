"""Shipping and restocking."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Product
from orders.cancellation import cancel
from orders.errors import OrderNotRestockable, OrderNotShippable
from orders.fulfilment import restock, ship
from orders.models import Order
from orders.refunding import refund
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout, nothing_changes

pytestmark = pytest.mark.django_db

Placed = Callable[..., Order]


@pytest.fixture
def placed(api: GraphQLClient, bank: Bank, settings: Settings) -> Placed:
    """A pending order of 2 out of 10."""
    settings.STORE_SHIP_ON_PAYMENT = False

    def order(*, paid: bool) -> Order:
        add_to_cart(api, make_product(), quantity=2)
        uuid = checkout(api)["uuid"]
        if paid:
            bank.pay(uuid)
        return Order.objects.get(pk=UUID(uuid))

    return order


def give_all_back(order: Order) -> None:
    refund(order_uuid=order.pk, amount=order.amount, now=timezone.now())
    order.refresh_from_db()
    assert order.status == "refunded"


def stock() -> tuple[int, int]:
    product = Product.objects.get()
    return product.stock, product.sold_count


class TestShip:
    def test_ships_a_paid_order(self, placed: Placed) -> None:
        order, now = placed(paid=True), timezone.now()
        ship(order, now=now)
        order.refresh_from_db()
        assert (order.status, order.shipped_at) == ("shipped", now)
        assert stock() == (8, 2)

    def test_refuses_any_other(self, placed: Placed) -> None:
        order = placed(paid=False)
        with nothing_changes(), pytest.raises(OrderNotShippable, match="pending"):
            ship(order, now=timezone.now())
        cancel(order, now=timezone.now())
        with nothing_changes(), pytest.raises(OrderNotShippable, match="cancelled"):
            ship(order, now=timezone.now())

    def test_refuses_what_has_been_shipped(self, placed: Placed) -> None:
        order = placed(paid=True)
        ship(order, now=timezone.now())
        with nothing_changes(), pytest.raises(OrderNotShippable, match="shipped"):
            ship(order, now=timezone.now())

    def test_refuses_while_the_payment_is_disputed(self, placed: Placed) -> None:
        order = placed(paid=True)
        Order.objects.update(disputed_at=timezone.now())
        with nothing_changes(), pytest.raises(OrderNotShippable, match="disputed"):
            ship(order, now=timezone.now())


class TestRestock:
    def test_puts_back_what_was_refunded_after_shipping(self, placed: Placed) -> None:
        order = placed(paid=True)
        ship(order, now=timezone.now())
        give_all_back(order)
        assert stock() == (8, 2)
        restock(order, now=timezone.now())
        assert stock() == (10, 0)
        assert Product.objects.get().movements.get(reason="restocked").order_uuid == order.pk

    def test_only_once(self, placed: Placed) -> None:
        order = placed(paid=True)
        ship(order, now=timezone.now())
        give_all_back(order)
        restock(order, now=timezone.now())
        with nothing_changes(), pytest.raises(OrderNotRestockable, match="already"):
            restock(order, now=timezone.now())

    def test_not_what_returned_by_itself(self, placed: Placed) -> None:
        order = placed(paid=True)
        give_all_back(order)
        assert stock() == (10, 0)
        with nothing_changes(), pytest.raises(OrderNotRestockable, match="already"):
            restock(order, now=timezone.now())

    def test_refuses_what_is_not_refunded(self, placed: Placed) -> None:
        order = placed(paid=True)
        with nothing_changes(), pytest.raises(OrderNotRestockable, match="paid"):
            restock(order, now=timezone.now())
        ship(order, now=timezone.now())
        with nothing_changes(), pytest.raises(OrderNotRestockable, match="shipped"):
            restock(order, now=timezone.now())

    def test_does_without_products_that_are_gone(self, placed: Placed) -> None:
        order = placed(paid=True)
        ship(order, now=timezone.now())
        give_all_back(order)
        Product.objects.all().delete()
        restock(order, now=timezone.now())
        assert not Product.objects.exists()
