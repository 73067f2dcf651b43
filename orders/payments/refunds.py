"""Refunds: a row before each call, and every refund of Stripe's counted once, including the Dashboard's."""

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import stripe
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from core import money
from orders.events import SHOP, Actor, Kind, event_of, record_event
from orders.mail import promise_mail
from orders.models import (
    Order,
    OrderEvent,
    OrderItem,
    OrderMail,
    Payment,
    PaymentStatus,
    Refund,
    RefundLine,
    Return,
    ReturnStatus,
)
from orders.payments.gateway import client

logger = logging.getLogger(__name__)

Status = Refund.Status
REFUND_STATUSES = {"succeeded": Status.SUCCEEDED, "failed": Status.FAILED, "canceled": Status.FAILED}


def refundable_amount(payment: Payment) -> Decimal:
    """The part of a payment that is neither lost in a dispute nor refunded or being refunded.

    It is exact only while the payment is locked.
    """
    promised = payment.refunds.exclude(status=Status.FAILED).aggregate(sum=Sum("amount"))["sum"]
    return money.round_half_up(payment.amount - payment.lost - (promised or 0), payment.currency)


def promise_refund(payment: Payment, amount: Decimal, *, now: datetime, by: Actor = SHOP) -> Refund:
    """Write the row of a refund. A step of a transaction that has locked the payment and checked the amount."""
    refund = Refund.objects.create(payment=payment, amount=amount, created_at=now)
    record_event(payment.order_id, Kind.REFUND_BEGUN, by=by, now=now, amount=str(amount))
    return refund


def promise_rest(payment: Payment, *, now: datetime) -> None:
    """Write the row of a refund of everything that is left, if anything is, and Stripe refunds it."""
    rest = refundable_amount(payment)
    if rest > 0 and payment.is_refundable:
        promise_refund(payment, rest, now=now)


def send_promised(payment: Payment, *, now: datetime) -> bool:
    """Send the promised refunds to Stripe; False if there were none. No transaction may be open.

    The row's uuid is the idempotency key, so a repetition after a crash is the same refund. A refund that Stripe
    refuses is FAILED, and its amount is refundable again.

    Raises: stripe.StripeError, if Stripe cannot be reached.
    """
    unsent = list(Refund.objects.filter(payment=payment, status=Status.PENDING, refund_id=None))
    for refund in unsent:
        try:
            send(refund, payment)
        except stripe.InvalidRequestError:
            logger.exception("Stripe has refused refund %s of payment %s.", refund.pk, payment.pk)
            give_up(refund, payment, now=now)
        except stripe.APIError:  # a 500, which Stripe replays for this key for a day
            if not any(refund_uuid_of(known) == refund.pk for known in refunds_of(payment.intent_id or "")):
                give_up(refund, payment, now=now)
    return bool(unsent)


@transaction.atomic(durable=True)
def give_up(refund: Refund, payment: Payment, *, now: datetime) -> None:
    """Set a refund that Stripe refuses to FAILED.

    Locks: the order.
    """
    Order.objects.select_for_update().get(pk=payment.order_id)
    if unsent_refund(refund).update(status=Status.FAILED):
        count_items_again(payment)
        record_event(payment.order_id, Kind.REFUND_FAILED, now=now, amount=str(refund.amount))


def send(refund: Refund, payment: Payment) -> None:
    sent = client().v1.refunds.create(
        {
            "payment_intent": payment.intent_id or "",
            "amount": money.to_minor_units(refund.amount, payment.currency),
            "metadata": {"refund": str(refund.pk)},
        },
        {"idempotency_key": f"refund:{refund.pk}"},
    )
    unsent_refund(refund).update(refund_id=sent.id)


def unsent_refund(refund: Refund) -> QuerySet[Refund]:
    """Query the row. It is not found once it has been sent."""
    return Refund.objects.filter(pk=refund.pk, refund_id=None)


def refunds_of(intent_id: str) -> list[stripe.Refund]:
    """All of Stripe's refunds of an intent."""
    return list(client().v1.refunds.list({"payment_intent": intent_id, "limit": 100}).auto_paging_iter())


def count_refunds(payment: Payment, refunds: Sequence[stripe.Refund], *, now: datetime) -> list[OrderEvent]:
    """Update the payment from Stripe's refunds of it, and return what has happened by it.

    A step of a transaction that has locked the payment.
    """
    happened = [event for refund in refunds for event in take_over(payment, refund, now=now)]
    if refundable_amount(payment) < 0:  # the Dashboard has refunded the money that we promised
        payment.refunds.filter(status=Status.PENDING, refund_id=None).delete()
        count_items_again(payment)
    elif any(event.kind == Kind.REFUND_FAILED for event in happened):
        count_items_again(payment)
    succeeded = payment.refunds.filter(status=Status.SUCCEEDED).aggregate(sum=Sum("amount"))["sum"]
    payment.refunded = money.round_half_up(succeeded or Decimal(0), payment.currency)
    if payment.refunded == payment.amount:
        payment.status = PaymentStatus.REFUNDED
    elif payment.refunded:
        payment.status = PaymentStatus.PARTIALLY_REFUNDED
    else:
        payment.status = PaymentStatus.SUCCEEDED
    payment.updated_at = now
    payment.save()
    return happened


def count_items_again(payment: Payment) -> None:
    """Count the refunded units again after a refund has failed, and reopen its return.

    A step of a transaction that has locked the order.
    """
    lines = RefundLine.objects.filter(item=OuterRef("pk")).exclude(refund__status=Status.FAILED)
    sums = lines.order_by().values("item").annotate(sum=Sum("quantity")).values("sum")
    OrderItem.objects.filter(order=payment.order_id).update(refunded=Coalesce(Subquery(sums), 0))
    failed = Q(refund=None) | Q(refund__status=Status.FAILED)
    refunded = Return.objects.filter(failed, order=payment.order_id, status=ReturnStatus.REFUNDED)
    refunded.update(status=ReturnStatus.RECEIVED, refund=None)


OUTCOMES = {Status.SUCCEEDED: Kind.REFUNDED, Status.FAILED: Kind.REFUND_FAILED}


def take_over(payment: Payment, refund: stripe.Refund, *, now: datetime) -> list[OrderEvent]:
    """Store the state of one of Stripe's refunds: ours, found by its id or our uuid, or a new one of the Dashboard.

    Promise a mail when it succeeds. Return what has happened by it.
    """
    known = Q(refund_id=refund.id) | Q(pk=refund_uuid_of(refund))
    status = REFUND_STATUSES.get(refund.status or "", Status.PENDING)
    ours = payment.refunds.filter(known).first()
    before = ours.status if ours else None
    if ours is None:
        amount = money.from_minor_units(refund.amount, payment.currency)
        ours = payment.refunds.create(amount=amount, refund_id=refund.id, status=status, created_at=now)
    elif (ours.refund_id, ours.status) != (refund.id, status):
        payment.refunds.filter(pk=ours.pk).update(refund_id=refund.id, status=status)
    if status == before or status not in OUTCOMES:
        return []
    if status == Status.SUCCEEDED:
        promise_mail(payment.order_id, OrderMail.Kind.REFUNDED, refund=ours, now=now)
    return [event_of(payment.order_id, OUTCOMES[status], now=now, amount=str(ours.amount))]


def refund_uuid_of(refund: stripe.Refund) -> UUID | None:
    try:
        return UUID(refund.metadata["refund"]) if refund.metadata else None
    except (KeyError, TypeError, ValueError):
        return None
