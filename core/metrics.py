"""Counts of what this process does, for Prometheus. The processes of a machine add theirs up in a folder."""

import fcntl
import os
from itertools import count
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, values
from prometheus_client.multiprocess import MultiProcessCollector

# The label of what clients name freely, and the schema or the URLs do not know. Each label is a series for ever.
OTHER = "other"
OK = "OK"

disable_created_metrics()  # type: ignore[no-untyped-call]  # series that only OpenMetrics uses

OURS = CollectorRegistry()
REQUESTS = Counter(
    "store_requests",
    "Requests, by the first field of the operation or the kind of page, and the code of the first error.",
    ["operation", "code"],
    registry=OURS,
)
SECONDS = Histogram(
    "store_request_seconds",
    "Time of requests.",
    ["operation"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=OURS,
)
STATEMENTS = Counter("store_statements", "SQL statements of requests.", ["operation"], registry=OURS)
GUESTS = Counter(
    "store_guest_requests", "Requests of guests, by whether a kept answer was sent.", ["kept"], registry=OURS
)
REFUSALS = Counter("store_refusals", "Refusals, by the limit that was used up.", ["limit"], registry=OURS)


class Slots:
    """Gives each process the smallest number that no other running process has.

    A process goes on with the counts of one that had its number before. So no count ever falls, and the folder has no
    more files than there were processes at the same time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: int | None = None

    def __call__(self) -> int:
        """Return this process's number. A forked process gets one of its own."""
        if self.process != os.getpid():
            self.number = self.take()
            self.process = os.getpid()
        return self.number

    def take(self) -> int:
        for number in count():
            lock = os.open(self.folder / f"{number}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):  # the two that POSIX names for a lock that is held
                os.close(lock)
            else:
                return number  # the lock is held for as long as the process lives
        raise AssertionError


def share_counts(folder: Path) -> None:
    """Keep this process's counts in the folder from now on. Call it before the first request.

    Raises: OSError, if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library's files are
    values.ValueClass = values.MultiProcessValue(Slots(folder))  # type: ignore[no-untyped-call]


def all_counts() -> CollectorRegistry:
    """Return the counts of all processes that share them, or of this one if it shares none."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return OURS
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry
