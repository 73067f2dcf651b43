"""The admin's page of tasks, and what housekeeping leaves of them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core.housekeeping import find_heaps
from core.tasks import enqueue
from core.worker import PATIENCE
from tests.factories import make_staff
from tests.staff import browser_of, clerk
from tests.tasks import run_tasks
from tests.workers.samples import note, stumble

pytestmark = pytest.mark.django_db

Row = DBTaskResult[Any, Any]
PAGE = reverse("admin:django_tasks_database_dbtaskresult_changelist")


@pytest.fixture
def failed(tmp_path: Path) -> Row:
    """A task that was given up, and can succeed by now."""
    enqueue(stumble, str(tmp_path / "file"))
    DBTaskResult.objects.update(enqueued_at=timezone.now() - PATIENCE)
    run_tasks()
    (tmp_path / "file").touch()
    return DBTaskResult.objects.get()


def try_again(browser: Client, task: Row) -> str:
    form = {"action": "run_again", "_selected_action": [str(task.pk)]}
    return browser.post(PAGE, form, follow=True).content.decode()


class TestPage:
    def test_shows_what_went_wrong(self, failed: Row) -> None:
        browser = browser_of(make_staff())
        assert "FileNotFoundError" in browser.get(PAGE).content.decode()
        page = browser.get(reverse("admin:django_tasks_database_dbtaskresult_change", args=[failed.pk]))
        assert "Traceback (most recent call last)" in page.content.decode()

    def test_the_staff_try_again(self, failed: Row) -> None:
        assert "1 failed task runs again." in try_again(browser_of(make_staff()), failed)
        run_tasks()
        failed.refresh_from_db()
        assert failed.status == "SUCCESSFUL"

    def test_who_may_only_look_cannot(self, failed: Row) -> None:
        before = DBTaskResult.objects.values().get()
        try_again(clerk("view_dbtaskresult"), failed)
        assert DBTaskResult.objects.values().get() == before

    def test_nobody_else_sees_it(self, failed: Row) -> None:
        assert clerk("view_order", "change_order").get(PAGE).status_code == 403

    def test_nobody_adds_changes_or_deletes(self, failed: Row) -> None:
        browser = browser_of(make_staff())
        for page, key in (("add", []), ("delete", [failed.pk])):
            url = reverse(f"admin:django_tasks_database_dbtaskresult_{page}", args=key)
            assert browser.post(url, {"post": "yes"}).status_code == 403
        assert DBTaskResult.objects.count() == 1


def test_housekeeping_leaves_what_is_new_or_not_finished(tmp_path: Path) -> None:
    for text in ("finished", "fresh", "failed", "lately failed", "waiting"):
        enqueue(note, str(tmp_path / "notes"), text)
    tasks = {
        task.args_kwargs["args"][1]: DBTaskResult.objects.filter(pk=task.pk)
        for task in DBTaskResult.objects.all()
    }
    now = timezone.now()
    tasks["finished"].update(status="SUCCESSFUL", finished_at=now - timedelta(days=1))
    tasks["fresh"].update(status="SUCCESSFUL", finished_at=now - timedelta(hours=23))
    tasks["failed"].update(status="FAILED", finished_at=now - timedelta(days=30))
    tasks["lately failed"].update(status="FAILED", finished_at=now - timedelta(days=29))
    tasks["waiting"].update(enqueued_at=now - timedelta(days=400))
    call_command("housekeeping")
    assert {text for text, rows in tasks.items() if rows.exists()} == {"fresh", "lately failed", "waiting"}


def test_a_heap_that_fails_is_named_and_stops_no_other() -> None:
    def fail(execute: Any, sql: str, *arguments: Any) -> Any:
        if '"django_session"' in sql:
            raise OperationalError("the disk is full")
        return execute(sql, *arguments)

    with connection.execute_wrapper(fail), pytest.raises(CommandError, match="1 failed") as raised:
        call_command("housekeeping")
    assert "sessions deleted" not in str(raised.value)
    assert str(raised.value).count("deleted.") == len(list(find_heaps(timezone.now()))) - 1
