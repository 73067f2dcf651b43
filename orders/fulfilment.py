"""Fulfilment of paid orders by the staff: shipping goods, and restocking returned ones."""

from datetime import datetime

from django.db import transaction

from catalog.models import StockMovement
from catalog.stock import return_stock
from orders.errors import OrderNotRestockable, OrderNotShippable
from orders.events import SHOP, Actor, Kind, record_event
from orders.models import Order, OrderStatus
from orders.transitions import MOVES, move

Reason = StockMovement.Reason

SHIPPABLE = frozenset(status for status, targets in MOVES.items() if OrderStatus.SHIPPED in targets)
# The stock of an order that was cancelled, or refunded before it was shipped, has been returned automatically.
RESTOCKABLE = frozenset({OrderStatus.REFUNDED})


@transaction.atomic(durable=True)
def ship(order: Order, *, now: datetime, by: Actor = SHOP) -> None:
    """Set a paid order to SHIPPED.

    Raises: OrderNotShippable, unless the order is paid, and while its payment is disputed.
    Locks: the order.
    """
    current = Order.objects.select_for_update().get(pk=order.pk)
    if current.disputed_at:
        raise OrderNotShippable(
            OrderStatus(current.status), "The payment is disputed: answer the dispute at Stripe first."
        )
    if not move(order.pk, OrderStatus.SHIPPED, now=now):
        raise OrderNotShippable(OrderStatus(current.status))
    record_event(order.pk, Kind.SHIPPED, by=by, now=now)


@transaction.atomic(durable=True)
def restock(order: Order, *, now: datetime, by: Actor = SHOP) -> None:
    """Put the goods of a refunded order back in stock, once.

    Raises: OrderNotRestockable.
    Locks: the order, its products.
    """
    status = OrderStatus(Order.objects.select_for_update().get(pk=order.pk).status)
    if status not in RESTOCKABLE:
        raise OrderNotRestockable(status)
    back = StockMovement.objects.filter(order_uuid=order.pk, reason__in=[Reason.RETURNED, Reason.RESTOCKED])
    if back.exists():
        raise OrderNotRestockable(status, "The goods are already back in stock.")
    return_stock(order_uuid=order.pk, reason=Reason.RESTOCKED, now=now)
    record_event(order.pk, Kind.RESTOCKED, by=by, now=now)
