"""What other systems hear of orders: a step of each transaction that moves one."""

from datetime import datetime
from uuid import UUID

from core.money import round_half_up
from hooks.models import Kind
from hooks.publishing import News, is_wanted, publish
from orders.models import Order


def announce(order_uuid: UUID, kind: Kind, *, now: datetime, **more: str) -> None:
    """Tell the endpoints that want to know, with the order as the transaction has left it so far.

    It names nobody: who may know more asks the API for the order.
    """
    if not is_wanted(kind):
        return
    order = Order.objects.only("number", "status", "amount", "currency").get(pk=order_uuid)
    data = {
        "uuid": str(order_uuid),
        "number": order.number,
        "status": order.status.upper(),
        "amount": str(round_half_up(order.amount, order.currency)),
        "currency": order.currency,
        **more,
    }
    publish(kind, [News(node="Order", key=order_uuid, data=data)], now=now)
