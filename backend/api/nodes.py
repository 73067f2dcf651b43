"""Objects by id, and rows read through the optimizer with all that an operation selects of them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, cast

import strawberry
import strawberry_django
from django.core.exceptions import ValidationError
from django.db import models
from graphql import GraphQLObjectType, GraphQLResolveInfo, get_named_type, is_abstract_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues
from graphql.language import FieldNode
from strawberry import relay
from strawberry.types.nodes import get_variable_values
from strawberry_django.optimizer import OptimizerStore, optimize

from backend.api.context import Info
from backend.errors import BadUserInput

Row = TypeVar("Row", bound=models.Model)
MAX_BIGINT = 2**63 - 1


def field(**hints: Any) -> Any:
    """`strawberry_django.field`, whose decorator is untyped; hints: `only`, `annotate`, `field_name`."""
    return strawberry_django.field(**hints)


def key_of(id: relay.GlobalID, node: str) -> int:
    """The primary key in an id of the GraphQL type `node`; BadUserInput for another type's id or none."""
    digits = id.node_id
    if id.type_name != node or not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise BadUserInput(f"That is not the id of a {node}.")
    key = int(digits)
    if key > MAX_BIGINT:
        raise BadUserInput(f"That is not the id of a {node}.")
    return key


def id_of(node: str, key: object) -> strawberry.ID:
    return strawberry.ID(str(relay.GlobalID(type_name=node, node_id=str(key))))


def node(id: relay.GlobalID, info: Info) -> Any:
    """What the id names, of whichever type; None where that is nothing or nothing that the caller may see.

    A type takes part by having a classmethod `visible(info)`, a queryset; one that is no model's has a
    `resolve_node` of its own. BadUserInput for an id of an unknown type or none at all.
    """
    type_: Any = getattr(info.schema.get_type_by_name(id.type_name), "origin", None)
    if relay.Node not in getattr(type_, "__mro__", ())[1:]:
        raise BadUserInput("That is not the id of anything here.")
    if not hasattr(type_, "visible"):
        return type_.resolve_node(info=info, node_id=id.node_id)
    visible: models.QuerySet[Any] = type_.visible(info)
    try:
        key = visible.model._meta.pk.clean(id.node_id, None)
    except ValidationError as error:
        raise BadUserInput(f"That is not the id of a {id.type_name}.") from error
    return one(visible.filter(pk=key), info)


def one(queryset: models.QuerySet[Row], info: Info) -> Row | None:
    """The one row of the queryset; None where there is none."""
    rows = every(queryset[:1], info)
    return rows[0] if rows else None


def every(queryset: models.QuerySet[Row], info: Info) -> list[Row]:
    """All rows of the queryset: for lists that stay short, and for one."""
    return read(optimize(queryset, info._raw_info))


def read(queryset: models.QuerySet[Row]) -> list[Row]:
    """Evaluate an optimized queryset."""
    rows = list(queryset)
    share_peers(rows)
    return rows


def optimized_below(
    queryset: models.QuerySet[Row],
    info: Info,
    *,
    answer: str,
    paths: Iterable[str],
    only: Sequence[str] = (),
) -> models.QuerySet[Row]:
    """The queryset with all that the operation selects of its rows below this field.

    The rows stand at the dotted `paths` (`edges.node`) of the GraphQL type `answer`, which this field answers
    with; `only` are columns that are needed besides.
    """
    raw = info._raw_info
    start = cast(GraphQLObjectType, raw.schema.get_type(answer))
    found: list[FieldNode] = []
    node_type: Any = start
    for path in paths:
        nodes, node_type = nodes_at(raw, path.split("."), nodes=list(raw.field_nodes), parent=start)
        found += nodes
    below = raw._replace(field_nodes=found, return_type=node_type)
    return optimize(queryset, below, store=OptimizerStore.with_hints(only=only))


def nodes_at(
    info: GraphQLResolveInfo[Any], path: Sequence[str], *, nodes: list[FieldNode], parent: Any
) -> tuple[list[FieldNode], Any]:
    """The AST nodes of the fields at `path` below `nodes`, through aliases and fragments, and their type."""
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


def share_peers(rows: Sequence[models.Model]) -> None:
    """Let each row know the rows it was read with, and so on for all that was read along with them.

    A nested connection then reads its pages for all of its parents at once (see `nested_page`), where the
    optimizer's own prefetch gives up when a relation is asked for twice with different arguments.
    """
    along: dict[str, list[models.Model]] = {}
    for row in rows:
        state = row._state
        if hasattr(state, "read_with"):
            continue
        state.read_with = rows  # type: ignore[attr-defined]  # ours
        for name, related in getattr(state, "fields_cache", {}).items():
            if related is not None:
                along.setdefault(name, []).append(related)
        for name, children in getattr(row, "_prefetched_objects_cache", {}).items():
            along.setdefault(name, []).extend(children)
    for group in along.values():
        share_peers(group)
