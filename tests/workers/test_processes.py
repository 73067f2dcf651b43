"""Workers that are killed, frozen or stopped, and several at the same time."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from django_tasks_db.models import DBTaskResult

from core.tasks import enqueue
from tests.workers.conftest import Start, wait_until
from tests.workers.samples import note, read

pytestmark = pytest.mark.slow

MANY = 300


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "notes")


def is_done(number: int) -> bool:
    return DBTaskResult.objects.successful().filter(task_path=note.module_path).count() == number


class TestSeveral:
    def test_each_task_runs_once(self, start: Start, file: str) -> None:
        for number in range(MANY):
            enqueue(note, file, str(number))
        for _ in range(2):
            start(threads=3)
        wait_until(lambda: is_done(MANY))
        assert Counter(read(file)).most_common(1)[0][1] == 1
        assert len(read(file)) == 2 * MANY
        workers = DBTaskResult.objects.filter(task_path=note.module_path).values_list("worker_ids", flat=True)
        assert len({name for names in workers for name in names}) == 2
        assert {len(names) for names in workers} == {1}

    def test_a_task_longer_than_its_lease_runs_once(self, start: Start, file: str) -> None:
        enqueue(note, file, "long", seconds=10)  # the lease is 4
        for _ in range(2):
            start()
        wait_until(lambda: is_done(1))
        assert read(file) == ["long begins", "long ends"]


class TestKilled:
    def test_its_task_is_taken_up(self, start: Start, file: str) -> None:
        enqueue(note, file, "task", seconds=3)
        killed = start()
        wait_until(lambda: read(file) == ["task begins"])
        killed.kill()
        start()
        wait_until(lambda: is_done(1))
        assert read(file) == ["task begins", "task begins", "task ends"]

    def test_a_frozen_one_dies_before_it_goes_on(self, start: Start, file: str) -> None:
        enqueue(note, file, "task", seconds=2)
        frozen = start()
        wait_until(lambda: read(file) == ["task begins"])
        os.kill(frozen.pid, signal.SIGSTOP)
        start()
        wait_until(lambda: is_done(1))
        os.kill(frozen.pid, signal.SIGCONT)
        assert frozen.wait(timeout=30) == -signal.SIGALRM
        time.sleep(2)
        assert read(file) == ["task begins", "task begins", "task ends"]


class TestStopped:
    def test_it_ends_what_it_runs_and_takes_nothing_new(self, start: Start, file: str) -> None:
        enqueue(note, file, "task", seconds=2)
        worker = start(threads=1)
        wait_until(lambda: read(file) == ["task begins"])
        enqueue(note, file, "next")
        worker.terminate()
        assert worker.wait(timeout=30) == 0
        assert read(file) == ["task begins", "task ends"]
        assert is_done(1)

    def test_a_second_signal_ends_it_at_once(self, start: Start, file: str) -> None:
        enqueue(note, file, "task", seconds=30)
        worker = start()
        wait_until(lambda: read(file) == ["task begins"])
        worker.terminate()
        time.sleep(0.5)
        worker.terminate()
        assert worker.wait(timeout=10) == 1
