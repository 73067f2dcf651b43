"""Giving up an order: the intent is cancelled first, then the order, and its stock returns once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from catalog.models import StockMovement
from catalog.stock import return_stock
from orders.errors import OrderNotCancellable
from orders.models import Order, OrderStatus, Payment, PaymentStatus
from orders.payments.attempts import cancel_intent, live_attempt, start_payment
from orders.payments.refunds import promise_rest
from orders.payments.settlement import PAID, TRIED, try_settle
from orders.transitions import move

TRY_LATER = "The payment is being processed. Please try again later."
DISPUTED = "The payment is disputed. Please write to us."
CANCELLABLE = frozenset({OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.PAID})


def cancel(order: Order, *, now: datetime) -> None:
    """Cancel at the customer's or the staff's wish; one that is cancelled already stays so.

    OrderNotCancellable once it is shipped, and while a payment is processing or Stripe cannot be reached. The money
    of a paid order goes back. No transaction may be open.
    """
    if order.status == OrderStatus.PENDING:
        stop_payment(order.pk, now=now)
    close(order.pk, from_statuses=CANCELLABLE, now=now)
    for payment in Payment.objects.filter(order=order.pk, status__in=PAID):
        try_settle(payment, now=now)  # sends the refund, or leaves it to the reconciliation


def expire(order_uuid: UUID, *, now: datetime) -> bool:
    """Give up a pending order whose time is over; False where it was paid, or is being paid, after all.

    Where a payment method was tried, and nobody has told us, the order has more time.
    """
    payment = live_attempt(order_uuid)
    if payment and payment.intent_id and payment.status == PaymentStatus.PENDING:
        try_settle(payment, now=now)
        if Payment.objects.filter(pk=payment.pk, status__in=TRIED, order__expires_at__gt=now).exists():
            return False
    try:
        stop_payment(order_uuid, now=now)
        close(order_uuid, from_statuses=frozenset({OrderStatus.PENDING}), now=now)
    except OrderNotCancellable:
        return False
    return True


def stop_payment(order_uuid: UUID, *, now: datetime) -> None:
    """Cancel the intent, so that no success can follow; if one came first, the order is paid after this.

    Where Stripe cannot be asked, or the payment is in process, the attempt stays live.
    """
    payment = live_attempt(order_uuid)
    # The intent may exist without our knowing, where a process died: the same key finds it.
    if payment and start_payment(payment, now=now) and cancel_intent(payment):
        try_settle(payment, now=now)


@transaction.atomic(durable=True)
def close(order_uuid: UUID, *, from_statuses: frozenset[OrderStatus], now: datetime) -> None:
    """CANCELLED, the stock back, the refund of what was paid promised. Locks the order, its payment, its products."""
    order = Order.objects.select_for_update().get(pk=order_uuid)
    if order.cancelled_at:
        return
    status = OrderStatus(order.status)
    if status not in from_statuses:
        raise OrderNotCancellable(status)
    if order.disputed_at:
        raise OrderNotCancellable(status, DISPUTED)
    live = live_attempt(order_uuid, lock=True)
    if status == OrderStatus.PENDING and live:
        raise OrderNotCancellable(status, TRY_LATER)
    if live:
        promise_rest(live, now=now)
    move(order_uuid, OrderStatus.CANCELLED, now=now)
    unpaid = status == OrderStatus.PENDING
    return_stock(order_uuid=order_uuid, reason=StockMovement.Reason.RETURNED, now=now, held=unpaid)
