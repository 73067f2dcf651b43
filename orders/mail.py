"""Mails about orders, sent after the commit, and again until a mail server has accepted them."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string

from core.mail import send, shorten
from core.money import format_money
from orders.models import Order, OrderItem
from orders.selectors import unconfirmed_orders

# Longer than any mail server is waited for. A process that dies while it sends leaves its claim behind for so long.
LEASE = timedelta(minutes=10)

logger = logging.getLogger(__name__)


def confirm(order_uuid: UUID, *, now: datetime) -> bool:
    """Tell the shopper that the order is paid; False where the mail is to be sent again later.

    Of two processes one sends it. Only a crash between the server's acceptance and our mark doubles a mail.
    """
    unclaimed = Q(confirmation_claimed_at=None) | Q(confirmation_claimed_at__lt=now - LEASE)
    if not unconfirmed_orders().filter(unclaimed, pk=order_uuid).update(confirmation_claimed_at=now):
        return True
    claimed = Order.objects.filter(pk=order_uuid, confirmation_claimed_at=now, confirmation_mailed_at=None)
    try:
        is_sent = send(build_confirmation(order_uuid))
    except (
        Exception
    ):  # whatever is wrong with one mail, what was paid stays paid, and the other mails are sent
        logger.exception("The confirmation of order %s cannot be written.", order_uuid)
        is_sent = False
    if is_sent:
        claimed.update(confirmation_mailed_at=now, confirmation_claimed_at=None)
    else:
        claimed.update(confirmation_claimed_at=None)
    return is_sent


def build_confirmation(order_uuid: UUID) -> EmailMessage:
    """The mail. Its names are short and hold no links: a stranger may have typed them, and another's address."""
    order = Order.objects.select_related("shipping").prefetch_related("items").get(pk=order_uuid)
    assert order.shipping is not None, "a constraint of the table"
    words = {
        "order": order,
        "name": shorten(order.shipping.first_name, most=40),
        "lines": [format_line(item, order.currency) for item in order.items.all()],
        "total": format_money(order.amount, order.currency),
        "store": settings.STORE_NAME,
    }
    body = render_to_string("orders/confirmation.txt", words)
    return EmailMessage(f"{settings.STORE_NAME}: your order", body, to=[order.shipping.email])


def format_line(item: OrderItem, currency: str) -> str:
    return f"{item.quantity} × {shorten(item.name, most=80)}, {format_money(item.unit_price, currency)}"
