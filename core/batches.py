"""The same done with many rows, where one that fails must not stop the rest."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.core.management.base import CommandError

logger = logging.getLogger(__name__)
Row = TypeVar("Row")


@dataclass
class Batch:
    """Counts what was done and what failed. Each failure is logged, and `close` makes the command fail at its end."""

    done: int = 0
    failed: int = 0

    def run(self, act: Callable[[Row], bool], rows: Iterable[Row]) -> None:
        """Do it with one row after the other; what `act` answers says whether something was done."""
        for row in rows:
            try:
                self.done += act(row)
            except Exception:  # whatever is wrong with one row, the others must not wait for it
                self.failed += 1
                logger.exception("%s failed for %s.", act.__name__, row)

    def close(self) -> None:
        """Raises: CommandError where a row has failed."""
        if self.failed:
            raise CommandError(f"{self.failed} failed; the log says why.")
