"""Finishes what was cut off between the shop and Stripe."""

from typing import Any

import stripe
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from orders.payments.reconciliation import mail_confirmations, reconcile, unfinished


class Command(BaseCommand):
    help = (
        "Make the intents that a crash cut off, settle payments whose webhook never came, send promised refunds and "
        "confirmations. Safe at any time, twice at once, and when it is killed in the middle."
    )

    def handle(self, **_: Any) -> None:
        payments = list(unfinished())
        failed = 0
        for payment in tqdm(payments, unit="payment", disable=None):
            try:
                reconcile(payment, now=timezone.now())
            except stripe.StripeError as error:
                failed += 1
                self.stderr.write(f"payment {payment.pk}: {error}")
        mail_confirmations(now=timezone.now())
        self.stdout.write(f"{len(payments) - failed} payments reconciled, {failed} left for later.")
