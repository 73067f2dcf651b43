"""System check of the search index."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from catalog.search.index import find_faults


@register(Tags.database)
def check_search_index(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """catalog.W001: without every trigger, what is written now is not found. An error would stop `migrate` itself."""
    return [
        Warning(
            f"Search may miss products: {'; '.join(faults)}.",
            hint="Run manage.py migrate, which makes the search index again.",
            id="catalog.W001",
        )
        for alias in databases or ()
        if (faults := find_faults(connections[alias]))
    ]
