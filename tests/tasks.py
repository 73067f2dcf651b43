"""The worker's part in a test, and the mails that it has sent."""

from collections.abc import Sequence
from typing import Any, overload

from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from core.worker import Worker


def run_tasks() -> None:
    """Run every task that is due."""
    worker = Worker()
    while worker.run_next():
        pass


def skip_pauses() -> None:
    """Let the pauses of all failed tasks be over."""
    DBTaskResult.objects.filter(status=TaskResultStatus.READY).update(run_after=timezone.now())


class Outbox(Sequence[EmailMessage]):
    """The mails that were sent. Whoever looks waits until the tasks have run."""

    @overload
    def __getitem__(self, index: int) -> EmailMessage: ...
    @overload
    def __getitem__(self, index: slice) -> list[EmailMessage]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.sent[index]

    def __len__(self) -> int:
        return len(self.sent)

    def __eq__(self, other: object) -> bool:
        return self.sent == other

    __hash__ = None  # type: ignore[assignment]

    @property
    def sent(self) -> list[EmailMessage]:
        run_tasks()
        return mail.outbox

    def clear(self) -> None:
        self.sent.clear()


outbox = Outbox()
