"""The tasks of the project that run by the clock."""

import logging

from django.utils import timezone
from django_tasks import task

from core.housekeeping import Heap, find_heaps, prune
from core.tasks import BY_THE_CLOCK, every

logger = logging.getLogger(__name__)


@every(minutes=60)
@task(priority=BY_THE_CLOCK)
def housekeeping() -> str:
    """Delete the old rows that the apps list."""
    return "\n".join(f"{tidy(heap)} {heap.name} deleted." for heap in find_heaps(timezone.now()))


def tidy(heap: Heap) -> int:
    """Prune the heap, and return the number of rows."""
    gone = 0
    try:
        for batch in prune(heap):
            gone += batch
    except Exception:  # one broken heap must not keep the others from being pruned
        logger.exception("Housekeeping stopped at %s.", heap.name)
    return gone
