"""Finishes what was cut off between the shop and Stripe."""

import logging
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from orders.models import Payment
from orders.payments.gateway import patiently
from orders.payments.reconciliation import mail_confirmations, reconcile, unfinished

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Make the intents that a crash cut off, settle payments whose webhook never came, send promised refunds and "
        "confirmations. Safe at any time, twice at once, and when it is killed in the middle."
    )

    def handle(self, **_: Any) -> None:
        payments = list(unfinished())
        with patiently():
            done = sum(self.mend(payment) for payment in tqdm(payments, unit="payment", disable=None))
        unsent = mail_confirmations(now=timezone.now())
        self.stdout.write(f"{done} payments reconciled, {len(payments) - done} left for later.")
        if unsent:
            self.stderr.write(f"{unsent} confirmations could not be mailed; the log says why.")

    def mend(self, payment: Payment) -> bool:
        try:
            return reconcile(payment, now=timezone.now())
        except Exception:  # whatever is wrong with one payment, the others must not wait for it
            logger.exception("Payment %s is not reconciled.", payment.pk)
            return False
