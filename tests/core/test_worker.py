"""The worker claims, runs, retries and takes up. Its processes are in tests/workers/."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core.tasks import SCHEDULE, enqueue
from core.worker import (
    LATE,
    LEASE,
    LONGEST_PAUSE,
    PATIENCE,
    Worker,
    claim,
    late_tasks,
    perform,
    schedule,
    succeed,
    take_up,
    try_again,
)
from tests.tasks import run_tasks, skip_pauses
from tests.workers.samples import count_attempts, note, read, refuse, stumble

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "notes")


@pytest.fixture
def hourly(monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the only task that runs by the clock."""
    monkeypatch.setattr("core.worker.SCHEDULE", {count_attempts.module_path: timedelta(hours=1)})
    return count_attempts.module_path


def the_task() -> DBTaskResult[Any, Any]:
    return DBTaskResult.objects.get()


class TestRunning:
    def test_records_the_result(self, file: str) -> None:
        enqueue(note, file, "a")
        run_tasks()
        task = the_task()
        assert (task.status, task.return_value, task.traceback) == ("SUCCESSFUL", "a", "")
        assert task.finished_at
        run_tasks()
        assert read(file) == ["a begins", "a ends"]

    def test_a_task_is_claimed_once(self, file: str) -> None:
        for text in "ab":
            enqueue(note, file, text)
        claimed = [claim(uuid4().hex, now=timezone.now()) for _ in range(3)]
        assert len({task.pk for task in claimed if task}) == 2
        assert claimed[2] is None

    def test_what_is_awaited_comes_first(self, file: str) -> None:
        enqueue(note, file, "notice")
        enqueue(note.using(priority=10), file, "awaited")
        run_tasks()
        assert read(file)[0] == "awaited begins"

    def test_nothing_before_its_time(self, file: str) -> None:
        enqueue(note.using(run_after=timezone.now() + timedelta(minutes=1)), file, "later")
        run_tasks()
        assert read(file) == []

    def test_a_task_may_take_its_context(self) -> None:
        enqueue(count_attempts)
        run_tasks()
        assert the_task().return_value == 1

    def test_the_statements_are_few(self, file: str) -> None:
        for text in "abc":
            enqueue(note, file, text)
        with CaptureQueriesContext(connection) as captured:
            Worker().run_next()
        assert [query["sql"].split()[0] for query in captured] == [
            *("SAVEPOINT", "SELECT", "UPDATE", "RELEASE"),
            "UPDATE",
        ]


class TestRetries:
    def test_until_it_succeeds(self, file: str) -> None:
        enqueue(stumble, file)
        run_tasks()
        task = the_task()
        assert (task.status, len(task.worker_ids)) == ("READY", 1)
        assert "FileNotFoundError" in task.traceback
        Path(file).touch()
        run_tasks()
        assert the_task().status == "READY"  # the pause is not over
        skip_pauses()
        run_tasks()
        assert (the_task().status, the_task().traceback) == ("SUCCESSFUL", "")

    def test_the_pauses_grow_up_to_a_limit(self, file: str) -> None:
        enqueue(stumble, file)
        pauses = []
        for _ in range(9):
            skip_pauses()
            before = timezone.now()
            run_tasks()
            pauses.append((the_task().run_after - before).total_seconds())
        longest = LONGEST_PAUSE.total_seconds()
        assert [round(pause, -1) for pause in pauses] == [10, 20, 40, 80, 160, 320, 640, longest, longest]

    def test_an_error_may_say_when(self) -> None:
        enqueue(refuse)
        run_tasks()
        assert round((the_task().run_after - timezone.now()).total_seconds(), -1) == 3600

    def test_after_a_day_it_is_left_to_the_staff(self, file: str) -> None:
        enqueue(stumble, file)
        DBTaskResult.objects.update(enqueued_at=timezone.now() - PATIENCE)
        run_tasks()
        assert the_task().status == "FAILED"
        skip_pauses()
        Path(file).touch()
        run_tasks()
        assert the_task().status == "FAILED"
        assert try_again(DBTaskResult.objects.all(), now=timezone.now()) == 1
        run_tasks()
        assert the_task().status == "SUCCESSFUL"

    def test_trying_again_leaves_the_others(self, file: str) -> None:
        enqueue(note, file, "a")
        run_tasks()
        enqueue(note, file, "b")
        before = list(DBTaskResult.objects.order_by("pk").values())
        assert try_again(DBTaskResult.objects.all(), now=timezone.now()) == 0
        assert list(DBTaskResult.objects.order_by("pk").values()) == before

    def test_one_whose_code_is_gone_fails(self, file: str) -> None:
        enqueue(note, file, "a")
        DBTaskResult.objects.update(task_path="tests.workers.samples.of_an_older_release")
        run_tasks()
        assert "ImportError" in the_task().traceback


class TestLeases:
    def test_what_a_killed_worker_left_is_taken_up(self, file: str) -> None:
        enqueue(note, file, "a")
        claim("killed", now=timezone.now())
        take_up(timezone.now() + LEASE / 2)
        assert the_task().status == "RUNNING"
        take_up(timezone.now() + LEASE)
        task = the_task()
        assert (task.status, "WorkerLost" in task.traceback) == ("READY", True)
        skip_pauses()
        run_tasks()
        assert read(file) == ["a begins", "a ends"]

    def test_one_that_kills_its_workers_gets_rarer(self, file: str) -> None:
        enqueue(note, file, "a")
        now = timezone.now()
        pauses = []
        for _ in range(3):
            claim("killed", now=now)
            now += LEASE
            take_up(now)
            pauses.append(the_task().run_after - now)
            skip_pauses()
        assert pauses == [timedelta(seconds=seconds) for seconds in (10, 20, 40)]

    def test_a_worker_that_has_lost_a_task_does_not_close_it(self, file: str) -> None:
        enqueue(note, file, "a")
        now = timezone.now()
        lost = claim("frozen", now=now - LEASE)
        assert lost
        take_up(now)
        skip_pauses()
        taken = claim("other", now=now)
        assert taken
        succeed(lost, "late", now=now)
        assert the_task().status == "RUNNING"
        perform(taken)
        assert (the_task().status, the_task().return_value) == ("SUCCESSFUL", "a")


class TestByTheClock:
    def test_it_has_one_row_and_runs_again_and_again(self, hourly: str) -> None:
        for _ in range(3):
            schedule(timezone.now())
            run_tasks()
            task = the_task()
            assert (task.status, task.worker_ids, task.return_value) == ("READY", [], 1)
            assert round((task.run_after - timezone.now()).total_seconds(), -1) == 3600
            skip_pauses()

    def test_a_failure_waits_for_the_next_time(
        self, hourly: str, file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        schedule(timezone.now() - 2 * PATIENCE)
        DBTaskResult.objects.update(
            args_kwargs={"args": ["too many"], "kwargs": {}}, enqueued_at=timezone.now() - 2 * PATIENCE
        )
        run_tasks()
        task = the_task()
        assert (task.status, "TypeError" in task.traceback) == ("READY", True)
        assert task.run_after > timezone.now() + timedelta(minutes=59)

    def test_one_that_was_cut_off_is_not_lost(self, hourly: str) -> None:
        schedule(timezone.now())
        claim("killed", now=timezone.now())
        schedule(timezone.now())
        take_up(timezone.now() + LEASE)
        assert the_task().status == "READY"

    def test_one_that_the_code_no_longer_has_ends(self, hourly: str, monkeypatch: pytest.MonkeyPatch) -> None:
        schedule(timezone.now())
        monkeypatch.setattr("core.worker.SCHEDULE", {})
        run_tasks()
        schedule(timezone.now())
        assert the_task().status == "SUCCESSFUL"

    def test_the_schedule(self) -> None:
        Worker()
        assert {path: period.total_seconds() / 60 for path, period in SCHEDULE.items()} == {
            "backend.tasks.housekeeping": 60,
            "backend.tasks.delete_leftover_pictures": 1440,
            "catalog.tasks.embed_products": 1,
            "catalog.tasks.tell_waiting": 1,
            "hooks.tasks.deliver_due": 1,
            "orders.tasks.expire_orders": 1,
            "orders.tasks.reconcile_payments": 10,
        }

    def test_all_of_it_runs(self) -> None:
        Worker()
        schedule(timezone.now())
        run_tasks()
        results = {task.task_path: task.return_value for task in DBTaskResult.objects.all()}
        assert results["orders.tasks.expire_orders"] == "0 of 0 overdue orders expired."
        assert results["orders.tasks.reconcile_payments"] == "0 payments reconciled, 0 left for later."
        assert "0 finished tasks deleted." in results["backend.tasks.housekeeping"]


def test_tasks_that_no_worker_runs_are_late(file: str) -> None:
    now = timezone.now()
    for _ in range(3):
        enqueue(note, file, "a")
    waiting, postponed, _fresh = DBTaskResult.objects.all()
    DBTaskResult.objects.filter(pk=waiting.pk).update(enqueued_at=now - LATE)
    DBTaskResult.objects.filter(pk=postponed.pk).update(enqueued_at=now - LATE, run_after=now)
    assert set(late_tasks(DBTaskResult.objects.all(), now=now)) == {waiting}
    DBTaskResult.objects.filter(pk=postponed.pk).update(run_after=now - LATE)
    assert set(late_tasks(DBTaskResult.objects.all(), now=now)) == {waiting, postponed}
