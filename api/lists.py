"""Lists beside the connections: read once for all rows that they stand below, or without instances."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import models

from api.connection import remembered
from api.context import Info
from api.keyset import Page, Slice, Sort, column_field, decode_cursor
from api.nodes import keys_of
from core.counting import MAX_COUNT
from core.errors import BadUserInput
from packages.fastgraph.rows import peers_of

Found = TypeVar("Found")


def nested(root: Any, info: Info, load: Callable[[Sequence[Any]], dict[Any, Found]]) -> Found:
    """What `load` finds for this row: asked once for all the rows that were read with it, it answers by key."""
    peers = peers_of(root)
    # The peers are kept, so that their identity stays theirs.
    _, by_key = remembered(info, (id(peers), keys_of(info)), lambda: (peers, load(peers)))
    found: Found = by_key[root.pk]
    return found


def plain_page(
    queryset: models.QuerySet[Any],
    *,
    columns: Sequence[str],
    sort: Sort,
    first: int,
    after: str | None,
    most: int,
) -> Page:
    """A page of these columns alone, without instances: so cheap that it may have up to `most` rows."""
    fields = [column_field(queryset, column) for column in sort.columns]
    cut = Slice(
        sort=sort,
        size=size_within(first, most=most),
        backwards=False,
        after=None if after is None else decode_cursor(after, fields),
        before=None,
    )
    rows = cut.one_more(queryset).values_list(*columns, named=True)
    return cut.page(list(rows), count=queryset.order_by()[:MAX_COUNT].count)


def size_within(first: int, *, most: int) -> int:
    """BadUserInput for a number of rows beyond 1 to `most`."""
    if not 1 <= first <= most:
        raise BadUserInput(f"`first` must be between 1 and {most}.")
    return first
