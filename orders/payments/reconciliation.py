"""Finishing what a crash or an outage cut off, and finding what the shop and Stripe do not agree on."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from orders.models import OPEN_PAYMENTS, Payment, PaymentStatus, Refund
from orders.payments.attempts import adopt, start_payment
from orders.payments.settlement import try_settle

# Stripe forgets an idempotency key after 24 hours: past that a repetition could make a second intent.
KEY_LIFETIME = timedelta(hours=23)


def unfinished_payments() -> QuerySet[Payment]:
    """Attempts that may still change at Stripe without our having heard of it, and refunds not yet through."""
    undecided = Q(status__in=[*OPEN_PAYMENTS, PaymentStatus.PROCESSING])
    return Payment.objects.filter(undecided | Q(refunds__status=Refund.Status.PENDING)).distinct()


def reconcile(payment: Payment, *, now: datetime) -> bool:
    """Bring one payment to what Stripe says of it, its intent made or found first; False where it cannot be asked."""
    forgotten = payment.created_at < now - KEY_LIFETIME
    started = (
        adopt(payment, now=now) if forgotten and not payment.intent_id else start_payment(payment, now=now)
    )
    return started and try_settle(payment, now=now)
