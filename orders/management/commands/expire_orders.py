"""manage.py expire_orders: give up the pending orders whose time is over; `make run` does it every minute."""

import logging
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone

from orders.cancellation import expire
from orders.payments.gateway import patiently
from orders.selectors import expired

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Give up the pending orders whose time is over: their payment is cancelled, and their stock goes back."

    def handle(self, **options: Any) -> None:
        """One order at a time, each step of which may be repeated: a second run beside this one does no harm."""
        overdue = list(expired(timezone.now()).values_list("pk", flat=True))
        with patiently():
            given_up = sum(self.give_up(order_uuid) for order_uuid in overdue)
        self.stdout.write(f"{given_up} of {len(overdue)} overdue orders expired.")

    def give_up(self, order_uuid: UUID) -> bool:
        try:
            return expire(order_uuid, now=timezone.now())
        except Exception:  # whatever is wrong with one order, the others must not wait for it
            logger.exception("Order %s has not expired.", order_uuid)
            return False
