"""Finishing payments and refunds that a crash or an outage has interrupted."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from orders.models import OPEN_PAYMENTS, Payment, PaymentStatus, Refund
from orders.payments.attempts import adopt, start_payment
from orders.payments.settlement import try_settle

# Stripe forgets an idempotency key after 24 hours: a later repetition could create a second intent.
KEY_LIFETIME = timedelta(hours=23)


def unfinished_payments() -> QuerySet[Payment]:
    """Payments that may have changed at Stripe without our knowledge, and payments with pending refunds."""
    undecided = Q(status__in=[*OPEN_PAYMENTS, PaymentStatus.PROCESSING])
    return Payment.objects.filter(undecided | Q(refunds__status=Refund.Status.PENDING)).distinct()


def reconcile(payment: Payment, *, now: datetime) -> bool:
    """Create or find the payment's intent, and settle it; False if Stripe cannot be reached."""
    forgotten = payment.created_at < now - KEY_LIFETIME
    started = (
        adopt(payment, now=now) if forgotten and not payment.intent_id else start_payment(payment, now=now)
    )
    return started and try_settle(payment, now=now)
