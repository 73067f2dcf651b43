"""Limits on waiting for other servers: a bulkhead over the threads of a process, and a circuit breaker."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore, Lock
from time import monotonic

from django.conf import settings

# Long enough for a burst while everything answers, and short enough not to delay anyone while nothing does.
QUEUE_SECONDS = 0.1


class Busy(OSError):
    """Too many threads are waiting already. Try again later."""


@contextmanager
def place_to_wait(*, queue: float = QUEUE_SECONDS) -> Iterator[None]:
    """Hold a place while this thread waits for Stripe or a mail server, so that other threads keep answering.

    Raises: Busy, if none becomes free within `queue` seconds.
    """
    places = all_places()
    if not places.acquire(timeout=queue):
        raise Busy("Too many threads are waiting already.")
    try:
        yield
    finally:
        places.release()


@cache
def all_places() -> BoundedSemaphore:
    return BoundedSemaphore(settings.STORE_MAX_WAITING)


class CircuitBreaker:
    """Opens after `most` failures in a row. While it is open, it lets one attempt through every `pause` seconds."""

    def __init__(self, *, most: int, pause: float) -> None:
        self.most = most
        self.pause = pause
        self.failures = 0
        self.next_try = 0.0
        self.lock = Lock()

    def lets_through(self) -> bool:
        """Whether the caller may try now. While the breaker is open, only one caller may in each pause."""
        with self.lock:
            if self.failures < self.most:
                return True
            now = monotonic()
            if now < self.next_try:
                return False
            self.next_try = now + self.pause
            return True

    def record(self, *, failed: bool) -> None:
        """Record the outcome of an attempt. A success closes the breaker."""
        with self.lock:
            self.failures = self.failures + 1 if failed else 0
            if failed:
                self.next_try = monotonic() + self.pause
