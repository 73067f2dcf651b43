"""Tasks: work that follows a commit, such as mail. `manage.py db_worker` runs them, each at least once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import transaction
from django_tasks.base import Task
from django_tasks_db import DatabaseBackend

from core.tracing import span

# The priorities of tasks that do not wait for notices: work by the clock, and mails that somebody is waiting for. What
# may come in thousands at once is for later.
BY_THE_CLOCK, AWAITED, LATER = 20, 10, -10

# The periods of the tasks that run by the clock, by the path of the task. `every` fills it.
SCHEDULE: dict[str, timedelta] = {}

P = ParamSpec("P")
T = TypeVar("T")


def enqueue(task: Task[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
    """Let the task run after the open transaction has been committed, and never if it is rolled back.

    The row of the task is written in the transaction. Another backend than the database's hears of it after the
    commit, so that a process which dies in between loses the task.
    """
    if isinstance(task.get_backend(), DatabaseBackend):
        with span(f"enqueue {task.module_path}", kind="PRODUCER") as tell:
            tell("messaging.message.id", str(task.enqueue(*args, **kwargs).id))
    else:
        transaction.on_commit(partial(task.enqueue, *args, **kwargs), robust=True)


def every(*, minutes: int) -> Callable[[Task[P, T]], Task[P, T]]:
    """Decorate a task without arguments that `manage.py db_worker` runs by the clock."""

    def schedule(task: Task[P, T]) -> Task[P, T]:
        SCHEDULE[task.module_path] = timedelta(minutes=minutes)
        return task

    return schedule
