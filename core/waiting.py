"""How many threads of a process may wait for what is outside of it, and none for what does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore, Lock
from time import monotonic

from django.conf import settings

# So short that it delays nobody while nothing answers, and long enough for a burst while everything does.
QUEUE_SECONDS = 0.1


class Busy(OSError):
    """As many threads are waiting already as may: try again later."""


@contextmanager
def place_to_wait(*, queue: float = QUEUE_SECONDS) -> Iterator[None]:
    """A thread's place while it waits for Stripe or a mail server, so that others are left to answer. Busy."""
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
    """Opens after `most` failures in a row, and then lets one try through in every `pause` seconds."""

    def __init__(self, *, most: int, pause: float) -> None:
        self.most = most
        self.pause = pause
        self.failures = 0
        self.next_try = 0.0
        self.lock = Lock()

    def lets_through(self) -> bool:
        """Whether to try now; of those that ask while it is open, the one that may has the pause to itself."""
        with self.lock:
            if self.failures < self.most:
                return True
            now = monotonic()
            if now < self.next_try:
                return False
            self.next_try = now + self.pause
            return True

    def record(self, *, failed: bool) -> None:
        """How a try has ended."""
        with self.lock:
            self.failures = self.failures + 1 if failed else 0
            if failed:
                self.next_try = monotonic() + self.pause
