"""Finishes what was cut off between the shop and Stripe."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from core.batches import Batch
from orders import mail
from orders.models import Payment
from orders.payments.reconciliation import reconcile, unconfirmed, unfinished


class Command(BaseCommand):
    help = (
        "Make the intents that a crash cut off, settle payments whose webhook never came, send promised refunds and "
        "confirmations. Safe at any time, twice at once, and when it is killed in the middle."
    )

    def handle(self, **_: Any) -> None:
        payments = list(unfinished())
        batch = Batch()
        batch.run(settle_now, tqdm(payments, unit="payment", disable=None))
        self.stdout.write(f"{batch.done} payments reconciled, {len(payments) - batch.done} left for later.")
        batch.run(confirm_now, unconfirmed())
        batch.close()


def settle_now(payment: Payment) -> bool:
    return reconcile(payment, now=timezone.now())


def confirm_now(order_uuid: UUID) -> bool:
    mail.confirm(order_uuid, now=timezone.now())
    return True
