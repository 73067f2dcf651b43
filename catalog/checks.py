"""System check of the search index."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from catalog.search.index import find_faults


@register(Tags.database)
def check_search_index(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """catalog.W001: the search index is incomplete, so search misses products that are written now.

    It is a warning, because an error would stop `migrate`, which repairs the index.
    """
    return [
        Warning(
            f"Search may miss products: {'; '.join(faults)}.",
            hint="Run manage.py migrate, which rebuilds the search index.",
            id="catalog.W001",
        )
        for alias in databases or ()
        if (faults := find_faults(connections[alias]))
    ]
