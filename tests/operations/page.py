"""The page: each operation with its description, an example and the answer."""

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
from tests.rights.cases import CASES

INTRODUCTION = """\
# Operations

Every query and mutation of the API, each with an example that was run against the demonstration shop, and the answer.
`make operations` writes this page from the schema and the running store, and `make check` fails if it is out of date.
[GraphiQL](http://127.0.0.1:8000/graphiql/) shows the same descriptions, and all types.

Send `POST /graphql/` with `Content-Type: application/json` and the body `{"query": …, "variables": …}`, with cookies.

**Errors.** An error that a shopper can fix is a member of the mutation's union: select `__typename`, and `message` of
`... on UserError`. Malformed operations, exceeded limits, missing rights and faults of the store are in the top-level
`errors`, each with a code in `extensions`:

| code | |
|---|---|
| `BAD_USER_INPUT` | The document, a variable, an id or a cursor is malformed. |
| `OPERATION_TOO_LARGE` | The operation costs more than `extensions.cost.maximum`, or is too deep or too long. |
| `UNAUTHENTICATED` | The operation needs a signed-in person. |
| `FORBIDDEN` | The signed-in person lacks the permission. |
| `RATE_LIMITED` | Too many attempts, as with files, purchases and comments. Try again after `retryAfterSeconds`. |
| `PERSISTED_QUERY_NOT_FOUND` | Send the document along with its hash. |
| `INTERNAL` | A fault of the store. Find it in the log by `requestId`. |

**Files.** An `Upload` is null in the JSON, and the file is a part of a multipart request, as in the
[GraphQL multipart request specification](https://github.com/jaydenseric/graphql-multipart-request-spec), with the
header `Apollo-Require-Preflight: true`.
"""
RIGHTS = {
    "UNAUTHENTICATED": "Needs a signed-in person, otherwise `UNAUTHENTICATED`.",
    "FORBIDDEN": "Needs the permission, otherwise `FORBIDDEN`.",
}


def roots() -> dict[str, dict[str, GraphQLField]]:
    both = {"Queries": schema._schema.query_type, "Mutations": schema._schema.mutation_type}
    return {kind: dict(root.fields) for kind, root in both.items() if root}


def operations() -> set[str]:
    return {name for fields in roots().values() for name in fields}


def page(answered: Mapping[str, tuple[Example, dict[str, Any], Any]]) -> str:
    """Build the page. `answered` has the example, its variables and the answer of each operation."""
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
        yield from ("```json", to_json(variables), "```", "")
    yield from ("is answered with", "", "```json", to_json(answer), "```", "")


def arguments(prefix: str, args: Mapping[str, GraphQLArgument | GraphQLInputField]) -> Iterator[str]:
    """Yield a row for each argument, and for each field of an input object."""
    for name, argument in args.items():
        type_ = get_named_type(argument.type)
        if isinstance(type_, GraphQLInputObjectType):
            if argument.description:
                yield row(f"{prefix}{name}", argument)
            yield from arguments(f"{prefix}{name}.", type_.fields)
        else:
            yield row(f"{prefix}{name}", argument)


def row(path: str, argument: GraphQLArgument | GraphQLInputField) -> str:
    """Build the row of an argument, with its default unless that is null."""
    default = ast_from_value(argument.default_value, argument.type)
    value = "" if default is None or isinstance(default, NullValueNode) else f" = {print_ast(default)}"
    return f"| `{path}` | `{argument.type}{value}` | {cell(argument.description)} |"


def answers(field: GraphQLField) -> str:
    """Describe the type of the answer, with the errors of a union apart."""
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


def to_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
