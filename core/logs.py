"""Logging filters and limits, which keep clients from flooding the log or raising alarms."""

import logging
from threading import Lock
from time import monotonic


class MistakesOfClients(logging.Filter):
    """Lowers to a warning what Django logs as an error but any client can cause, such as a foreign Host header."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.levelno = min(record.levelno, logging.WARNING)
            record.levelname = logging.getLevelName(record.levelno)
        return True


class Sparingly:
    """Logs a warning at most once in `seconds`, with the number of warnings that it has left out since the last."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.lock = Lock()
        self.due = 0.0
        self.left_out = 0

    def warn(self, logger: logging.Logger, message: str, *values: object) -> None:
        with self.lock:
            if monotonic() < self.due:
                self.left_out += 1
                return
            left_out, self.left_out = self.left_out, 0
            self.due = monotonic() + self.seconds
        if left_out:
            message += " (%d more since the last such message.)"
            values += (left_out,)
        logger.warning(message, *values)
