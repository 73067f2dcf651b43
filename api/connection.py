"""Relay connections with keyset paging, at the root and nested, each in a constant number of statements."""

from collections.abc import Callable, Collection, Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import strawberry
from django.db import models
from django.db.models import OuterRef
from strawberry import relay
from strawberry.types.base import StrawberryObjectDefinition

from api.context import Info
from api.keyset import Copies, Merge, Page, Paging, Slice, Sort
from api.nodes import resolve_queryset
from core.counting import MAX_COUNT, CountUpTo
from packages.fastgraph import Bind, HasKey, Row, Statement, column_of, keys_of, peers_of, read

if TYPE_CHECKING:
    from api.nodes import Source

Node = TypeVar("Node")
NODE_PATHS = ("nodes", "edges.node")


@strawberry.type(description="A row of a page with its cursor.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(description="The row's cursor, for `after` or `before`.")
    node: Node = strawberry.field(description="The row itself.")


@strawberry.type
class Connection(Generic[Node]):
    page: strawberry.Private[Page]

    @strawberry.field(description="The rows of this page with their cursors.")
    def edges(self) -> list[Edge[Node]]:
        return [Edge(cursor=self.page.cursor(row), node=row) for row in self.page.rows]

    @strawberry.field(description="The rows of this page.")
    def nodes(self) -> list[Node]:
        return list(self.page.rows)

    @strawberry.field(description="Whether there are more pages, and the cursors that lead to them.")
    def page_info(self) -> relay.PageInfo:
        rows = self.page.rows
        return relay.PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(rows[0]) if rows else None,
            end_cursor=self.page.cursor(rows[-1]) if rows else None,
        )

    @strawberry.field(
        description="The number of rows of all pages, counted only on request, and up to "
        f"{MAX_COUNT}, which means {MAX_COUNT} or more."
    )
    def total_count(self) -> int:
        return self.page.count()


def page(
    found: "Source",
    info: Info,
    *,
    answer: str,
    sort: Sort,
    paging: Paging,
    merge: Merge | None = None,
) -> Page:
    """Read a page of the rows for a field that returns the connection type named `answer`."""
    queryset, selector = resolve_queryset(found)
    cut = Slice.of(queryset, sort=sort, paging=paging)
    rows = read(
        lambda bind: cut.one_more(queryset, bind=bind, merge=merge),
        info,
        model=queryset.model,
        values=cut.values,
        kept=None if selector is None else (selector, cut.form),
        answer=answer,
        paths=NODE_PATHS,
        only=cursor_columns(cut, queryset),
    )
    return cut.page(rows, count=lambda: count(found))


def nested_page(
    root: HasKey,
    info: Info,
    *,
    found: "Source",
    parent: str,
    answer: str,
    sort: Sort,
    paging: Paging,
    branches: Callable[[Collection[Any]], dict[Any, list[Any]]] | None = None,
    copies: Copies | None = None,
) -> Page:
    """Read a page of a connection below `root`. One statement reads the pages of all rows that were read with it.

    `parent` is the lookup from the queryset's rows to the key of `root`. `branches` finds the keys whose rows stand on
    the page of each parent, if these are more than its own. Or else the rows of each parent are those of its `copies`.
    """
    queryset, selector = resolve_queryset(found)

    def load() -> tuple[Any, dict[Any, Page]]:
        cut = Slice.of(queryset, sort=sort, paging=paging)
        keys = {peer.pk for peer in peers}
        sources = {key: [key] for key in keys}
        if branches:
            # The same for all lists below these parents.
            sources = remember(info, (branches, frozenset(keys)), lambda: branches(keys))
        holders: dict[Any, list[Any]] = {}
        for key, its_sources in sources.items():
            for source in its_sources:
                holders.setdefault(source, []).append(key)
        alone = selector if len(holders) == 1 else None

        def build(bind: Bind) -> models.QuerySet[Any]:
            if copies is not None:
                return cut.one_more_of_copies(queryset, copies=copies, parent=parent, keys=keys)
            if alone is not None:
                key = bind("parent", column_of(queryset.model, parent))
                return cut.one_more(queryset.filter(**{parent: key}), bind=bind)
            if len(keys) == 1 and len(holders) > 1:
                return cut.one_more(queryset, merge=Merge(column=parent, keys=list(holders)))
            return cut.one_more_of_each(queryset, parent=parent, keys=holders, led=branches is not None)

        rows = read(
            build,
            info,
            model=queryset.model,
            values={**cut.values, "parent": root.pk},
            kept=None if alone is None else (alone, cut.form),
            answer=answer,
            paths=NODE_PATHS,
            only=cursor_columns(cut, queryset),
        )
        # The rows come in order, so each page begins with the first of its own.
        pages: dict[Any, list[Any]] = {key: [] for key in keys}
        for row in rows:
            for key in keys if len(keys) == 1 else holders[row.parent_key]:
                pages[key].append(row)

        def count_each() -> dict[Any, int]:
            counted = queryset if copies is None else copies.rows
            number = CountUpTo(counted.filter(**{parent: OuterRef("pk")}))
            parents = model_of(root)._base_manager.filter(pk__in=holders)
            found = dict(parents.values_list("pk", number))
            return {
                key: min(sum(found.get(source, 0) for source in its_sources), MAX_COUNT)
                for key, its_sources in sources.items()
            }

        counts = once(count_each)
        by_key = {
            key: cut.page(rows, count=lambda key=key: counts()[key])  # type: ignore[misc]
            for key, rows in pages.items()
        }
        return peers, by_key  # the peers are kept, so that no other list gets their id()

    peers = peers_of(root)
    key = (id(peers), keys_of(info))
    _, by_key = remember(info, key, load)
    page: Page = by_key[root.pk]
    return page


def type_named(name: str, info: Info) -> Any:
    """Find the class of a GraphQL type in an app above, which must not be imported."""
    definition = info.schema.get_type_by_name(name)
    assert isinstance(definition, StrawberryObjectDefinition)
    return definition.origin


def cursor_columns(cut: Slice, queryset: models.QuerySet[Any]) -> tuple[str, ...]:
    """Name the columns of the cursors. Annotations are left out, because they are selected anyway."""
    return tuple(column for column in cut.sort.columns if column not in queryset.query.annotations)


def model_of(row: Any) -> type[models.Model]:
    return row.model if isinstance(row, Row) else type(row)


def count(found: "Source") -> int:
    """Count the rows, up to MAX_COUNT."""
    if isinstance(found, models.QuerySet):
        return found.order_by()[:MAX_COUNT].count()
    [[number]] = count_statement(found).rows({})
    return int(number)


@cache
def count_statement(selector: Callable[[], models.QuerySet[Any]]) -> Statement:
    return Statement(
        selector().order_by().values_list("pk")[:MAX_COUNT], within=("SELECT COUNT(*) FROM (", ") counted")
    )


def remember(info: Info, key: Hashable, load: Callable[[], Any]) -> Any:
    """Call `load` once in this operation, and return the same value from then on."""
    memo = info.context.memo
    if key not in memo:
        memo[key] = load()
    return memo[key]


def once(load: Callable[[], Any]) -> Callable[[], Any]:
    """Make a function that calls `load` once and returns the same value from then on."""
    found: list[Any] = []

    def get() -> Any:
        if not found:
            found.append(load())
        return found[0]

    return get
