"""Logging: what is known of the current request, lines of JSON, and limits on what clients can write to the log."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from threading import Lock
from time import monotonic

# The facts of the current request, which the access log writes when it ends.
facts: ContextVar[dict[str, object] | None] = ContextVar("facts", default=None)


def note(**found: object) -> None:
    """Add to the facts of the current request, if there is one. They are logged: never add a secret or an address."""
    known = facts.get()
    if known is not None:
        known.update({name: value for name, value in found.items() if value is not None})


class JsonLines(logging.Formatter):
    """Writes each record as one line of JSON, with the id of its request and the facts in the record's `event`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "event", None) or {}
        request_id = (facts.get() or {}).get("request_id")
        if request_id:
            line.setdefault("request_id", request_id)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


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
