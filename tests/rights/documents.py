"""Documents made from the schema, which select all that there is."""

import json
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.conftest import GraphQLClient
from tests.rights.shop import NODES, Row, graphql_schema


def select_all(type_: Any) -> str:
    """Select all fields of a type. Nested objects with an id are selected by it alone, so that the recursion ends."""
    if is_leaf_type(type_):
        return ""
    if isinstance(type_, GraphQLUnionType):
        members = (f"... on {member.name} {everything(member)}" for member in type_.types)
        return f"{{ __typename {' '.join(members)} }}"
    if type_.name in (*NODES, "Node"):
        return "{ __typename id }"
    return everything(type_)


def everything(type_: GraphQLObjectType | GraphQLInterfaceType) -> str:
    return f"{{ {' '.join(one(name, field) for name, field in askable(type_))} }}"


def one(name: str, field: GraphQLField) -> str:
    return f"{name} {select_all(get_named_type(field.type))}"


def askable(type_: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[tuple[str, GraphQLField]]:
    """Return the fields that need no arguments."""
    for name, field_ in type_.fields.items():
        if not any(is_required_argument(argument) for argument in field_.args.values()):
            yield name, field_


def root(name: str, arguments: dict[str, Any], *, whole: bool = False) -> str:
    """Build a root query; with `whole`, it selects everything of the object."""
    type_: Any = get_named_type(graphql_schema.query_type.fields[name].type)  # type: ignore[union-attr]
    given = ", ".join(f"{key}: {json.dumps(value)}" for key, value in arguments.items())
    selection = everything(type_) if whole else select_all(type_)
    return f"{{ {name}{f'({given})' if given else ''} {selection} }}"


def read(browser: GraphQLClient, row: Row, fields: str = "") -> Any:
    """Read the row by its id, with these fields or all; None if it is not visible."""
    type_ = graphql_schema.type_map[row.type]
    assert isinstance(type_, GraphQLObjectType)
    if fields:
        selection = "{" + " ".join(one(name, type_.fields[name]) for name in fields.split()) + "}"
    else:
        selection = everything(type_)
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on {row.type} {selection} }} }}"
    return browser.run(query, id=row.id)["node"]
