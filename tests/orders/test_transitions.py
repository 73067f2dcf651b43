"""The table of moves, pair by pair."""

from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

import pytest
from django.utils import timezone

from orders.models import Order, OrderStatus, Shipping
from orders.transitions import move

pytestmark = pytest.mark.django_db

# Taken from the design, not from the code.
ALLOWED = {
    ("draft", "pending"),
    ("pending", "paid"),
    ("paid", "shipped"),
    ("paid", "partially_shipped"),
    ("partially_shipped", "shipped"),
    ("partially_shipped", "refunded"),
    ("draft", "cancelled"),
    ("pending", "cancelled"),
    ("paid", "cancelled"),
    ("paid", "refunded"),
    ("shipped", "refunded"),
    ("cancelled", "refunded"),
}
STAMPS = {"paid": "paid_at", "shipped": "shipped_at", "cancelled": "cancelled_at"}
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def make_order(status: str) -> Order:
    shipping = Shipping.objects.create(country="US")
    return Order.objects.create(
        visitor=uuid4(),
        status=status,
        currency="USD",
        shipping=shipping,
        email="ada@example.com",
        paid_at=timezone.now(),
    )


class TestMove:
    @pytest.mark.parametrize(("source", "target"), list(product(OrderStatus, repeat=2)))
    def test_every_pair(self, source: OrderStatus, target: OrderStatus) -> None:
        bystander = make_order(source)
        order = make_order(source)
        before = list(Order.objects.order_by("pk").values())
        moved = move(order.pk, target, now=NOW)
        assert moved == ((source, target) in ALLOWED)
        if not moved:
            assert list(Order.objects.order_by("pk").values()) == before
            return
        order.refresh_from_db()
        assert (order.status, order.updated_at) == (target, NOW)
        if target in STAMPS:
            assert getattr(order, STAMPS[target]) == NOW
        bystander.refresh_from_db()
        assert bystander.status == source

    def test_sets_columns_with_it_or_not_at_all(self) -> None:
        order = make_order("draft")
        assert not move(order.pk, OrderStatus.SHIPPED, now=NOW, amount=99)
        assert Order.objects.get().amount == 0
        assert move(order.pk, OrderStatus.PENDING, now=NOW, amount=99)
        assert Order.objects.get().amount == 99

    def test_an_order_that_is_not_there(self) -> None:
        assert not move(uuid4(), OrderStatus.PENDING, now=NOW)
