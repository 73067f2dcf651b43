"""The steps of a request, and dying right before one of them.

A step is every SQL statement, every COMMIT and ROLLBACK, every request to Stripe before it is sent and again after its
effect, and whatever else calls `reach`.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from packages.stripe_fake import FakeStripe

# A command of manage.py can be run by a worker, so that it can be killed just like a request.
COMMAND_PATH = "/faults/"
# Where the dying write their last step; the path is in the environment.
LOG_VARIABLE = "FAULTS_LOG"
TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "(\w+)"')


class Steps:
    """The steps of one request, counted up to the fatal one."""

    def __init__(self, crash_at: int) -> None:
        self.crash_at = crash_at
        self.reached = 0

    def reach(self, name: str) -> None:
        self.reached += 1
        if self.reached == self.crash_at:
            with open(os.environ[LOG_VARIABLE], "a") as log:
                log.write(f"{name}\n")
            os.kill(os.getpid(), signal.SIGKILL)


counted: ContextVar[Steps | None] = ContextVar("counted", default=None)


@contextmanager
def dying_at(crash_at: int) -> Iterator[None]:
    """The process is killed, by SIGKILL, right before the so manieth step that this thread reaches in the block."""
    connection.ensure_connection()  # a process that first connects looks at its index: no step of the request
    token = counted.set(Steps(crash_at))
    try:
        with connection.execute_wrapper(reach_statement):
            yield
    finally:
        counted.reset(token)


def reach(name: str) -> None:
    """Be at a step of this thread's request."""
    steps = counted.get()
    if steps:
        steps.reach(name)


def reach_statement(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
    table = TABLE.search(sql)
    verb = sql.split(maxsplit=1)[0]
    reach(f"{verb} {table[1]}" if table else verb)
    return execute(sql, *args)


def watch() -> None:
    """From now on commits, rollbacks and the requests to Stripe are steps in this process."""
    for name in ("commit", "rollback"):
        method = getattr(BaseDatabaseWrapper, f"_{name}")
        patch.object(BaseDatabaseWrapper, f"_{name}", before(name.upper(), method)).start()
    patch.object(FakeStripe, "request", around(FakeStripe.request)).start()


def before(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def stepping(*args: Any) -> Any:
        reach(name)
        return method(*args)

    return stepping


def around(request: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(request)
    def stepping(stripe: FakeStripe, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        path = re.sub(r"(?<=/)pi_\w+", "…", urlsplit(url).path)
        name = f"{method.upper()} {path}"
        reach(name)
        reply = request(stripe, method, url, *args, **kwargs)
        reach(f"{name} (reply lost)")
        return reply

    return stepping
