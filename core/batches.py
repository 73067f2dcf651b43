"""Batches: one step for each of many rows, where a failure must not stop the rest."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.core.management.base import CommandError

logger = logging.getLogger(__name__)
Row = TypeVar("Row")


@dataclass
class Batch:
    """Counts successes and failures. Each failure is logged, and makes `close` fail."""

    done: int = 0
    failed: int = 0

    def run(self, act: Callable[[Row], bool], rows: Iterable[Row]) -> None:
        """Call `act` with each row. It returns whether it has done something."""
        for row in rows:
            try:
                self.done += act(row)
            except Exception:  # no fault of one row may stop the others
                self.failed += 1
                logger.exception("%s failed for %s.", act.__name__, row)

    def close(self, report: str = "") -> str:
        """Return the report.

        Raises: CommandError with the report, if a row has failed.
        """
        if self.failed:
            raise CommandError(f"{report} {self.failed} failed. See the log.".strip())
        return report
