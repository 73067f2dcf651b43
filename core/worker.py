"""The worker of the tasks: it runs what is due, retries what fails, and takes up what a killed worker has left.

A running task has a lease: `run_after` is the moment from which another worker may take it up. Its own worker renews
the lease, however long the task takes. A worker that cannot, because it was frozen or has lost the database, is killed
by its alarm before the lease ends, so that no task runs twice at the same time.
"""

import logging
import signal
from datetime import datetime, timedelta
from threading import Event, Thread
from traceback import format_exception
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules
from django_tasks.base import DEFAULT_TASK_BACKEND_ALIAS, TaskContext, TaskResultStatus
from django_tasks.utils import normalize_json
from django_tasks_db.models import DBTaskResult, get_date_max

from core.tasks import BY_THE_CLOCK, SCHEDULE
from core.tracing import span

LEASE = timedelta(seconds=120)
ALARM = timedelta(seconds=90)
BEAT = timedelta(seconds=5)
POLL = timedelta(seconds=1)
# The pause after the first failure. It doubles with each further one, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=15)
# A task that still fails after so long is left to the staff.
PATIENCE = timedelta(days=1)
# A task that is due for so long has no worker.
LATE = timedelta(minutes=10)
# A task by the clock has one row for ever, whose key is made of its path.
NAMESPACE = uuid5(NAMESPACE_URL, "db_worker")

READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL
Row = DBTaskResult[Any, Any]

logger = logging.getLogger(__name__)


class WorkerLost(Exception):
    """The task's worker was killed in the middle of it."""


class Worker:
    """Runs tasks in threads, while the main thread renews their leases."""

    def __init__(self) -> None:
        self.name = uuid4().hex
        self.running: set[UUID] = set()
        self.stopping = Event()
        autodiscover_modules("tasks")  # fills SCHEDULE

    def run(self, *, threads: int) -> None:
        """Run tasks until `stopping` is set and the running ones have ended."""
        working = [Thread(target=self.work, daemon=True) for _ in range(threads)]
        for thread in working:
            thread.start()
        for thread in working:
            while thread.is_alive():
                self.beat()
                thread.join(BEAT.total_seconds())
        connection.close()

    def work(self) -> None:
        """Run one task after the other in this thread."""
        while not self.stopping.is_set():
            close_old_connections()
            try:
                found = self.run_next()
            except DatabaseError as error:  # the lease of the task, if there is one, ends by itself
                logger.warning("The worker cannot use the database: %s", error)
                found = False
            if not found:
                self.stopping.wait(POLL.total_seconds())
        connection.close()

    def run_next(self) -> bool:
        """Run the next task that is due; False if there is none."""
        row = claim(self.name, now=timezone.now())
        if row is None:
            return False
        self.running.add(row.pk)
        try:
            perform(row)
        finally:
            self.running.discard(row.pk)
        return True

    def beat(self) -> None:
        """Renew the leases and the alarm, take up what others have left, and see to the tasks by the clock."""
        close_old_connections()
        try:
            now, running = timezone.now(), list(self.running)
            if running:
                DBTaskResult.objects.running().filter(pk__in=running).update(run_after=now + LEASE)
            signal.setitimer(
                signal.ITIMER_REAL, ALARM.total_seconds()
            )  # without a handler it kills the process
            take_up(now)
            schedule(now)
        except DatabaseError as error:
            logger.warning("The worker cannot use the database: %s", error)


@transaction.atomic(durable=True)
def claim(worker: str, *, now: datetime) -> Row | None:
    """Take the lease of the next task that is due; None if there is none."""
    row = DBTaskResult.objects.ready().select_for_update(skip_locked=True).first()
    if row:
        row.status, row.started_at, row.run_after = RUNNING, now, now + LEASE
        row.worker_ids = [*row.worker_ids, worker]
        row.save(update_fields=["status", "started_at", "run_after", "worker_ids"])
    return row


def perform(row: Row) -> None:
    """Run a claimed task, and record its outcome."""
    try:
        task = row.task
        # The library's types are those of Django 6.
        context = [TaskContext(task_result=row.task_result)] if task.takes_context else []  # type: ignore[arg-type]
        # The id finds the span of the request that has enqueued it.
        with span(row.task_path, {"messaging.message.id": str(row.pk)}, kind="CONSUMER"):
            value = normalize_json(task.call(*context, *row.args_kwargs["args"], **row.args_kwargs["kwargs"]))
    except Exception as error:  # whatever fails is tried again
        fail(row, error, now=timezone.now())
    else:
        succeed(row, value, now=timezone.now())


def succeed(row: Row, value: Any, *, now: datetime) -> None:
    """Record the success. A task by the clock waits for its next time."""
    next_time = next_run(row)
    if next_time:
        close(row, status=READY, run_after=next_time, worker_ids=[], return_value=value, traceback="")
    else:
        close(row, status=SUCCESSFUL, finished_at=now, return_value=value, traceback="")


def fail(row: Row, error: Exception, *, now: datetime) -> None:
    """Record the failure, and let the task run again later; after PATIENCE, leave it to the staff.

    An error that knows when trying again makes sense says so in `retry_after_seconds`.
    """
    kind = type(error)
    columns = {
        "exception_class_path": f"{kind.__module__}.{kind.__qualname__}",
        "traceback": "".join(format_exception(error)),
    }
    asked = getattr(error, "retry_after_seconds", None)
    again = next_run(row) or now + (timedelta(seconds=asked) if asked else pause_after(len(row.worker_ids)))
    if row.task_path in SCHEDULE:
        logger.error("%s failed, and runs again at its next time.", row.task_path, exc_info=error)
        close(row, status=READY, run_after=again, worker_ids=[], **columns)
    elif again < row.enqueued_at + PATIENCE:
        logger.warning("%s failed, and is tried again at %s: %r", row.task_path, again, error)
        close(row, status=READY, run_after=again, **columns)
    else:
        logger.error("%s has failed for too long. The staff can try again.", row.task_path, exc_info=error)
        close(row, status=FAILED, finished_at=now, **columns)


def close(row: Row, **columns: Any) -> None:
    """Write the outcome, unless another worker has taken the task up."""
    DBTaskResult.objects.running().filter(pk=row.pk, started_at=row.started_at).update(**columns)


def pause_after(failures: int) -> timedelta:
    """Return the growing pause between two attempts."""
    doubled: int = 2 ** min(failures - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def next_run(row: Row) -> datetime | None:
    """Return the next time of a task by the clock."""
    period = SCHEDULE.get(row.task_path)
    return row.started_at + period if period and row.started_at else None


def take_up(now: datetime) -> None:
    """Let the tasks whose worker was killed run again, as after a failure: one that kills its workers gets rarer."""
    for row in DBTaskResult.objects.running().filter(run_after__lte=now):
        fail(row, WorkerLost("The task's worker was killed."), now=now)


def schedule(now: datetime) -> None:
    """Add the rows of the tasks by the clock that are missing."""
    keys = {uuid5(NAMESPACE, path): path for path in SCHEDULE}
    missing = keys.keys() - set(DBTaskResult.objects.filter(pk__in=keys).values_list("pk", flat=True))
    rows: list[Row] = [
        DBTaskResult(
            pk=key,
            task_path=keys[key],
            args_kwargs={"args": [], "kwargs": {}},
            priority=BY_THE_CLOCK,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            run_after=now,
        )
        for key in missing
    ]
    DBTaskResult.objects.bulk_create(rows, ignore_conflicts=True)


def late_tasks(rows: QuerySet[Row], *, now: datetime) -> QuerySet[Row]:
    """The tasks that have been waiting for a worker for LATE."""
    due = Q(run_after__lte=now - LATE) | Q(run_after=get_date_max(), enqueued_at__lte=now - LATE)
    return rows.filter(due, status=READY)


def try_again(rows: QuerySet[Row], *, now: datetime) -> int:
    """Let tasks that were given up run again, with a whole day of patience. Return their number."""
    return rows.filter(status=FAILED).update(
        status=READY, run_after=now, enqueued_at=now, finished_at=None, worker_ids=[]
    )
