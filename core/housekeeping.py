"""Pruning of old rows. Each app lists its own in `heaps(now)` of its module `housekeeping`, where they are found."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import module_has_submodule

BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Heap:
    """Rows of one kind that are old enough to delete."""

    name: str
    rows: QuerySet[Any]

    def __str__(self) -> str:
        return self.name


def find_heaps(now: datetime) -> Iterator[Heap]:
    """Yield the heaps of all apps."""
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, "housekeeping"):
            yield from import_module(f"{app.name}.housekeeping").heaps(now)


def prune(heap: Heap) -> Iterator[int]:
    """Delete a heap in batches, each in a transaction of its own, and yield the size of each.

    Rows that are used in the meantime stay.
    """
    while keys := list(heap.rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        gone = delete(heap, keys)
        yield gone
        if not gone:
            return


@transaction.atomic(durable=True)
def delete(heap: Heap, keys: list[Any]) -> int:
    """Lock the rows, delete the ones that are still old, and return their number."""
    rows = heap.rows.model._base_manager.all()
    list(rows.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))
    old = list(heap.rows.filter(pk__in=keys).values_list("pk", flat=True))
    rows.filter(pk__in=old).delete()
    return len(old)
