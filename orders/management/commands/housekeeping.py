"""manage.py housekeeping: prune by age what strangers can make without end; `make run` does it every hour."""

import logging
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from orders.housekeeping import Heap, heaps, prune

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Delete expired sessions, carts that visitors have left, drafts that were never placed, and the record of "
        "Stripe's old events. Safe at any time, twice at once, and when it is killed in the middle."
    )

    def handle(self, **_: Any) -> None:
        for heap in heaps(timezone.now()):
            self.stdout.write(f"{self.tidy(heap)} {heap.name} deleted.")

    def tidy(self, heap: Heap) -> int:
        gone = 0
        try:
            for batch in tqdm(prune(heap), desc=heap.name, unit="batch", disable=None):
                gone += batch
        except Exception:  # whatever is wrong with one heap, the others must not wait for it
            logger.exception("Housekeeping stopped at %s.", heap.name)
        return gone
