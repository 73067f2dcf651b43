"""Random queries over the whole schema: answered or refused, but never a fault of ours."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import connection
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from pytest_django import Settings

from tests.rights.shop import NODES, ROLES, Shop, graphql_schema

pytestmark = pytest.mark.slow

SCALARS: dict[str, list[str]] = {
    "Int": ["1", "3", "20", "100", "0", "-1", "101", "2147483647", "2147483648"],
    "Float": ["0", "1.5", "5", "-1.0", "1e308"],
    "Boolean": ["true", "false"],
    "Decimal": ['"0"', '"9.99"', '"-1"', '"1e9"', '"99999999999999"', "5"],
    "DateTime": ['"2026-01-01T00:00:00Z"', '"0001-01-01"', '"9999-12-31T23:59:59-23:59"', '"now"'],
    "UUID": ['"6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11"', '"0"'],
    "String": [
        '""',
        '"lamp"',
        '"lmap wood"',
        '"WyIxIiwiYSJd"',
        '"é😀"',
        '"\'; --"',
        '"WyIyMDI2LTAxLTAxIl0="',
    ],
}
DEPTH = 5


class Writer:
    """Writes a document; the same seed writes the same."""

    def __init__(self, seed: int, ids: list[str]) -> None:
        self.random = Random(seed)
        self.scalars = {**SCALARS, "ID": [f'"{id}"' for id in ids] + ['"x"', "1"]}
        self.aliases = 0

    def document(self) -> str:
        return self.selection(graphql_schema.query_type, depth=DEPTH)

    def selection(self, type_: Any, *, depth: int) -> str:
        if isinstance(type_, GraphQLUnionType):
            parts = [f"... on {member.name} {self.selection(member, depth=depth)}" for member in type_.types]
            return f"{{ __typename {' '.join(parts)} }}"
        if type_.name == "Node":
            name = self.random.choice(NODES)
            inside = self.selection(graphql_schema.type_map[name], depth=depth)
            return f"{{ id ... on {name} {inside} }}"
        fields = [(name, field) for name, field in type_.fields.items() if depth > 1 or self.is_leaf(field)]
        chosen = self.random.sample(fields, k=min(len(fields), self.random.randint(1, 4)))
        return f"{{ __typename {' '.join(self.field(name, field, depth=depth) for name, field in chosen)} }}"

    def is_leaf(self, field: Any) -> bool:
        return is_leaf_type(get_named_type(field.type))

    def field(self, name: str, field: Any, *, depth: int) -> str:
        given = [
            f"{argument}: {self.value(definition.type)}"
            for argument, definition in field.args.items()
            if is_required_argument(definition) or self.random.random() < 0.4
        ]
        self.aliases += 1
        arguments = f"({', '.join(given)})" if given else ""
        below = "" if self.is_leaf(field) else self.selection(get_named_type(field.type), depth=depth - 1)
        return f"a{self.aliases}: {name}{arguments} {below}"

    def value(self, type_: Any) -> str:
        match type_:
            case GraphQLNonNull():
                return self.value(type_.of_type)
            case GraphQLList():
                return f"[{', '.join(self.value(type_.of_type) for _ in range(self.random.randint(0, 3)))}]"
            case GraphQLEnumType():
                return str(self.random.choice(list(type_.values)))
            case GraphQLInputObjectType():
                given = [
                    f"{name}: {self.value(field.type)}"
                    for name, field in type_.fields.items()
                    if is_required_input_field(field) or self.random.random() < 0.3
                ]
                return f"{{{', '.join(given)}}}"
            case _:
                return self.random.choice(self.scalars[type_.name])


def refuse_writes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Take statements that a replica takes. This is an execute wrapper of the connection."""
    assert sql.lstrip(" \n(").startswith(("SELECT", "WITH")), sql
    return execute(sql, params, many, context)


@pytest.mark.parametrize("role", ROLES)
def test_random_documents(shop: Shop, role: str, settings: Settings) -> None:
    settings.STORE_MAX_COST_PER_MINUTE = 0  # all roles have one address, and its budget
    ids = [row.id for row in shop.rows()]
    answered = 0
    for seed in range(60):
        document = Writer(60 * ROLES.index(role) + seed, ids).document()
        with connection.execute_wrapper(refuse_writes):
            answer = shop.browsers[role].send(document)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= {"BAD_USER_INPUT", "OPERATION_TOO_LARGE"}, document
        answered += not codes
    assert answered > 10
