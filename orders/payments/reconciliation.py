"""Finishing what a crash or an outage cut off, and finding what the shop and Stripe do not agree on."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import stripe
from django.db.models import Q, QuerySet

from orders import mail
from orders.models import Order, OrderStatus, Payment, PaymentStatus, Refund
from orders.payments.attempts import start_payment
from orders.payments.gateway import client
from orders.payments.settlement import our_uuid, settle, try_settle

logger = logging.getLogger(__name__)

# Stripe forgets an idempotency key after 24 hours: past that a repetition could make a second intent.
KEY_LIFETIME = timedelta(hours=23)


def unfinished() -> QuerySet[Payment]:
    """Attempts that may still change at Stripe without our having heard of it, and refunds not yet through."""
    open_attempts = Q(status__in=[*OPEN, PaymentStatus.PROCESSING])
    return Payment.objects.filter(open_attempts | Q(refunds__status=Refund.Status.PENDING)).distinct()


OPEN = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION, PaymentStatus.FAILED)


def reconcile(payment: Payment, *, now: datetime) -> bool:
    """Bring one payment to what Stripe says of it, its intent made or found first; False where it cannot be asked."""
    if not payment.intent_id and payment.created_at < now - KEY_LIFETIME:
        try:
            adopt(payment, now=now)
        except stripe.StripeError:
            logger.warning("The intent of payment %s is still to be found.", payment.pk, exc_info=True)
            return False
    return start_payment(payment) and try_settle(payment, now=now)


def adopt(payment: Payment, *, now: datetime) -> None:
    """Take the intent that was made for this row by a key that Stripe has forgotten, if there is one."""
    for intent in intents_since(payment.created_at - timedelta(minutes=5)):
        if our_uuid(intent) == payment.pk:
            settle(intent.id, now=now)
            payment.refresh_from_db()
            return


def mail_confirmations(*, now: datetime) -> None:
    """Of orders whose payment was settled by a process that died before it mailed."""
    paid = Order.objects.filter(
        status__in=[OrderStatus.PAID, OrderStatus.SHIPPED], confirmation_mailed_at=None
    )
    for uuid in paid.values_list("pk", flat=True):
        mail.confirm(uuid, now=now)


def intents_since(start: datetime) -> Iterator[stripe.PaymentIntent]:
    """Every intent that Stripe has made since, ours or not."""
    page = client().v1.payment_intents.list({"created": {"gte": int(start.timestamp())}, "limit": 100})
    return page.auto_paging_iter()
