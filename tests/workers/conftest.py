"""Workers that run as processes over the tests' database, with short times."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.shop import environment
from tests.workers.smtp import MailServer, mail_server

PATIENCE_SECONDS = 60

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def start(transactional_db: None, server: MailServer, tmp_path: Path) -> Iterator[Start]:
    """Start a worker, which the end of the test kills."""
    started: list[subprocess.Popen[bytes]] = []

    def start(threads: int = 2) -> subprocess.Popen[bytes]:
        with open(tmp_path / "worker.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.workers.short", str(threads)],
                cwd=settings.BASE_DIR,
                env={
                    **environment(tmp_path),
                    "DJANGO_SETTINGS_MODULE": "backend.settings",
                    "EMAIL_URL": f"smtp://127.0.0.1:{server.port}?timeout=1",
                },
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until(holds: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it holds.

    Raises: AssertionError, if it does not in time.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It has not come true."
        time.sleep(0.05)
