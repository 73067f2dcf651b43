"""Paying in two phases: a row in the checkout's transaction, then an intent at Stripe with none open."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import stripe
from django.db import transaction
from stripe.params import PaymentIntentCreateParams

from core import money
from orders.errors import OrderNotEditable, PaymentUnavailable
from orders.models import Order, OrderStatus, Payment, PaymentStatus
from orders.payments.gateway import MINIMUM, client

# How far Stripe's clock may be behind ours.
CLOCK_SKEW = timedelta(minutes=5)

logger = logging.getLogger(__name__)


def check_payable(amount: Decimal, currency: str) -> None:
    """PaymentUnavailable for an amount that Stripe would refuse; 0 needs no payment."""
    units = money.to_minor_units(amount, currency)
    if units > money.MAX_MINOR_UNITS:
        most = money.from_minor_units(money.MAX_MINOR_UNITS, currency)
        raise PaymentUnavailable(f"At most {most} {currency} can be paid at once.")
    least = MINIMUM.get(currency, 1)
    if 0 < units < least:
        raise PaymentUnavailable(
            f"At least {money.from_minor_units(least, currency)} {currency} can be paid."
        )


def new_attempt(order: Order, *, now: datetime) -> Payment:
    """Write the row of an attempt at the order's amount; a step of a transaction that has locked the order."""
    return Payment.objects.create(
        order=order, amount=order.amount, currency=order.currency, created_at=now, updated_at=now
    )


def start_payment(payment: Payment, *, now: datetime) -> bool:
    """Create the intent of an attempt and store its id; False where it has none after this.

    Runs with no transaction open. The key and the parameters are a function of the row alone, so that a repetition
    after a crash, or at the same time, finds the same intent.
    """
    if payment.intent_id:
        return True
    try:
        intent = client().v1.payment_intents.create(
            parameters(payment), {"idempotency_key": f"payment:{payment.pk}"}
        )
    except stripe.APIError:  # a 500, which Stripe replays for this key for a day
        return adopt(payment, now=now)
    except stripe.StripeError:
        logger.warning("No intent for payment %s yet.", payment.pk, exc_info=True)
        return False
    store_intent(payment, intent)
    return True


def store_intent(payment: Payment, intent: stripe.PaymentIntent) -> None:
    payment.intent_id, payment.client_secret = intent.id, intent.client_secret or ""
    Payment.objects.filter(pk=payment.pk, intent_id=None).update(
        intent_id=payment.intent_id, client_secret=payment.client_secret
    )


def adopt(payment: Payment, *, now: datetime) -> bool:
    """Take the intent that was made for this row, where its key cannot tell any more; False where there is none.

    A new attempt, with a key of its own, has then taken this one's place.
    """
    try:
        for intent in intents_since(payment.created_at - CLOCK_SKEW):
            if payment_uuid_of(intent) == payment.pk:
                store_intent(payment, intent)
                return True
    except stripe.StripeError:
        logger.warning("The intent of payment %s is still to be found.", payment.pk, exc_info=True)
        return False
    replace_attempt(payment, now=now)
    return False


@transaction.atomic(durable=True)
def replace_attempt(payment: Payment, *, now: datetime) -> None:
    """Give up an attempt without an intent; the next one follows if the order is to be paid. Locks the order."""
    order = Order.objects.select_for_update().get(pk=payment.order_id)
    unstarted = Payment.objects.filter(pk=payment.pk, intent_id=None).exclude(status=PaymentStatus.CANCELLED)
    given_up = unstarted.update(status=PaymentStatus.CANCELLED, updated_at=now)
    if given_up and order.status == OrderStatus.PENDING:
        new_attempt(order, now=now)


def intents_since(start: datetime) -> Iterator[stripe.PaymentIntent]:
    """Every intent that Stripe has made since, ours or not."""
    page = client().v1.payment_intents.list({"created": {"gte": int(start.timestamp())}, "limit": 100})
    return page.auto_paging_iter()


def payment_uuid_of(intent: stripe.PaymentIntent) -> UUID | None:
    """The payment that the intent was made for; None for an intent that we did not make."""
    try:
        return UUID(intent.metadata["payment"])
    except (KeyError, TypeError, ValueError):
        return None


def parameters(payment: Payment) -> PaymentIntentCreateParams:
    return {
        "amount": money.to_minor_units(payment.amount, payment.currency),
        "currency": payment.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "metadata": {"payment": str(payment.pk), "order": str(payment.order_id)},
    }


def cancel_intent(payment: Payment) -> bool:
    """Cancel the intent of a started attempt, unless it is paid, cancelled or with the bank already.

    False where Stripe could not be reached. What has become of the intent is for `settle` to find out.
    """
    if payment.status == PaymentStatus.PROCESSING:
        return True  # in rare cases Stripe would still cancel it, but the money may be on its way
    try:
        with suppress(stripe.InvalidRequestError):
            client().v1.payment_intents.cancel(payment.intent_id or "")
    except stripe.StripeError:
        logger.warning("The intent of payment %s is still to be cancelled.", payment.pk, exc_info=True)
        return False
    return True


def live_attempt(order_uuid: UUID, *, lock: bool = False) -> Payment | None:
    """The one attempt that is not cancelled; its row is locked if so asked, after the order's."""
    payments = Payment.objects.select_for_update() if lock else Payment.objects.all()
    return payments.filter(order=order_uuid).exclude(status=PaymentStatus.CANCELLED).first()


@transaction.atomic(durable=True)
def ensure_attempt(order_uuid: UUID, *, now: datetime) -> Payment:
    """The pending order's live attempt, old or new. OrderNotEditable for any other order. Locks the order."""
    order = Order.objects.select_for_update().get(pk=order_uuid)
    if order.status != OrderStatus.PENDING:
        raise OrderNotEditable(OrderStatus(order.status))
    return live_attempt(order_uuid) or new_attempt(order, now=now)
