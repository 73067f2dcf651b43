"""Objects by id, and rows read through the optimizer with all that an operation selects of them."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

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
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.optimizer import OptimizerStore, optimize

from api.context import Info
from core.errors import BadUserInput
from packages.fastgraph import PlannedInfo, columns_read
from packages.fastgraph.rows import Bind, column_of, share_peers, values_of

Row = TypeVar("Row", bound=models.Model)
if TYPE_CHECKING:
    # A queryset; or a selector without arguments, which always gives the same one.
    Found: TypeAlias = models.QuerySet[Row] | Callable[[], models.QuerySet[Row]]
EMPTY: Mapping[str, Any] = MappingProxyType({})
MAX_BIGINT = 2**63 - 1


class Field(StrawberryDjangoField):
    """A field whose resolver tells the optimizer what it reads, by the Protocol that it takes as its parent."""

    def __call__(self, resolver: Any) -> Any:
        field = super().__call__(resolver)
        columns = columns_read(field.base_resolver) or ()
        related = {column.rpartition("__")[0] for column in columns} - {""}
        field.store |= OptimizerStore.with_hints(only=columns, select_related=sorted(related))
        return field


def field(**hints: Any) -> Any:
    """`strawberry_django.field`, whose decorator is untyped; hints: `annotate`, `field_name`, `prefetch_related`."""
    return strawberry_django.field(field_cls=Field, **hints)


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


def opened(found: "Found[Row]") -> tuple[models.QuerySet[Row], Hashable]:
    """The queryset, and by what its SQL can be known again: None for one that is made for this operation."""
    return (found, None) if isinstance(found, models.QuerySet) else (selected(found), found)


@cache
def selected(selector: Callable[[], models.QuerySet[Row]]) -> models.QuerySet[Row]:
    """The selector's queryset, which nobody may evaluate: it stays."""
    return selector()


def one(found: "Found[Row]", info: Info, **lookups: Any) -> Row | None:
    """The one row of the queryset, or the one of a selector's that has these values; None where there is none."""
    queryset, selector = opened(found)

    def build(bind: Bind) -> models.QuerySet[Row]:
        bound = {name: bind(name, column_of(queryset.model, name)) for name in lookups}
        return queryset.filter(**bound)[:1]

    kept = None if selector is None else (selector, tuple(lookups))
    rows = read(build, info, model=queryset.model, values=lookups, kept=kept)
    return rows[0] if rows else None


def every(found: "Found[Row]", info: Info) -> list[Row]:
    """All rows: for lists that stay short."""
    queryset, selector = opened(found)
    return read(lambda bind: queryset.all(), info, model=queryset.model, kept=selector)


def read(
    build: Callable[[Bind], models.QuerySet[Row]],
    info: Info,
    *,
    model: type[Row],
    values: Mapping[str, Any] = EMPTY,
    kept: Hashable = None,
    answer: str | None = None,
    paths: tuple[str, ...] = ("",),
    only: tuple[str, ...] = (),
) -> list[Row]:
    """The rows of the query that `build` makes, with all that the operation selects of them below this field.

    They stand at the dotted `paths` (`edges.node`) of the GraphQL type `answer`, which this field answers with; by
    default they are the answer. `only` are columns that are needed besides. `kept` names a query that is always the
    same, but for the `values` that `build` is to bind.
    """
    if isinstance(info, PlannedInfo):
        selected = info.rows(
            build, model=model, values=values, kept=kept, answer=answer, paths=paths, only=only
        )
        if selected is not None:
            return selected
    queryset = build(values_of(values))
    if answer:
        queryset = optimized_below(queryset, info, answer=answer, paths=paths, only=only)
    else:
        queryset = optimize(queryset, info._raw_info)
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


def keys_of(info: Info) -> tuple[str, ...]:
    """The field's path in the answer, without the places in lists."""
    if isinstance(info, PlannedInfo):
        return info.place.keys
    return tuple(key for key in info.path.as_list() if isinstance(key, str))


def is_below_list(info: Info) -> bool:
    """Whether the field is asked for more than once, for each row of a list."""
    if isinstance(info, PlannedInfo):
        return info.place.depth > 0
    return any(isinstance(step, int) for step in info.path.as_list())
