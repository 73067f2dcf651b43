"""Mails about orders, sent after the commit and at most once each."""

import logging
import smtplib
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from orders.models import Order, OrderStatus

logger = logging.getLogger(__name__)


def confirm(order_uuid: UUID, *, now: datetime) -> None:
    """Tell the shopper that the order is paid. The row is marked first: a crash loses a mail, it never doubles one."""
    marked = Order.objects.filter(
        pk=order_uuid, status__in=[OrderStatus.PAID, OrderStatus.SHIPPED], confirmation_mailed_at=None
    ).update(confirmation_mailed_at=now)
    if not marked:
        return
    order = Order.objects.select_related("shipping").prefetch_related("items").get(pk=order_uuid)
    assert order.shipping is not None, "a constraint of the table"
    body = render_to_string("orders/confirmation.txt", {"order": order, "store": settings.STORE_NAME})
    try:
        send_mail(f"{settings.STORE_NAME}: your order", body, None, [order.shipping.email])
    except (OSError, smtplib.SMTPException):
        logger.exception("The confirmation of order %s was not sent.", order_uuid)
