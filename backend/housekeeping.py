"""The rows of tasks that `manage.py housekeeping` deletes."""

from datetime import datetime, timedelta

from django_tasks_db.models import DBTaskResult

from core.housekeeping import Heap

# Their arguments name people, so finished tasks do not stay long. Failed ones are for the staff to see.
KEEP_FINISHED, KEEP_FAILED = timedelta(days=1), timedelta(days=30)


def heaps(now: datetime) -> list[Heap]:
    return [
        Heap(
            name="finished tasks",
            rows=DBTaskResult.objects.successful().filter(finished_at__lt=now - KEEP_FINISHED),
        ),
        Heap(
            name="failed tasks", rows=DBTaskResult.objects.failed().filter(finished_at__lt=now - KEEP_FAILED)
        ),
    ]
