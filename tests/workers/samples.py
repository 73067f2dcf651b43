"""Tasks to test the worker with. What they did is in a file, because workers are processes of their own."""

import time
from pathlib import Path

from django_tasks import task
from django_tasks.base import TaskContext


@task
def note(path: str, text: str, seconds: float = 0.0) -> str:
    """Write that the task has begun, wait, and write that it has ended."""
    write(path, f"{text} begins")
    time.sleep(seconds)
    write(path, f"{text} ends")
    return text


@task
def stumble(path: str) -> None:
    """Fail, as long as the file does not exist."""
    Path(path).read_text()


@task
def refuse() -> None:
    error = ValueError("In an hour, please.")
    error.retry_after_seconds = 3600  # type: ignore[attr-defined]
    raise error


@task(takes_context=True)
def count_attempts(context: TaskContext) -> int:
    return context.attempt


def write(path: str, line: str) -> None:
    with open(path, "a") as file:
        file.write(f"{line}\n")


def read(path: str | Path) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
