"""Reporting of mistakes that only make an operation slower."""

import logging

from django.conf import settings

logger = logging.getLogger("fastgraph")


def report_mistake(mistake: Exception) -> None:
    """Log the mistake as a warning; raise it where `settings.FASTGRAPH_STRICT` is on, as in tests."""
    if getattr(settings, "FASTGRAPH_STRICT", False):
        raise mistake
    logger.warning("%s", mistake, exc_info=mistake)
