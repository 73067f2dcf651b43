"""A task is enqueued with the transaction that causes it."""

from pathlib import Path

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core.tasks import enqueue
from tests.workers.samples import note, read

pytestmark = pytest.mark.django_db


def test_its_row_is_of_the_transaction() -> None:
    with transaction.atomic():
        enqueue(note, "/nowhere", "a")
        assert DBTaskResult.objects.count() == 1
        transaction.set_rollback(True)
    assert DBTaskResult.objects.count() == 0


def test_another_backend_hears_of_it_after_the_commit(
    settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    file = tmp_path / "notes"
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(note, str(file), "a")
        assert read(file) == []
    assert read(file) == ["a begins", "a ends"]
    assert DBTaskResult.objects.count() == 0
