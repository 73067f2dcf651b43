"""Mails about orders: promised in the transaction that causes them, and sent by a task."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone
from django_tasks import task

from core.mail import send, shorten
from core.money import format_money
from core.tasks import enqueue
from orders.models import Order, OrderItem, OrderMail, OrderStatus
from orders.totals import sum_of

Kind = OrderMail.Kind

CONFIRMED = frozenset({OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED})


def promise_mail(order_uuid: UUID, kind: Kind, *, now: datetime) -> None:
    """Write the row of a mail, and enqueue the task that sends it. A step of a transaction that moves the order."""
    promised = OrderMail.objects.create(order_id=order_uuid, kind=kind, created_at=now)
    enqueue(send_promised, promised.pk)


@task
def send_promised(mail_pk: int) -> None:
    """Send the mail, unless it was sent.

    It is sent twice only if the process dies between the mail server's acceptance and our own record of it. An order
    that was cancelled before its confirmation was sent has none.
    """
    promised = OrderMail.objects.select_related("order").filter(pk=mail_pk, mailed_at=None).first()
    if promised is None:
        return
    if promised.order.status not in CONFIRMED:
        promised.delete()
        return
    send(build_confirmation(promised.order_id))
    OrderMail.objects.filter(pk=mail_pk).update(mailed_at=timezone.now())


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
