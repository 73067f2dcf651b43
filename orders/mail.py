"""Mails about orders, sent after the commit and at most once each."""

import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from core.mail import send, shortened
from orders.models import Order, OrderStatus

logger = logging.getLogger(__name__)


def confirm(order_uuid: UUID, *, now: datetime) -> None:
    """Tell the shopper that the order is paid. The row is marked first: a crash loses a mail, it never doubles one.

    A mail that was not accepted is left for reconcile_payments. The names are short and hold no links: a stranger may
    have typed them, and another's address.
    """
    marked = Order.objects.filter(
        pk=order_uuid, status__in=[OrderStatus.PAID, OrderStatus.SHIPPED], confirmation_mailed_at=None
    ).update(confirmation_mailed_at=now)
    if not marked:
        return
    order = Order.objects.select_related("shipping").prefetch_related("items").get(pk=order_uuid)
    assert order.shipping is not None, "a constraint of the table"
    words = {
        "order": order,
        "name": shortened(order.shipping.first_name, most=40),
        "items": [(item, shortened(item.name, most=80)) for item in order.items.all()],
        "store": settings.STORE_NAME,
    }
    body = render_to_string("orders/confirmation.txt", words)
    if not send(EmailMessage(f"{settings.STORE_NAME}: your order", body, to=[order.shipping.email])):
        logger.warning("The confirmation of order %s was not sent.", order_uuid)
        Order.objects.filter(pk=order_uuid).update(confirmation_mailed_at=None)
