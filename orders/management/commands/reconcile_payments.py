"""manage.py reconcile_payments: finish payments, refunds and mails that a crash or an outage has interrupted."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from core.batches import Batch
from orders import mail
from orders.models import Payment
from orders.payments.gateway import patiently
from orders.payments.reconciliation import reconcile, unfinished_payments
from orders.selectors import unconfirmed_orders


class Command(BaseCommand):
    help = (
        "Create the intents that a crash prevented, settle payments whose webhook never came, and send outstanding "
        "refunds and confirmations. It may run at any time, twice at once, and may be killed in the middle."
    )

    def handle(self, **_: Any) -> None:
        payments = list(unfinished_payments())
        batch = Batch()
        with patiently():
            batch.run(settle_now, tqdm(payments, unit="payment", disable=None))
        self.stdout.write(f"{batch.done} payments reconciled, {len(payments) - batch.done} left for later.")
        waiting = list(unconfirmed_orders().order_by("paid_at", "pk").values_list("pk", flat=True))
        mails = Batch()
        mails.run(confirm_now, waiting)
        if mails.done < len(waiting):
            self.stderr.write(f"{len(waiting) - mails.done} confirmations could not be mailed. See the log.")
        batch.close()


def settle_now(payment: Payment) -> bool:
    return reconcile(payment, now=timezone.now())


def confirm_now(order_uuid: UUID) -> bool:
    return mail.confirm(order_uuid, now=timezone.now())
