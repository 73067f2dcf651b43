"""manage.py expire_orders: cancel the pending orders whose time is over; `make run` does it every minute."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone

from core.batches import Batch
from orders.cancellation import expire
from orders.payments.gateway import patiently
from orders.selectors import expired_orders


class Command(BaseCommand):
    help = "Cancel the pending orders whose time is over, with their payments, and return their stock."

    def handle(self, **options: Any) -> None:
        """Expire one order at a time. Each step may be repeated, so a second run at the same time does no harm."""
        overdue = list(expired_orders(timezone.now()).values_list("pk", flat=True))
        batch = Batch()
        with patiently():
            batch.run(give_up, overdue)
        self.stdout.write(f"{batch.done} of {len(overdue)} overdue orders expired.")
        batch.close()


def give_up(order_uuid: UUID) -> bool:
    return expire(order_uuid, now=timezone.now())
