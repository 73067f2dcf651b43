"""manage.py housekeeping: delete old rows that anonymous visitors can create; `make run` does it every hour."""

import logging
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from core.housekeeping import Heap, find_heaps, prune

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Delete the old rows that the apps list: expired sessions, abandoned carts of visitors, drafts that were "
        "never placed, and the records of old Stripe events. It may run at any time, twice at once, and may be killed "
        "in the middle."
    )

    def handle(self, **_: Any) -> None:
        for heap in find_heaps(timezone.now()):
            self.stdout.write(f"{self.tidy(heap)} {heap.name} deleted.")

    def tidy(self, heap: Heap) -> int:
        gone = 0
        try:
            for batch in tqdm(prune(heap), desc=heap.name, unit="batch", disable=None):
                gone += batch
        except Exception:  # one broken heap must not keep the others from being pruned
            logger.exception("Housekeeping stopped at %s.", heap.name)
        return gone
