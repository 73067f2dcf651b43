"""Giving up an order: the intent is cancelled first, then the order, and its stock returns once."""

import logging
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import stripe
from django.db import transaction

from catalog.models import StockMovement
from catalog.stock import return_stock
from orders.errors import OrderNotCancellable
from orders.models import Order, OrderStatus, Payment, PaymentStatus
from orders.payments.attempts import live_attempt, start_payment
from orders.payments.gateway import client
from orders.payments.refunds import promise_rest
from orders.payments.settlement import PAID, settle
from orders.transitions import move

logger = logging.getLogger(__name__)

TRY_LATER = "The payment is being processed. Please try again later."
CANCELLABLE = frozenset({OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.PAID})


def cancel(order: Order, *, now: datetime) -> None:
    """Cancel at the customer's or the staff's wish; one that is cancelled already stays so.

    OrderNotCancellable once it is shipped, and while a payment is processing or Stripe cannot be reached. The money
    of a paid order goes back. No transaction may be open.
    """
    if order.cancelled_at:
        return
    if order.status == OrderStatus.PENDING:
        stop_payment(order.pk, now=now)
    close(order.pk, from_statuses=CANCELLABLE, now=now)
    for payment in Payment.objects.filter(order=order.pk, status__in=PAID):
        try:
            settle(payment.intent_id or "", now=now)
        except stripe.StripeError:
            logger.warning("The refund of order %s is still to be sent.", order.pk, exc_info=True)


def expire(order_uuid: UUID, *, now: datetime) -> bool:
    """Give up a pending order whose time is over; False where it was paid, or is being paid, after all."""
    try:
        stop_payment(order_uuid, now=now)
        close(order_uuid, from_statuses=frozenset({OrderStatus.PENDING}), now=now)
    except OrderNotCancellable:
        return False
    return True


def stop_payment(order_uuid: UUID, *, now: datetime) -> None:
    """Cancel the order's live intent, so that no success can follow; if one came first, the order is paid after this.

    A payment that is processing goes on. OrderNotCancellable where Stripe cannot be asked.
    """
    payment = live_attempt(order_uuid)
    if payment is None:
        return
    if not start_payment(payment):  # its intent may exist without our knowing: the same key finds it
        raise OrderNotCancellable(OrderStatus.PENDING, TRY_LATER)
    assert payment.intent_id
    try:
        if (
            payment.status != PaymentStatus.PROCESSING
        ):  # Stripe would, in rare cases, cancel what the bank has already
            with suppress(stripe.InvalidRequestError):  # it is paid, processing or cancelled already
                client().v1.payment_intents.cancel(payment.intent_id)
        settle(payment.intent_id, now=now)
    except stripe.StripeError as error:
        raise OrderNotCancellable(OrderStatus.PENDING, TRY_LATER) from error


@transaction.atomic(durable=True)
def close(order_uuid: UUID, *, from_statuses: frozenset[OrderStatus], now: datetime) -> None:
    """CANCELLED, the stock back, the refund of what was paid promised. Locks the order, its payment, its products."""
    order = Order.objects.select_for_update().get(pk=order_uuid)
    status = OrderStatus(order.status)
    if status not in from_statuses:
        raise OrderNotCancellable(status)
    live = live_attempt(order_uuid, lock=True)
    if status == OrderStatus.PENDING and live:
        raise OrderNotCancellable(status, TRY_LATER)
    if live:
        promise_rest(live, now=now)
    move(order_uuid, OrderStatus.CANCELLED, now=now)
    return_stock(order_uuid=order_uuid, reason=StockMovement.Reason.RETURNED, now=now)
