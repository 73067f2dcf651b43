"""Counts that several processes share, in a server as in production."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from core.metrics import Slots
from tests.benchmarks.load.server import Server, serving
from tests.workers.conftest import wait_until

TOKEN = "a token"
HOLD = """
import sys
from pathlib import Path
from core.metrics import Slots
print(Slots(Path(sys.argv[1]))(), flush=True)
sys.stdin.read()
"""


def hold(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a process that takes a number, and keeps it until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, int(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


class TestSlots:
    def test_running_processes_have_different_numbers(self, tmp_path: Path) -> None:
        held = [hold(tmp_path) for _ in range(3)]
        assert [number for _, number in held] == [0, 1, 2]
        end(held[1][0])
        following, number = hold(tmp_path)
        assert number == 1  # it goes on with the counts of the one that was killed
        for process, _ in (*held, (following, number)):
            end(process)

    def test_a_fork_has_one_of_its_own(self, tmp_path: Path) -> None:
        slots = Slots(tmp_path)
        assert slots() == 0
        child = os.fork()
        if not child:
            os._exit(slots())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        assert slots() == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    environment = {
        "DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "STORE_REVISION_FILE": str(tmp_path / "revision"),
        "STORE_METRICS_TOKEN": TOKEN,
        "STORE_METRICS_DIR": str(tmp_path / "metrics"),
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=settings.BASE_DIR, env={**os.environ, **environment}, check=True)
    log = tmp_path / "store.log"
    with serving("backend.wsgi:application", environment=environment, log=log, workers=2) as server:
        yield server


def ask(server: Server, path: str) -> str:
    http = HTTPConnection("127.0.0.1", server.port, timeout=30)
    http.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
    answer = http.getresponse().read().decode()
    http.close()
    return answer


def answers(server: Server) -> bool:
    """Whether the new worker listens. Until then some connections are refused."""
    try:
        return bool([ask(server, "/livez") for _ in range(20)])
    except ConnectionError:
        return False


def counted(server: Server) -> tuple[int, int]:
    """Return the requests of guests, and those of them that were computed for `shop`."""
    text = ask(server, "/metrics")
    guests = sum(float(value) for value in re.findall(r"store_guest_requests_total\{.*\} (.+)", text))
    shops = re.findall(r'store_requests_total\{code="OK",operation="shop"\} (.+)', text)
    return int(guests), int(float(shops[0])) if shops else 0


@pytest.mark.slow
def test_all_workers_count_together_and_outlive_their_deaths(server: Server) -> None:
    for number in range(30):
        ask(server, f"/graphql/?query={{shop{{name}}}}&n={number % 10}")
    guests, computed = counted(server)
    assert guests == 30
    assert 10 <= computed <= 20  # each worker keeps its own answers
    before = set(server.workers)
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(server.workers) == 2 and set(server.workers) != before)
    wait_until(lambda: answers(server))
    assert counted(server)[0] == 30
    ask(server, "/graphql/?query={shop{name}}")
    assert counted(server)[0] == 31
