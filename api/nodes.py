"""Reads of objects by id, and of rows with everything that an operation selects of them."""

from collections.abc import Callable, Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from strawberry import relay

from api.context import Info
from core.errors import BadUserInput
from packages.fastgraph import Bind, HasKey, column_of, keep_parameters, read

if TYPE_CHECKING:
    # A queryset, or a selector without arguments, which always returns the same queryset.
    Source: TypeAlias = models.QuerySet[Any] | Callable[[], models.QuerySet[Any]]
MAX_BIGINT = 2**63 - 1


def key_of(id: relay.GlobalID, node: str) -> int:
    """Return the primary key in an id of the GraphQL type `node`.

    Raises:
        BadUserInput: the text is not an id, or is the id of another type.
    """
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
    """Read an object of any type by its id; None if it does not exist or the caller may not see it.

    A type needs a classmethod `visible(info)`, which returns a queryset. A type without a model needs a `resolve_node`.

    Raises:
        BadUserInput: the text is not an id, or is the id of an unknown type.
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


def resolve_queryset(found: "Source") -> tuple[models.QuerySet[Any], Hashable]:
    """Return the queryset, and the key by which its SQL is kept: None for a queryset of this operation alone.

    Raises:
        TypeError: the selector does not always return the same query. Only where `settings.FASTGRAPH_STRICT` is on.
    """
    if isinstance(found, models.QuerySet):
        return found, None
    queryset = call_selector(found)
    if settings.FASTGRAPH_STRICT and sql_of(found()) != sql_of(queryset):
        raise TypeError(
            f"{found.__name__} is called once per process, but now returns another query. If it depends on the clock "
            "or the caller, call it: `api.every(selectors.x(now=now), info)`."
        )
    return queryset, found


@cache
def call_selector(selector: Callable[[], models.QuerySet[Any]]) -> models.QuerySet[Any]:
    """Call the selector once. Do not evaluate its queryset, which is shared."""
    return selector()


def sql_of(queryset: models.QuerySet[Any]) -> tuple[str, Any]:
    with keep_parameters():
        return queryset.query.sql_with_params()


def one(found: "Source", info: Info, **lookups: Any) -> HasKey | None:
    """Read the one row of the queryset, or the one with these values; None if there is none."""
    queryset, selector = resolve_queryset(found)

    def build(bind: Bind) -> models.QuerySet[Any]:
        bound = {name: bind(name, column_of(queryset.model, name)) for name in lookups}
        return queryset.filter(**bound)[:1]

    kept = None if selector is None else (selector, tuple(lookups))
    rows = read(build, info, model=queryset.model, values=lookups, kept=kept)
    return rows[0] if rows else None


def every(found: "Source", info: Info) -> list[HasKey]:
    """Read all rows. Use it only for lists that stay short."""
    queryset, selector = resolve_queryset(found)
    return read(lambda bind: queryset.all(), info, model=queryset.model, kept=selector)
