"""The state machine of orders: a table of its moves, each of which is one conditional update."""

from datetime import datetime
from typing import Any
from uuid import UUID

from orders.models import Order, OrderStatus

MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.DRAFT: frozenset({OrderStatus.PENDING, OrderStatus.CANCELLED}),
    OrderStatus.PENDING: frozenset({OrderStatus.PAID, OrderStatus.CANCELLED}),
    OrderStatus.PAID: frozenset(
        {
            OrderStatus.PARTIALLY_SHIPPED,
            OrderStatus.SHIPPED,
            OrderStatus.CANCELLED,
            OrderStatus.REFUNDED,
        }
    ),
    OrderStatus.PARTIALLY_SHIPPED: frozenset({OrderStatus.SHIPPED, OrderStatus.REFUNDED}),
    OrderStatus.SHIPPED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.CANCELLED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.REFUNDED: frozenset(),
}
STAMPS = {
    OrderStatus.PAID: "paid_at",
    OrderStatus.SHIPPED: "shipped_at",
    OrderStatus.CANCELLED: "cancelled_at",
}


def move(uuid: UUID, to: OrderStatus, *, now: datetime, **columns: Any) -> bool:
    """Move the order to a status and set the columns; False, without a change, if the table forbids the move."""
    sources = [status for status, targets in MOVES.items() if to in targets]
    if to in STAMPS:
        columns[STAMPS[to]] = now
    return Order.objects.filter(pk=uuid, status__in=sources).update(status=to, updated_at=now, **columns) == 1
