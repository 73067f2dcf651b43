"""Finishes what was cut off between the shop and Stripe."""

from typing import Any

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
        done = sum(
            reconcile(payment, now=timezone.now()) for payment in tqdm(payments, unit="payment", disable=None)
        )
        mail_confirmations(now=timezone.now())
        self.stdout.write(f"{done} payments reconciled, {len(payments) - done} left for later.")
