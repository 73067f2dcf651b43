"""Relay connections of our own, at the root and nested, each in a constant number of statements."""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import strawberry
from django.db import models
from django.db.models import OuterRef
from strawberry import relay
from strawberry.types.base import StrawberryObjectDefinition

from backend.api.context import Info
from backend.api.keyset import Page, Slice, Sort
from backend.api.nodes import optimized_below, read
from backend.counting import MAX_COUNT, CountUpTo

Node = TypeVar("Node")
NODE_PATHS = ("nodes", "edges.node")


@strawberry.type
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type
class Connection(Generic[Node]):
    page: strawberry.Private[Page]

    @strawberry.field(description="The rows of this page with a cursor each.")
    def edges(self) -> list[Edge[Node]]:
        return [Edge(cursor=self.page.cursor(row), node=row) for row in self.page.rows]

    @strawberry.field(description="The rows of this page.")
    def nodes(self) -> list[Node]:
        return list(self.page.rows)

    @strawberry.field
    def page_info(self) -> relay.PageInfo:
        rows = self.page.rows
        return relay.PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(rows[0]) if rows else None,
            end_cursor=self.page.cursor(rows[-1]) if rows else None,
        )

    @strawberry.field(
        description="How many rows all pages have; counted only when it is asked for, and no further than "
        f"{MAX_COUNT}, which stands for as many or more."
    )
    def total_count(self) -> int:
        return self.page.count()


def page(
    queryset: models.QuerySet[Any],
    info: Info,
    *,
    answer: str,
    sort: Sort,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Page:
    """A page of the queryset's rows for a field that answers with the connection type named `answer`."""
    cut = Slice.of(queryset, sort=sort, first=first, after=after, last=last, before=before)
    rows = optimized_below(
        cut.one_more(queryset), info, answer=answer, paths=NODE_PATHS, only=hints(cut, queryset)
    )
    return cut.page(read(rows), count=queryset.order_by()[:MAX_COUNT].count)


def nested_page(
    root: models.Model,
    info: Info,
    *,
    queryset: models.QuerySet[Any],
    parent: str,
    answer: str,
    sort: Sort,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Page:
    """The same for a connection below rows: one statement reads the pages of all that were read with `root`.

    `parent` is the lookup from the queryset's rows to the key of the row that the connection belongs to.
    """

    def load() -> tuple[Any, dict[Any, Page]]:
        cut = Slice.of(queryset, sort=sort, first=first, after=after, last=last, before=before)
        keys = {peer.pk for peer in peers}
        pages = cut.one_more_of_each(queryset, parent=parent, keys=keys)
        found: dict[Any, list[Any]] = {key: [] for key in keys}
        rows = optimized_below(pages, info, answer=answer, paths=NODE_PATHS, only=hints(cut, pages))
        for row in read(rows):
            found[row.parent_key].append(row)
        counted = CountUpTo(queryset.filter(**{parent: OuterRef("pk")}))
        parents = type(root)._base_manager.filter(pk__in=keys)
        counts = once(lambda: dict(parents.values_list("pk", counted)))
        by_key = {
            key: cut.page(rows, count=lambda key=key: counts()[key])  # type: ignore[misc]
            for key, rows in found.items()
        }
        return peers, by_key  # the peers are kept so that their identity stays theirs

    peers = getattr(root._state, "read_with", [root])
    key = (id(peers), path_without_indexes(info))
    _, by_key = remembered(info, key, load)
    page: Page = by_key[root.pk]
    return page


def type_named(name: str, info: Info) -> Any:
    """The class of a GraphQL type, for a field whose type is of an app above, which must not be imported."""
    definition = info.schema.get_type_by_name(name)
    assert isinstance(definition, StrawberryObjectDefinition)
    return definition.origin


def hints(cut: Slice, queryset: models.QuerySet[Any]) -> list[str]:
    """The order's columns, which the cursors are made of; annotations are selected anyway."""
    return [column for column in cut.sort.columns if column not in queryset.query.annotations]


def path_without_indexes(info: Info) -> tuple[str | int, ...]:
    return tuple(key for key in info.path.as_list() if isinstance(key, str))


def remembered(info: Info, key: Hashable, load: Callable[[], Any]) -> Any:
    """What `load` gave the first time it was asked for in this operation."""
    memo = info.context.memo
    if key not in memo:
        memo[key] = load()
    return memo[key]


def once(load: Callable[[], Any]) -> Callable[[], Any]:
    found: list[Any] = []

    def get() -> Any:
        if not found:
            found.append(load())
        return found[0]

    return get
