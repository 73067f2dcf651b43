"""Mails about orders: promised in the transaction that causes them, and sent by a task."""

from datetime import datetime
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from core.mail import send, send_or_drop
from core.tasks import AWAITED, enqueue
from orders.letters import write, write_link
from orders.models import Fulfilment, Order, OrderMail, OrderStatus, Refund, Return

Kind = OrderMail.Kind

# The statuses in which a mail is still worth sending; any, if it has none here. Whoever cancels before the confirmation
# was sent gets none.
WANTED = {
    Kind.CONFIRMATION: frozenset({OrderStatus.PAID, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED}),
    Kind.SHIPPED: frozenset({OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED}),
    Kind.CANCELLED: frozenset({OrderStatus.CANCELLED, OrderStatus.REFUNDED}),
}
ANY = frozenset(OrderStatus)


def promise_mail(
    order_uuid: UUID,
    kind: Kind,
    *,
    now: datetime,
    refund: Refund | None = None,
    fulfilment: Fulfilment | None = None,
    sent_back: Return | None = None,
) -> None:
    """Write the row of a mail, and enqueue the task that sends it. A step of the transaction that causes the mail."""
    promised = OrderMail.objects.create(
        order_id=order_uuid,
        kind=kind,
        refund=refund,
        fulfilment=fulfilment,
        sent_back=sent_back,
        created_at=now,
    )
    enqueue(send_promised, promised.pk)


@transaction.atomic(durable=True)
def send_again(mail_pk: int, *, now: datetime) -> None:
    """Promise a mail that was sent once more. One that is still waiting to be sent is left to its task."""
    sent = OrderMail.objects.filter(pk=mail_pk, mailed_at__isnull=False)
    if sent.update(mailed_at=None, created_at=now):
        enqueue(send_promised, mail_pk)


@task
def send_promised(mail_pk: int) -> None:
    """Send the mail, unless it was sent.

    It is sent twice only if the process dies between the mail server's acceptance and our own record of it.
    """
    unsent = OrderMail.objects.select_related("order", "refund", "fulfilment", "sent_back")
    promised = unsent.filter(pk=mail_pk, mailed_at=None).first()
    if promised is None:
        return
    if promised.order.status not in WANTED.get(Kind(promised.kind), ANY):
        promised.delete()
        return
    send(build(promised))
    OrderMail.objects.filter(pk=mail_pk).update(mailed_at=timezone.now())


@task(priority=AWAITED)
def mail_link(number: str, email: str) -> None:
    """Mail the link of the order with this number, if the order has this address."""
    order = Order.objects.select_related("shipping").filter(number=number, email=email).first()
    if order:
        send_or_drop(write_link(order), kind="notice")


def build(promised: OrderMail) -> EmailMessage:
    orders = Order.objects.select_related("shipping", "billing_address").prefetch_related("items", "taxes")
    order = orders.get(pk=promised.order_id)
    moved = promised.fulfilment or promised.sent_back
    return write(
        promised.kind,
        order,
        items=order.items.all(),
        refund=promised.refund,
        fulfilment=promised.fulfilment,
        sent_back=promised.sent_back,
        portions=moved.items.select_related("item") if moved else (),
    )
