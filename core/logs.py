"""How much of what is logged is an error of ours."""

import logging


class MistakesOfClients(logging.Filter):
    """Lowers to a warning what Django calls an error but anybody can cause, such as a Host that is not ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.levelno = min(record.levelno, logging.WARNING)
            record.levelname = logging.getLevelName(record.levelno)
        return True
