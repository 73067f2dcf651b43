"""The steps of a request, and a process that is killed right before one of them.

Steps are every SQL statement, every COMMIT and ROLLBACK, every request to Stripe, mail and webhook (before it is sent,
and again after its effect), and every call of `reach`.
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

from django.core.mail import EmailMessage
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from hooks import lanes
from hooks.connection import post
from packages.stripe_fake import FakeStripe

# A worker can run a command of manage.py, so that the command can be killed like a request.
COMMAND_PATH = "/faults/"
# Names the file in which a killed process writes its last step.
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
def kill_at(crash_at: int) -> Iterator[None]:
    """Kill the process right before this thread's step with the number `crash_at` in the block."""
    # What a new connection does once is not a step of the request. Otherwise the numbers of the steps would depend on
    # the thread that answers, and the kills would miss some: it checks the search index, and on SQLite whether there
    # is JSON, which costs three statements. For the same reason each request reads what is remembered for seconds.
    from hooks.subscriptions import wanted  # has a model: the apps must be loaded

    connection.ensure_connection()
    assert connection.features.supports_json_field
    wanted.forget()
    token = counted.set(Steps(crash_at))
    try:
        with connection.execute_wrapper(reach_statement):
            yield
    finally:
        counted.reset(token)


def reach(name: str) -> None:
    """Count a step of this thread's request, and die if it is the fatal one."""
    steps = counted.get()
    if steps:
        steps.reach(name)


def reach_statement(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
    table = TABLE.search(sql)
    verb = sql.split(maxsplit=1)[0]
    reach(f"{verb} {table[1]}" if table else verb)
    return execute(sql, *args)


def watch() -> None:
    """Make commits, rollbacks, and what is sent to Stripe, mail servers and endpoints count as steps here."""
    for name in ("commit", "rollback"):
        method = getattr(BaseDatabaseWrapper, f"_{name}")
        patch.object(BaseDatabaseWrapper, f"_{name}", before(name.upper(), method)).start()
    patch.object(FakeStripe, "request", around(FakeStripe.request)).start()
    patch.object(EmailMessage, "send", both_sides_of("the mail", EmailMessage.send)).start()
    patch.object(lanes, "post", both_sides_of("the webhook", post)).start()


def before(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def stepping(*args: Any) -> Any:
        reach(name)
        return method(*args)

    return stepping


def both_sides_of(name: str, send: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(send)
    def stepping(*args: Any, **kwargs: Any) -> Any:
        reach(name)
        answer = send(*args, **kwargs)
        reach(f"{name} (reply lost)")
        return answer

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
