"""The tasks of the project that run by the clock."""

from django.utils import timezone
from django_tasks import task

from core.batches import Batch
from core.housekeeping import Heap, find_heaps, prune
from core.leftovers import delete_leftovers
from core.tasks import BY_THE_CLOCK, every


@every(minutes=60)
@task(priority=BY_THE_CLOCK)
def housekeeping() -> str:
    """Delete the old rows that the apps list.

    Raises: CommandError, if some could not be deleted. All the others are.
    """
    batch = Batch()
    report: list[str] = []

    def tidy(heap: Heap) -> bool:
        report.append(f"{sum(prune(heap))} {heap.name} deleted.")
        return True

    batch.run(tidy, find_heaps(timezone.now()))
    return batch.close("\n".join(report))


@every(minutes=24 * 60)
@task(priority=BY_THE_CLOCK)
def delete_leftover_pictures() -> str:
    """Delete the files of pictures that no row names and that are older than a day."""
    return f"{delete_leftovers(now=timezone.now())} leftover pictures deleted."
