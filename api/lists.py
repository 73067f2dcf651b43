"""Lists that are not connections: nested ones, read once for all parents, and plain ones, read without instances."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import models

from api.connection import remember
from api.context import Info
from api.keyset import Page, Paging, Slice, Sort
from core.counting import MAX_COUNT
from core.errors import BadUserInput
from packages.fastgraph import HasKey, keys_of, peers_of

Answer = TypeVar("Answer")


def read_nested(root: HasKey, info: Info, load: Callable[[Sequence[HasKey]], dict[Any, Answer]]) -> Answer:
    """Return the answer for this row. `load` is called once for all rows that were read with it."""
    peers = peers_of(root)
    # The peers are kept, so that no other list gets their id().
    _, by_key = remember(info, (id(peers), keys_of(info)), lambda: (peers, load(peers)))
    answer: Answer = by_key[root.pk]
    return answer


def plain_page(
    queryset: models.QuerySet[Any],
    *,
    columns: Sequence[str],
    sort: Sort,
    paging: Paging,
    most: int,
) -> Page:
    """Read a page of only these columns, without instances. That is cheap, so a page may have up to `most` rows."""
    cut = Slice.of(queryset, sort=sort, paging=paging, most=most)
    rows = cut.one_more(queryset).values_list(*columns, named=True)
    return cut.page(list(rows), count=queryset.order_by()[:MAX_COUNT].count)


def size_within(first: int, *, most: int) -> int:
    """Return the number of rows.

    Raises:
        BadUserInput: it is not between 1 and `most`.
    """
    if not 1 <= first <= most:
        raise BadUserInput(f"`first` must be between 1 and {most}.")
    return first
