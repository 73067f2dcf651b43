"""Reads of rows with everything that an operation selects of them, by a plan or by the optimizer."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any, cast

import strawberry
from django.db import models
from graphql import GraphQLObjectType, GraphQLResolveInfo, get_named_type, is_abstract_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues
from graphql.language import FieldNode
from strawberry.types.nodes import get_variable_values
from strawberry_django.optimizer import OptimizerStore, optimize

from packages.fastgraph.info import PlannedInfo
from packages.fastgraph.rows import share_peers
from packages.fastgraph.statements import Bind, bind_values

Info = strawberry.Info[Any, Any]
EMPTY: Mapping[str, Any] = MappingProxyType({})


def read(
    build: Callable[[Bind], models.QuerySet[Any]],
    info: Info,
    *,
    model: type[models.Model],
    values: Mapping[str, Any] = EMPTY,
    kept: Hashable = None,
    answer: str | None = None,
    paths: tuple[str, ...] = ("",),
    only: tuple[str, ...] = (),
) -> list[Any]:
    """Read the rows of the query that `build` makes, with everything that the operation selects of them.

    This field returns the GraphQL type `answer`, with the rows at its dotted `paths` (`edges.node`); by default it
    returns the rows. `only` names further columns to read. `kept` is the cache key of a query that differs only in the
    `values`, which `build` must bind.
    """
    if isinstance(info, PlannedInfo):
        rows = info.rows(build, model=model, values=values, kept=kept, answer=answer, paths=paths, only=only)
        if rows is not None:
            return rows
    queryset = build(bind_values(values))
    if answer:
        queryset = optimize_below(queryset, info, answer=answer, paths=paths, only=only)
    else:
        queryset = optimize(queryset, info._raw_info, store=OptimizerStore.with_hints(only=only))
        prefetch_alone(queryset)
    rows = list(queryset)
    share_peers(rows)
    return rows


def optimize_below(
    queryset: models.QuerySet[Any],
    info: Info,
    *,
    answer: str,
    paths: Iterable[str],
    only: Sequence[str] = (),
) -> models.QuerySet[Any]:
    """Optimize the queryset for the selections at these paths of `answer`."""
    raw = info._raw_info
    start = cast(GraphQLObjectType, raw.schema.get_type(answer))
    found: list[FieldNode] = []
    node_type: Any = start
    for path in paths:
        nodes, node_type = nodes_at(raw, path.split("."), nodes=list(raw.field_nodes), parent=start)
        found += nodes
    below = raw._replace(field_nodes=found, return_type=node_type)
    optimized = optimize(queryset, below, store=OptimizerStore.with_hints(only=only))
    prefetch_alone(optimized)
    return optimized


def prefetch_alone(queryset: models.QuerySet[Any]) -> None:
    """Do not join relations that are prefetched, too: one field's hints may join what another one prefetches.

    Django would take the joined row, which lacks the annotations of the prefetched one. The joined columns are
    read with the prefetch. It changes the queryset, and those of its prefetches.
    """
    for lookup in queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        if isinstance(lookup, models.Prefetch) and lookup.queryset is not None:
            move_join(lookup.prefetch_to, queryset.query, lookup.queryset.query)
            prefetch_alone(lookup.queryset)


def move_join(path: str, outer: Any, inner: Any) -> None:
    """Move the join at the path, with its columns and the joins below, from the outer query to the inner one."""
    *above, name = path.split("__")
    joins = reduce(lambda joins, step: (joins or {}).get(step), above, outer.select_related)
    if not isinstance(joins, dict) or name not in joins:
        return
    below = joins.pop(name)
    outer.select_related = outer.select_related or False
    if below:
        inner.select_related = {**(inner.select_related or {}), **below}
    columns, _ = outer.deferred_loading
    moved = {column.removeprefix(f"{path}__") for column in columns if column.startswith(f"{path}__")}
    outer.add_immediate_loading({*(column for column in columns if not column.startswith(f"{path}__")), path})
    chosen, reads_others = inner.deferred_loading
    if not reads_others:
        inner.add_immediate_loading({*chosen, *moved})


def nodes_at(
    info: GraphQLResolveInfo[Any], path: Sequence[str], *, nodes: list[FieldNode], parent: Any
) -> tuple[list[FieldNode], Any]:
    """Return the AST nodes of the fields at `path` below `nodes`, through aliases and fragments, and their type."""
    if not path:
        return nodes, parent
    fragments = {name: FragmentDetails(fragment) for name, fragment in info.fragments.items()}
    variables = VariableValues(sources={}, coerced=get_variable_values(info))
    found: list[FieldNode] = []
    child: Any = None
    for concrete in info.schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]:
        if path[0] not in concrete.fields:
            continue
        child = get_named_type(concrete.fields[path[0]].type)
        details = [FieldDetails(node=node, defer_usage=None) for node in nodes]
        collected = collect_subfields(info.schema, fragments, variables, info.operation, concrete, details)
        for group in collected.grouped_field_set.values():
            found += [detail.node for detail in group if detail.node.name.value == path[0]]
    return nodes_at(info, path[1:], nodes=found, parent=child)


def keys_of(info: Info) -> tuple[str, ...]:
    """Return the field's path in the answer, without the positions in lists."""
    if isinstance(info, PlannedInfo):
        return info.place.keys
    return tuple(key for key in info.path.as_list() if isinstance(key, str))


def is_below_list(info: Info) -> bool:
    """Whether the field is resolved for each row of a list."""
    if isinstance(info, PlannedInfo):
        return info.place.depth > 0
    return any(isinstance(step, int) for step in info.path.as_list())
