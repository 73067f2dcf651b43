"""The columns that a resolver reads of its parent, taken from the parent's annotation.

A Protocol names the columns: a resolver with `strawberry.Parent[HasPrice]` reads `price` and can take a Row. A resolver
with a model, or `self`, needs an instance. Mypy refuses a resolver that uses an attribute its Protocol does not name.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol, get_args, get_type_hints

from strawberry.types.fields.resolver import StrawberryResolver


class HasKey(Protocol):
    """A row of which only the primary key is read."""

    @property
    def pk(self) -> Any: ...


def columns_read(resolver: StrawberryResolver[Any]) -> tuple[str, ...] | None:
    """Return the columns that the resolver reads of its parent (`order__currency`); None if it needs an instance.

    A resolver without a parent reads no columns.
    """
    parameter = resolver.parent_parameter
    if parameter is None:
        return None if resolver.self_parameter or resolver.root_parameter else ()
    annotation = resolver.strawberry_annotations[parameter]
    parent = get_args(annotation.evaluate() if annotation else None)[:1] or (None,)
    return protocol_columns(parent[0])


@cache
def protocol_columns(protocol: Any) -> tuple[str, ...] | None:
    """Return the attributes of a Protocol and of its nested Protocols; None for any other type."""
    return tuple(find_columns(protocol)) if is_protocol(protocol) else None


def is_protocol(type_: Any) -> bool:
    return getattr(type_, "_is_protocol", False)


def find_columns(protocol: Any, prefix: str = "") -> Iterator[str]:
    for name, type_ in get_type_hints(protocol).items():
        [below] = [each for each in (type_, *get_args(type_)) if is_protocol(each)][:1] or [None]
        if below is None:
            yield prefix + name
        else:
            yield from find_columns(below, f"{prefix}{name}__")
