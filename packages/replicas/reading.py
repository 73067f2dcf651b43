"""Reads from PostgreSQL's replicas that are never older than what was committed when they began."""

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, local
from time import monotonic, sleep
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# What a connection raises that is lost, or whose server recovers. The primary has the answer.
LOST = (OperationalError, InterfaceError)
# Every commit that was confirmed is before this position of the primary.
POSITION = "SELECT pg_current_wal_flush_lsn()"
# The server that these ask may have become a primary, whose position says nothing about the other's.
REPLAYED = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn"
BEHIND = "SELECT pg_is_in_recovery(), pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())"
# A replica usually has a commit after less than a millisecond. One that takes longer is not waited for.
PAUSES_SECONDS = (0.001, 0.003, 0.006)
# One that failed, or was behind, is left alone for this time. Then one request tries it.
REST_SECONDS = {"lost": 5.0, "behind": 0.2}


class Replicas:
    """The replicas of the database `primary`, by their aliases in DATABASES. Thread-safe."""

    def __init__(self, aliases: Sequence[str], *, primary: str = "default") -> None:
        self.aliases = list(aliases)
        self.primary = primary
        self.lock = Lock()
        self.rests: dict[str, float] = {}
        # How often each was lost, and how often this thread has noticed.
        self.losses: Counter[str] = Counter()
        self.thread = local()

    def read(self, run: Callable[[], Answer], *, is_lost: Callable[[Answer], bool]) -> Answer:
        """Run the reads on a replica that has all that is committed now. The primary runs them if there is none.

        If the replica is lost meanwhile, which `is_lost` tells from the answer, `run` is called again for the primary.
        A write raises `django.db.utils.InternalError`, as replicas take none.
        """
        alias = self.find_current()
        if alias is None:
            return run()
        with self.in_place_of_primary(alias):
            answer = run()
        if not is_lost(answer):
            return answer
        self.leave(alias, reason="lost")
        return run()

    def find_current(self) -> str | None:
        """Return a replica that has replayed what the primary has committed by now."""
        if not self.aliases or connections[self.primary].in_atomic_block:
            return None
        position = ""
        for alias in random.sample(self.aliases, len(self.aliases)):
            if self.may_try(alias):
                position = position or self.position()
                if self.reaches(alias, position):
                    return alias
        return None

    def position(self) -> str:
        with connections[self.primary].cursor() as cursor:
            cursor.execute(POSITION)
            [position] = cursor.fetchone()
        return str(position)

    def reaches(self, alias: str, position: str) -> bool:
        """Whether the replica has replayed the position. It is left alone for a while if not."""
        self.drop_dead_connection(alias)
        try:
            for pause in (0.0, *PAUSES_SECONDS):
                sleep(pause)
                with connections[alias].cursor() as cursor:
                    cursor.execute(REPLAYED, [position])
                    if cursor.fetchone() == (True,):
                        self.rests.pop(alias, None)
                        return True
        except LOST as error:
            logger.warning("The replica %s does not answer: %s", alias, error)
            self.leave(alias, reason="lost")
        else:
            self.leave(alias, reason="behind")
        return False

    def drop_dead_connection(self, alias: str) -> None:
        """Close this thread's connection if another thread has lost the replica since.

        Otherwise each thread would lose it once more after it has come back, and each time it would be left alone.
        """
        noticed: Counter[str] = self.thread.__dict__.setdefault("noticed", Counter(self.losses))
        if noticed[alias] != self.losses[alias]:
            noticed[alias] = self.losses[alias]
            connections[alias].close()

    def bytes_behind(self, alias: str) -> int | None:
        """Return how many bytes of the primary's log the replica lacks; None if it does not answer as a replica."""
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(BEHIND, [self.position()])
                is_replica, behind = cursor.fetchone()
        except LOST:
            connections[alias].close()
            return None
        return max(0, int(behind)) if is_replica else None

    def may_try(self, alias: str) -> bool:
        """Whether the replica may be asked: it does not rest, or this caller is the one to try it again."""
        with self.lock:
            until = self.rests.get(alias)
            if until is None:
                return True
            if monotonic() < until:
                return False
            self.rests[alias] = monotonic() + REST_SECONDS["lost"]
            return True

    def leave(self, alias: str, *, reason: str) -> None:
        with self.lock:
            self.rests[alias] = monotonic() + REST_SECONDS[reason]
            self.losses[alias] += reason == "lost"
        if reason == "lost":
            connections[alias].close()

    @contextmanager
    def in_place_of_primary(self, alias: str) -> Iterator[None]:
        """Let this thread's connection to the primary lead to the replica."""
        primary = connections[self.primary]
        connections[self.primary] = connections[alias]
        try:
            yield
        finally:
            connections[self.primary] = primary
