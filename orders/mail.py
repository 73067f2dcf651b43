"""Mails about orders. They are sent after the commit, and tried again until a mail server accepts them."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string

from core.mail import check_no_transaction, send, shorten
from core.money import format_money
from orders.models import Order, OrderItem
from orders.selectors import unconfirmed_orders
from orders.totals import sum_of

# A lease on sending a mail, longer than any mail server takes. A process that dies while sending blocks the mail this
# long.
LEASE = timedelta(minutes=10)

logger = logging.getLogger(__name__)


def confirm(order_uuid: UUID, *, now: datetime) -> bool:
    """Mail the confirmation of a paid order; False if it has to be tried again later.

    Only one process at a time sends it. A mail is sent twice only after a crash between the mail server's acceptance
    and our own record of it.
    """
    check_no_transaction()  # further down its error would only be logged
    unclaimed = Q(confirmation_claimed_at=None) | Q(confirmation_claimed_at__lt=now - LEASE)
    if not unconfirmed_orders().filter(unclaimed, pk=order_uuid).update(confirmation_claimed_at=now):
        return True
    claimed = Order.objects.filter(pk=order_uuid, confirmation_claimed_at=now, confirmation_mailed_at=None)
    try:
        is_sent = send(build_confirmation(order_uuid))
    except Exception:  # one broken mail must not undo a payment or stop the other mails
        logger.exception("The confirmation of order %s could not be written.", order_uuid)
        is_sent = False
    if is_sent:
        claimed.update(confirmation_mailed_at=now, confirmation_claimed_at=None)
    else:
        logger.warning("The confirmation of order %s is still to be sent.", order_uuid)
        claimed.update(confirmation_claimed_at=None)
    return is_sent


def build_confirmation(order_uuid: UUID) -> EmailMessage:
    """Build the confirmation.

    Names are cut and stripped of links, because anyone can type them together with another person's address.
    """
    orders = Order.objects.select_related("shipping").prefetch_related("items", "taxes")
    order = orders.get(pk=order_uuid)
    assert order.shipping is not None, "a constraint of the table"
    words = {
        "order": order,
        "name": shorten(order.shipping.first_name, most=40),
        "lines": [format_line(item, order.currency) for item in order.items.all()],
        "sum": [f"{name}: {format_money(amount, order.currency)}" for name, amount in sum_of(order)],
        "store": settings.STORE_NAME,
    }
    body = render_to_string("orders/confirmation.txt", words)
    return EmailMessage(f"{settings.STORE_NAME}: your order", body, to=[order.email])


def format_line(item: OrderItem, currency: str) -> str:
    return f"{item.quantity} × {shorten(item.full_name, most=80)}, {format_money(item.unit_price, currency)}"
