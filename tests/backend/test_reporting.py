"""Reports of faults, at a server that takes them as Sentry does."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow

FAIL = """
import logging
from core.logs import facts
facts.set({"request_id": "abc", "operation": "Checkout", "user": "user:7"})
try:
    address = "12 Secret Lane"
    raise ValueError("It broke.")
except ValueError:
    logging.getLogger("backend.faults").exception("A fault")
logging.getLogger("backend.faults").warning("No fault")
"""


class Server(ThreadingHTTPServer):
    reports: "Queue[bytes]"

    @property
    def dsn(self) -> str:
        return f"http://key@127.0.0.1:{self.server_port}/1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.reports.put(gzip.decompress(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.reports = Queue()
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(**variables: str) -> None:
    command = [sys.executable, "manage.py", "shell", "-c", FAIL]
    environment = {**os.environ, "DEBUG": "true", **variables}
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True)


def test_a_fault_is_reported_once_and_without_what_tells_whom_it_concerns(server: Server) -> None:
    run(SENTRY_DSN=server.dsn, SENTRY_ENVIRONMENT="tests")
    [report] = [body for body in server.reports.queue if b'"type":"event"' in body.replace(b" ", b"")]
    event = json.loads(report.splitlines()[2])
    [fault] = event["exception"]["values"]
    assert (fault["type"], fault["value"]) == ("ValueError", "It broke.")
    assert event["tags"] == {"request_id": "abc", "operation": "Checkout"}
    assert event["environment"] == "tests"
    assert event["breadcrumbs"]["values"] == []
    for private in (b"user:7", b'"vars"'):
        assert private not in report


def test_nothing_is_sent_without_an_address(server: Server) -> None:
    run(SENTRY_DSN="")
    assert server.reports.empty()
