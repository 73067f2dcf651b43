"""Cancelling and expiring orders: first the intent, then the order, whose stock returns once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from catalog.models import StockMovement
from catalog.stock import return_stock
from hooks.models import Kind as News
from orders.announcing import announce
from orders.errors import OrderNotCancellable
from orders.events import CUSTOMER, SHOP, Actor, Kind, record_event
from orders.mail import promise_mail
from orders.models import Order, OrderMail, OrderStatus, Payment, PaymentStatus
from orders.payments.attempts import cancel_intent, live_attempt, start_payment
from orders.payments.refunds import promise_rest
from orders.payments.settlement import PAID, TRIED, try_settle
from orders.transitions import move
from pricing.codes import give_back

TRY_LATER = gettext_lazy("The payment is being processed. Please try again later.")
DISPUTED = gettext_lazy("The payment is disputed. Please contact us.")
CANCELLABLE = frozenset({OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.PAID})


def cancel(order: Order, *, now: datetime, by: Actor = CUSTOMER) -> None:
    """Cancel an order for the customer or the staff, and refund it if it is paid. Repeating it changes nothing.

    No transaction may be open.

    Raises: OrderNotCancellable, once the order is shipped or its payment disputed, and while the payment is
    processing or Stripe cannot be reached.
    """
    if order.status == OrderStatus.PENDING:
        stop_payment(order.pk, now=now)
    close(order.pk, from_statuses=CANCELLABLE, by=by, now=now)
    for payment in Payment.objects.filter(order=order.pk, status__in=PAID):
        try_settle(payment, now=now)  # sends the refund, or leaves it to the reconciliation


def expire(order_uuid: UUID, *, now: datetime) -> bool:
    """Cancel a pending order whose time is over; False if it has been paid after all, or may still be.

    Stripe is asked first: if the shopper has tried to pay and the webhook was lost, the order gets more time.
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
    """Cancel the intent, so that the payment can no longer succeed. If it has succeeded, the order becomes paid.

    While Stripe cannot be reached, or the payment is processing, the attempt stays live.
    """
    payment = live_attempt(order_uuid)
    # A process may have died after it created the intent: start_payment finds that one by its idempotency key.
    if payment and start_payment(payment, now=now) and cancel_intent(payment):
        try_settle(payment, now=now)


@transaction.atomic(durable=True)
def close(
    order_uuid: UUID, *, from_statuses: frozenset[OrderStatus], now: datetime, by: Actor = SHOP
) -> None:
    """Set the order to CANCELLED, return its stock, and record a refund of what was paid.

    Raises: OrderNotCancellable.
    Locks: the order, its payment, its products, its discount code.
    """
    order = Order.objects.select_for_update().get(pk=order_uuid)
    if order.cancelled_at:
        return
    status = OrderStatus(order.status)
    if status not in from_statuses:
        raise OrderNotCancellable(order_uuid=order_uuid, status=status)
    if order.disputed_at:
        raise OrderNotCancellable(order_uuid=order_uuid, status=status, message=DISPUTED)
    live = live_attempt(order_uuid, lock=True)
    if status == OrderStatus.PENDING and live:
        raise OrderNotCancellable(order_uuid=order_uuid, status=status, message=TRY_LATER)
    if live and not live.is_refundable and by == CUSTOMER:
        raise OrderNotCancellable(order_uuid=order_uuid, status=status, message=DISPUTED)
    if live:
        promise_rest(live, now=now)
    move(order_uuid, OrderStatus.CANCELLED, now=now)
    record_event(order_uuid, Kind.CANCELLED, by=by, now=now)
    if status != OrderStatus.DRAFT:  # nobody has heard of a draft
        announce(order_uuid, News.ORDER_CANCELLED, now=now)
    if status == OrderStatus.PAID:
        promise_mail(order_uuid, OrderMail.Kind.CANCELLED, now=now)
    unpaid = status == OrderStatus.PENDING
    return_stock(order_uuid=order_uuid, reason=StockMovement.Reason.RETURNED, now=now, held=unpaid)
    if order.discount_code and status != OrderStatus.DRAFT:
        give_back(order.discount_code)
