"""The page: each operation with what the schema says of it, an example and its answer."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    NullValueNode,
    ast_from_value,
    get_named_type,
    print_ast,
)

from backend.schema import schema
from tests.operations.examples import Example
from tests.rights.test_writing import CASES

INTRODUCTION = """\
# Operations

Every query and mutation of the API, with an example that was run against the demonstration shop and what it was
answered. This page is made from the schema and the running store by `make operations`, and `make check` fails where
it is not up to date. [GraphiQL](http://127.0.0.1:8000/graphiql/) has the same texts, and all types besides.

Send `POST /graphql/` with `Content-Type: application/json` and the body `{"query": …, "variables": …}`, with cookies.

**Errors.** What a shopper can put right is a member of the mutation's union: select `__typename`, and `message` of
`... on UserError`. A malformed operation, a limit, a missing right and a fault of the store are in the top-level
`errors`, each with a code in `extensions`:

| code | |
|---|---|
| `BAD_USER_INPUT` | The document, a variable, an id or a cursor is not what it must be. |
| `OPERATION_TOO_LARGE` | The operation costs more than `extensions.cost.maximum`, or is too deep or too long. |
| `UNAUTHENTICATED` | Somebody must be signed in. |
| `FORBIDDEN` | Whoever is signed in lacks the permission. |
| `RATE_LIMITED` | Too often; try again after `retryAfterSeconds`. Any operation with a file, a purchase or a comment. |
| `PERSISTED_QUERY_NOT_FOUND` | Send the document along with its hash. |
| `INTERNAL` | A fault of the store; `requestId` finds it in the log. |

**Files.** An `Upload` is null in the JSON, and the file comes as a part of a multipart request, by the
[GraphQL multipart request specification](https://github.com/jaydenseric/graphql-multipart-request-spec), with the
header `Apollo-Require-Preflight: true`.
"""
RIGHTS = {
    "UNAUTHENTICATED": "Needs somebody to be signed in, else `UNAUTHENTICATED`.",
    "FORBIDDEN": "Needs the permission, else `FORBIDDEN`.",
}


def roots() -> dict[str, dict[str, GraphQLField]]:
    both = {"Queries": schema._schema.query_type, "Mutations": schema._schema.mutation_type}
    return {kind: dict(root.fields) for kind, root in both.items() if root}


def operations() -> set[str]:
    return {name for fields in roots().values() for name in fields}


def page(answered: Mapping[str, tuple[Example, dict[str, Any], Any]]) -> str:
    """`answered` has for each operation its example, the variables that it was sent with, and the answer."""
    fields = roots()
    contents = (
        f"**{kind}**: {', '.join(f'[{name}](#{name.lower()})' for name in fields[kind])}.\n"
        for kind in fields
    )
    parts = [INTRODUCTION, *contents]
    for kind in fields:
        parts.append(f"## {kind}\n")
        parts += ["\n".join(section(name, field, *answered[name])) for name, field in fields[kind].items()]
    return "\n".join(parts)


def section(
    name: str, field: GraphQLField, example: Example, variables: dict[str, Any], answer: Any
) -> Iterator[str]:
    yield from (f"### {name}", "", cell(field.description), "")
    rows = list(arguments("", field.args))
    if rows:
        yield from ("| argument | type | |", "|---|---|---|", *rows, "")
    yield from (answers(field), "")
    codes = {code for case in CASES if case.mutation == name for code in case.answers.values()}
    needed = [sentence for code, sentence in RIGHTS.items() if code in codes]
    if needed:
        yield from (" ".join(needed), "")
    yield from ("```graphql", example.document.strip(), "```", "")
    if variables:
        yield from ("```json", written(variables), "```", "")
    yield from ("is answered with", "", "```json", written(answer), "```", "")


def arguments(prefix: str, args: Mapping[str, GraphQLArgument | GraphQLInputField]) -> Iterator[str]:
    """A row for each argument; below one that is an input object, those of its fields."""
    for name, argument in args.items():
        type_ = get_named_type(argument.type)
        if isinstance(type_, GraphQLInputObjectType):
            if argument.description:
                yield row(f"{prefix}{name}", argument)
            yield from arguments(f"{prefix}{name}.", type_.fields)
        else:
            yield row(f"{prefix}{name}", argument)


def row(path: str, argument: GraphQLArgument | GraphQLInputField) -> str:
    """Names the default, but for null, which is that of all others."""
    default = ast_from_value(argument.default_value, argument.type)
    value = "" if default is None or isinstance(default, NullValueNode) else f" = {print_ast(default)}"
    return f"| `{path}` | `{argument.type}{value}` | {cell(argument.description)} |"


def answers(field: GraphQLField) -> str:
    """The type that it is answered with; of a union, the errors apart."""
    type_ = get_named_type(field.type)
    if not isinstance(type_, GraphQLUnionType):
        return f"Answered with `{field.type}`."
    things = [f"`{member.name}`" for member in type_.types if not is_error(member)]
    errors = [f"- `{member.name}`: {cell(member.description)}" for member in type_.types if is_error(member)]
    return "\n".join([f"Answered with {', '.join(things)}, or with", "", *errors])


def is_error(member: GraphQLObjectType) -> bool:
    interface = schema._schema.get_type("UserError")
    assert isinstance(interface, GraphQLInterfaceType)
    return interface in member.interfaces


def cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


def written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
