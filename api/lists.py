"""Lists that are not connections: nested ones, read once for all parents, and plain ones, read without instances."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

from api.connection import remember
from api.context import Info
from api.keyset import Page, Paging, Slice, Sort
from api.nodes import resolve_queryset
from core.counting import MAX_COUNT
from core.errors import BadUserInput
from packages.fastgraph import Bind, HasKey, column_of, keys_of, peers_of, read

if TYPE_CHECKING:
    from api.nodes import Source

Answer = TypeVar("Answer")


def read_nested(root: HasKey, info: Info, load: Callable[[Sequence[HasKey]], dict[Any, Answer]]) -> Answer:
    """Return the answer for this row. `load` is called once for all rows that were read with it."""
    peers = peers_of(root)
    # The peers are kept, so that no other list gets their id().
    _, by_key = remember(info, (id(peers), keys_of(info)), lambda: (peers, load(peers)))
    answer: Answer = by_key[root.pk]
    return answer


def nested_rows(root: HasKey, info: Info, *, found: "Source", parent: str) -> list[HasKey]:
    """Read all rows below `root`. One statement reads those of all rows that were read with it.

    `parent` is the column of the queryset's rows with the key of `root`. Use it only for lists that stay short.
    """
    queryset, selector = resolve_queryset(found)

    def load(peers: Sequence[HasKey]) -> dict[Any, list[HasKey]]:
        rows: dict[Any, list[HasKey]] = {peer.pk: [] for peer in peers}
        alone = selector if len(rows) == 1 else None

        def build(bind: Bind) -> models.QuerySet[Any]:
            if alone is None:
                return queryset.filter(**{f"{parent}__in": list(rows)})
            return queryset.filter(**{parent: bind("parent", column_of(queryset.model, parent))})

        for row in read(
            build,
            info,
            model=queryset.model,
            values={"parent": root.pk},
            kept=None if alone is None else (alone, parent),
            only=(parent,),
        ):
            rows[getattr(row, parent)].append(row)
        return rows

    return read_nested(root, info, load)


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
