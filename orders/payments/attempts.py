"""Paying in two phases: a row in the checkout's transaction, and an intent at Stripe after the commit."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import stripe
from django.db import transaction
from django.utils.translation import gettext as _
from stripe.params import PaymentIntentCreateParams, PaymentIntentCreateParamsShipping

from core import money
from core.addresses import street_of
from orders.errors import OrderNotEditable, PaymentUnavailable
from orders.models import Order, OrderStatus, Payment, PaymentStatus, Shipping
from orders.payments.gateway import MINIMUM, client

# The most that Stripe's clock may be behind ours.
CLOCK_SKEW = timedelta(minutes=5)

logger = logging.getLogger(__name__)


def check_payable(amount: Decimal, currency: str) -> None:
    """Check that Stripe would accept the amount. 0 needs no payment.

    Raises: PaymentUnavailable.
    """
    units = money.to_minor_units(amount, currency)
    if units > money.MAX_MINOR_UNITS:
        most = money.format_money(money.from_minor_units(money.MAX_MINOR_UNITS, currency), currency)
        raise PaymentUnavailable(
            _("At most %(most)s can be paid in one payment. Please order less.") % {"most": most}
        )
    least = MINIMUM.get(currency, 1)
    if 0 < units < least:
        smallest = money.format_money(money.from_minor_units(least, currency), currency)
        raise PaymentUnavailable(
            _("A payment must be at least %(least)s. Please order more.") % {"least": smallest}
        )


def new_attempt(order: Order, *, now: datetime) -> Payment:
    """Write the row of an attempt over the order's amount. A step of a transaction that has locked the order."""
    return Payment.objects.create(
        order=order, amount=order.amount, currency=order.currency, created_at=now, updated_at=now
    )


def start_payment(payment: Payment, *, now: datetime) -> bool:
    """Create the attempt's intent and store its id; False if there is still no intent.

    No transaction may be open. The idempotency key and the parameters depend only on the row and on what its order has
    frozen, so that a repetition, after a crash or at the same time, gets the same intent.
    """
    if payment.intent_id:
        return True
    try:
        intent = client().v1.payment_intents.create(
            parameters(payment), {"idempotency_key": f"payment:{payment.pk}"}
        )
    except (stripe.APIError, stripe.IdempotencyError):
        # A 500, which Stripe replays for this key for a day, or an intent with other parameters, of an older release.
        return adopt(payment, now=now)
    except stripe.StripeError:
        logger.warning("The intent of payment %s is still to be created.", payment.pk, exc_info=True)
        return False
    store_intent(payment, intent)
    return True


def store_intent(payment: Payment, intent: stripe.PaymentIntent) -> None:
    payment.intent_id, payment.client_secret = intent.id, intent.client_secret or ""
    Payment.objects.filter(pk=payment.pk, intent_id=None).update(
        intent_id=payment.intent_id, client_secret=payment.client_secret
    )


def adopt(payment: Payment, *, now: datetime) -> bool:
    """Find the row's intent in Stripe's list, for when its idempotency key no longer works; False if there is none.

    In that case a new attempt, with a key of its own, replaces this one.
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
    """Cancel an attempt without an intent, and write a new one if the order is still pending.

    Locks: the order.
    """
    order = Order.objects.select_for_update().get(pk=payment.order_id)
    unstarted = Payment.objects.filter(pk=payment.pk, intent_id=None).exclude(status=PaymentStatus.CANCELLED)
    given_up = unstarted.update(status=PaymentStatus.CANCELLED, updated_at=now)
    if given_up and order.status == OrderStatus.PENDING:
        new_attempt(order, now=now)


def intents_since(start: datetime) -> Iterator[stripe.PaymentIntent]:
    """All of Stripe's intents created since, including intents that are not ours."""
    page = client().v1.payment_intents.list({"created": {"gte": int(start.timestamp())}, "limit": 100})
    return page.auto_paging_iter()


def payment_uuid_of(intent: stripe.PaymentIntent) -> UUID | None:
    """Return the uuid of the payment that the intent was created for, or None if it is not ours."""
    try:
        return UUID(intent.metadata["payment"])
    except (KeyError, TypeError, ValueError):
        return None


def parameters(payment: Payment) -> PaymentIntentCreateParams:
    order = payment.order
    created: PaymentIntentCreateParams = {
        "amount": money.to_minor_units(payment.amount, payment.currency),
        "currency": payment.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "description": str(order),
        "metadata": {"payment": str(payment.pk), "order": str(order.pk), "number": order.number},
    }
    if order.requires_shipping:
        assert order.shipping is not None, "a constraint of the table"
        created["shipping"] = shipping_of(order.shipping)
    return created


def shipping_of(shipping: Shipping) -> PaymentIntentCreateParamsShipping:
    """Return the address in Stripe's form, without the lines that are empty, which it refuses."""
    lines = {
        "line1": " ".join(street_of(shipping)),
        "line2": shipping.address2,
        "city": shipping.city,
        "postal_code": shipping.zip_code,
        "state": shipping.state,
        "country": shipping.country,
    }
    address = {name: line for name, line in lines.items() if line}
    return {"name": shipping.name, "phone": shipping.phone, "address": address}  # type: ignore[typeddict-item]


def cancel_intent(payment: Payment) -> bool:
    """Cancel the intent of a started attempt, unless it is paid, cancelled or processing; False if Stripe is down.

    `settle` then reads the intent's new state.
    """
    if payment.status == PaymentStatus.PROCESSING:
        return True  # Stripe might still cancel it, but the money may be on its way
    try:
        with suppress(stripe.InvalidRequestError):
            client().v1.payment_intents.cancel(payment.intent_id or "")
    except stripe.StripeError:
        logger.warning("The intent of payment %s is still to be cancelled.", payment.pk, exc_info=True)
        return False
    return True


def live_attempt(order_uuid: UUID, *, lock: bool = False) -> Payment | None:
    """The order's one attempt that is not cancelled. `lock` locks its row, after the order's."""
    payments = Payment.objects.select_for_update() if lock else Payment.objects.all()
    return payments.filter(order=order_uuid).exclude(status=PaymentStatus.CANCELLED).first()


@transaction.atomic(durable=True)
def ensure_attempt(order_uuid: UUID, *, now: datetime) -> Payment:
    """Return the live attempt of a pending order, or write a new one.

    Raises: OrderNotEditable, for an order that is not pending.
    Locks: the order.
    """
    order = Order.objects.select_for_update().get(pk=order_uuid)
    if order.status != OrderStatus.PENDING:
        raise OrderNotEditable(order_uuid=order_uuid, status=OrderStatus(order.status))
    return live_attempt(order_uuid) or new_attempt(order, now=now)
