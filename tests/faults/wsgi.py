"""The store's WSGI application. `X-Crash-At: 3` kills the process at the third step of the request."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.management import call_command
from django.db import connection

from backend.wsgi import application as store
from tests.faults.steps import COMMAND_PATH, kill_at, reach, watch
from tests.tasks import run_tasks

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

watch()


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    answer = run_command if environ["PATH_INFO"].startswith(COMMAND_PATH) else store
    crash_at = environ.get("HTTP_X_CRASH_AT")
    if crash_at is None:
        return answer(environ, start_response)
    with kill_at(int(crash_at)):
        response = answer(environ, start_response)
        reach("the response")
        return response


def run_command(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    command = environ["PATH_INFO"].removeprefix(COMMAND_PATH)
    try:
        run_tasks() if command == "run_tasks" else call_command(command)
    finally:
        connection.close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
