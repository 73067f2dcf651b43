"""Settlement: an order follows the state of its payment at Stripe. It only moves forwards, and may be repeated."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import stripe
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from catalog.models import StockMovement
from catalog.stock import number_of, put_back, release, return_stock
from core import money
from hooks.models import Kind as News
from orders.announcing import announce
from orders.documents.issuing import issue_credit_notes, issue_invoice
from orders.events import Kind, event_of
from orders.holds import prolong
from orders.mail import promise_mail
from orders.models import (
    Order,
    OrderEvent,
    OrderItem,
    OrderMail,
    OrderStatus,
    Payment,
    PaymentStatus,
    StripeEvent,
)
from orders.parcels import items_to_ship, pack_all
from orders.payments.attempts import payment_uuid_of
from orders.payments.gateway import client
from orders.payments.refunds import count_refunds, promise_rest, refunds_of, send_promised
from orders.transitions import move

logger = logging.getLogger(__name__)

INTENT_STATUSES = {
    "requires_payment_method": PaymentStatus.PENDING,
    "requires_confirmation": PaymentStatus.PENDING,
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "processing": PaymentStatus.PROCESSING,
    "canceled": PaymentStatus.CANCELLED,
    "succeeded": PaymentStatus.SUCCEEDED,
}
# A dispute in one of these is over, and the money is ours.
SETTLED_DISPUTES = frozenset({"won", "warning_closed", "prevented"})
LOST = "lost"
# The shopper has entered a payment method.
TRIED = frozenset({PaymentStatus.REQUIRES_ACTION, PaymentStatus.PROCESSING, PaymentStatus.FAILED})
PAID = frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})
# What is stored is in English, Stripe's language, and translated when it is shown.
REFUSED = gettext_noop("The payment was not accepted. Please try another payment method.")
# What Stripe says most often.
REASONS = (
    gettext_noop("Your card was declined."),
    gettext_noop("Your card has expired."),
    gettext_noop("Your card has insufficient funds."),
    gettext_noop("Your card's security code is incorrect."),
)


def settle(intent_id: str, *, now: datetime, event: StripeEvent | None = None) -> None:
    """Fetch the intent from Stripe, and bring payment, order and stock up to date with it.

    `event` is recorded in the same transaction. An event that is on record already changes nothing, and neither does
    an intent of somebody else's. Refunds are sent after the commit; if the process dies before that, the next call
    sends them.

    Raises: stripe.StripeError, if Stripe cannot be reached.
    """
    state = fetch_state(intent_id)
    payment = apply(state, now=now, event=event) if state else None
    if payment is None or payment.status not in PAID:
        return
    if send_promised(payment, now=now) and (state := fetch_state(intent_id)):
        apply(state, now=now)


def try_settle(payment: Payment, *, now: datetime) -> bool:
    """Settle a started attempt; False if Stripe cannot be reached, so that it has to be tried again later."""
    try:
        settle(payment.intent_id or "", now=now)
    except stripe.StripeError:
        logger.warning("Payment %s is still to be settled.", payment.pk, exc_info=True)
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class IntentState:
    """The state of an intent at Stripe."""

    intent: stripe.PaymentIntent
    refunds: Sequence[stripe.Refund] = ()
    disputed: Decimal = Decimal(0)  # of disputes that are open
    lost: Decimal = Decimal(0)  # to cardholders, for good
    is_refundable: bool = True


def fetch_state(intent_id: str) -> IntentState | None:
    """Fetch the state of an intent, or None if our account at Stripe has no such intent.

    Raises: stripe.StripeError, if Stripe cannot be reached.
    """
    try:
        intent = client().v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            return None
        raise
    charge = intent.latest_charge
    if not isinstance(charge, stripe.Charge):
        return IntentState(intent=intent)
    disputes = client().v1.disputes.list({"payment_intent": intent_id}).data if charge.disputed else ()
    open_ones = [each for each in disputes if each.status != LOST and each.status not in SETTLED_DISPUTES]
    lost = [each for each in disputes if each.status == LOST]

    def add_up(some: Sequence[stripe.Dispute]) -> Decimal:
        return money.from_minor_units(sum(each.amount for each in some), intent.currency.upper())

    return IntentState(
        intent=intent,
        refunds=refunds_of(intent_id),
        disputed=add_up(open_ones),
        lost=add_up(lost),
        is_refundable=all(each.is_charge_refundable for each in lost),
    )


@transaction.atomic(durable=True)
def apply(state: IntentState, *, now: datetime, event: StripeEvent | None = None) -> Payment | None:
    """Bring our rows up to date with the intent's state. Return the payment, or None if the intent is not ours.

    Locks: the order, the payment, the products, the series of documents.
    """
    intent = state.intent
    uuid = payment_uuid_of(intent)
    found = Payment.objects.filter(pk=uuid).first() if uuid else None
    if found is None or found.intent_id not in (None, intent.id):
        return None
    order = Order.objects.select_for_update().get(pk=found.order_id)
    payment = Payment.objects.select_for_update().get(pk=found.pk)
    if event and not record_event(event):
        return payment
    asked = money.to_minor_units(payment.amount, payment.currency), payment.currency.lower()
    if (intent.amount, intent.currency) != asked:
        logger.error("Intent %s has another amount or currency than payment %s.", intent.id, payment.pk)
        return None
    happened: list[OrderEvent] = []
    # The state may have been fetched before the attempt was cancelled: only money revives a cancelled attempt.
    if payment.status not in PAID and (payment.is_live or intent.status == "succeeded"):
        happened += mirror(payment, intent, now=now)
    if payment.status in PAID:
        lost_before = payment.lost
        payment.lost, payment.is_refundable = min(state.lost, payment.amount), state.is_refundable
        happened += count_refunds(payment, state.refunds, now=now)
        is_closing = bool(order.disputed_at) or payment.lost > lost_before
        happened += freeze(order, payment, disputed=state.disputed, is_closing=is_closing, now=now)
        happened += on_success(order, payment, now=now)
        if payment.status == PaymentStatus.REFUNDED:
            on_full_refund(order.pk, now=now)
    if any(event.kind == Kind.REFUNDED for event in happened):
        announce(order.pk, News.ORDER_REFUNDED, now=now, refunded=str(payment.refunded))
    if happened:
        OrderEvent.objects.bulk_create(happened)
        issue_documents(order, payment, happened, now=now)
    return payment


def issue_documents(order: Order, payment: Payment, happened: Sequence[OrderEvent], *, now: datetime) -> None:
    """Issue the documents of what has happened: the last step, because it locks the numbers up to the commit.

    Locks: the series of documents.
    """
    kinds = {event.kind for event in happened}
    if Kind.PAID in kinds:
        issue_invoice(order, paid_at=now, now=now)
    if Kind.REFUNDED in kinds:
        issue_credit_notes(order, payment, now=now)


def record_event(event: StripeEvent) -> bool:
    """Record the event; False if it is on record already."""
    _, created = StripeEvent.objects.get_or_create(
        event_id=event.event_id, defaults={"type": event.type, "received_at": event.received_at}
    )
    return created


def mirror(payment: Payment, intent: stripe.PaymentIntent, *, now: datetime) -> list[OrderEvent]:
    """Copy the intent's state to an unpaid attempt, with the last failure in words for the shopper.

    Return what has happened by it.
    """
    before = payment.status, payment.failure
    status, error = INTENT_STATUSES[intent.status], intent.last_payment_error
    if status == PaymentStatus.PENDING and error:
        status = PaymentStatus.FAILED
    payment.status = status
    payment.failure = ((error and error.message) or REFUSED)[:500] if status == PaymentStatus.FAILED else ""
    payment.intent_id, payment.client_secret = intent.id, intent.client_secret or ""
    payment.updated_at = now
    payment.save()
    if status in TRIED:
        prolong(payment)
    if status != PaymentStatus.FAILED or before == (status, payment.failure):
        return []
    return [event_of(payment.order_id, Kind.PAYMENT_FAILED, now=now, reason=payment.failure)]


def on_success(order: Order, payment: Payment, *, now: datetime) -> list[OrderEvent]:
    """Set the order to PAID, and to SHIPPED if the settings say so. Refund an order that has been cancelled.

    Return what has happened by it.

    Locks: the products.
    """
    if move(order.pk, OrderStatus.PAID, now=now):
        release(order_uuid=order.pk)
        promise_mail(order.pk, OrderMail.Kind.CONFIRMATION, now=now)
        happened = [event_of(order.pk, Kind.PAID, now=now, amount=str(payment.amount))]
        announce(order.pk, News.ORDER_PAID, now=now)
        if settings.STORE_SHIP_ON_PAYMENT:
            happened.append(pack_all(order.pk, now=now))
        return happened
    if order.status == OrderStatus.CANCELLED and not order.disputed_at:
        promise_rest(payment, now=now)
    return []


def freeze(
    order: Order, payment: Payment, *, disputed: Decimal, is_closing: bool, now: datetime
) -> list[OrderEvent]:
    """Freeze an order while an amount of its payment is disputed, so that the staff decide.

    Once all disputes are closed, it stays frozen only if nothing is left of the payment. Only what `is_closing` them
    decides on this, and not a later refund of the rest. Return what has happened.
    """
    if is_closing and not disputed and payment.lost and payment.lost + payment.refunded >= payment.amount:
        disputed = payment.lost
    if bool(disputed) == bool(order.disputed_at):
        return []
    order.disputed_at = now if disputed else None
    Order.objects.filter(pk=order.pk).update(disputed_at=order.disputed_at, updated_at=now)
    if disputed:
        return [event_of(order.pk, Kind.DISPUTED, now=now, amount=str(disputed))]
    if payment.lost:
        return [event_of(order.pk, Kind.DISPUTE_CLOSED, now=now, amount=str(payment.lost), text="lost")]
    return [event_of(order.pk, Kind.DISPUTE_CLOSED, now=now)]


def on_full_refund(order_uuid: UUID, *, now: datetime) -> None:
    """Set the order to REFUNDED, and return its stock unless it was shipped or a cancellation has returned it."""
    before = Order.objects.values_list("status", flat=True).get(pk=order_uuid)
    if not move(order_uuid, OrderStatus.REFUNDED, now=now):
        return
    if before == OrderStatus.PAID:
        return_stock(order_uuid=order_uuid, reason=StockMovement.Reason.RETURNED, now=now)
    elif before == OrderStatus.PARTIALLY_SHIPPED:
        withdraw_rest(order_uuid, now=now)


def withdraw_rest(order_uuid: UUID, *, now: datetime) -> None:
    """Put what has not left back in stock: it will not leave any more.

    Locks: the products.
    """
    items = list(items_to_ship(order_uuid))
    left = number_of({item.pk: item.to_ship for item in items})
    OrderItem.objects.filter(pk__in=[item.pk for item in items]).update(
        withdrawn=F("withdrawn") + left, restocked=F("restocked") + left
    )
    back = {item.variant_id: item.to_ship for item in items if item.variant_id is not None}
    put_back(back, order_uuid=order_uuid, now=now)
