"""Fulfilment of paid orders by the staff: shipping parcels, and restocking returned goods."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from catalog.models import StockMovement
from catalog.stock import return_stock
from core.errors import ValidationError, field_errors
from orders.errors import OrderNotRestockable, OrderNotShippable
from orders.events import SHOP, Actor, Kind, record_event
from orders.mail import promise_mail
from orders.models import Order, OrderMail, OrderStatus
from orders.parcels import Parcel, follow_parcels, items_to_ship, pack
from orders.transitions import MOVES

Reason = StockMovement.Reason

SHIPPABLE = frozenset({OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED})
# The stock of an order that was cancelled, or refunded before it was shipped, has been returned automatically.
RESTOCKABLE = frozenset({OrderStatus.REFUNDED})
assert all(OrderStatus.SHIPPED in MOVES[status] for status in SHIPPABLE)
EVERYTHING = Parcel()


@transaction.atomic(durable=True)
def ship(order: Order, *, now: datetime, by: Actor = SHOP, parcel: Parcel = EVERYTHING) -> None:
    """Send a parcel of a paid order; one without quantities has everything that is left.

    The customer gets a mail about it. The order is SHIPPED when nothing is left; before that it is PARTIALLY_SHIPPED.

    Raises: OrderNotShippable, unless the order is paid, and while its payment is disputed; ValidationError, for more
    of an item than is left, and for a link that is none.
    Locks: the order.
    """
    current = Order.objects.select_for_update().get(pk=order.pk)
    status = OrderStatus(current.status)
    if current.disputed_at:
        raise OrderNotShippable(status, "The payment is disputed: answer the dispute at Stripe first.")
    if status not in SHIPPABLE:
        raise OrderNotShippable(status)
    left = {item.pk: item.to_ship for item in items_to_ship(order.pk)}
    quantities = {item: quantity for item, quantity in parcel.quantities.items() if quantity}
    if parcel.quantities and not quantities:
        raise ValidationError.of(items="Enter how many are in the parcel.")
    if any(not 0 < quantity <= left.get(item, 0) for item, quantity in quantities.items()):
        raise ValidationError.of(items="That is more than is left to ship. Reload the page and try again.")
    sent = replace(parcel, quantities=quantities or left)
    with field_errors():
        sent.row(order.pk, now=now).clean_fields(exclude=["order"])
    fulfilment, event = pack(order.pk, sent, now=now, by=by)
    event.save(force_insert=True)
    follow_parcels(order.pk, now=now)
    promise_mail(order.pk, OrderMail.Kind.SHIPPED, fulfilment=fulfilment, now=now)


@transaction.atomic(durable=True)
def restock(order: Order, *, now: datetime, by: Actor = SHOP) -> None:
    """Put what is not back yet of the goods of a refunded order in stock, once.

    Raises: OrderNotRestockable.
    Locks: the order, its products.
    """
    status = OrderStatus(Order.objects.select_for_update().get(pk=order.pk).status)
    if status not in RESTOCKABLE:
        raise OrderNotRestockable(status)
    back = StockMovement.objects.filter(order_uuid=order.pk, reason__in=[Reason.RETURNED, Reason.RESTOCKED])
    if back.exists() or not order.items.filter(restocked__lt=F("quantity")).exists():
        raise OrderNotRestockable(status, "The goods are already back in stock.")
    return_stock(order_uuid=order.pk, reason=Reason.RESTOCKED, now=now)
    order.items.update(restocked=F("quantity"))
    record_event(order.pk, Kind.RESTOCKED, by=by, now=now)
