"""A small schema over models that every Django project has, and over plain objects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import strawberry
import strawberry_django
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from graphql import ExecutionResult, OperationDefinitionNode, execute_sync, parse, validate
from strawberry import auto, relay
from strawberry.extensions import FieldExtension

import packages.fastgraph as fastgraph
from packages.fastgraph import HasKey, Plan


@dataclass
class Context:
    """The context of a guest's operation, which counts what its resolvers do."""

    is_guest: bool = True
    done: list[str] = field(default_factory=list)


class Broken(Exception):
    """The error that resolvers raise here."""


class Loud(FieldExtension):
    """An extension around a resolver."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **values: Any) -> Any:
        return next_(source, info, **values).upper()


class HasCodename(Protocol):
    codename: str


class HasAppLabel(Protocol):
    app_label: str


class HasKind(Protocol):
    content_type: HasAppLabel


@strawberry_django.type(ContentType)
class Kind:
    model: auto
    rights: list["Right"] = fastgraph.field(field_name="permission_set")


@strawberry_django.type(Permission)
class Right(relay.Node):
    id: relay.NodeID[int]
    name: auto
    kind: Kind = fastgraph.field(field_name="content_type")

    @fastgraph.related(graphql_type=Kind | None)
    @staticmethod
    def content_type(root: strawberry.Parent[HasKind]) -> HasAppLabel | None:
        return root.content_type if root.content_type.app_label == "auth" else None

    @fastgraph.field()
    @staticmethod
    def shout(root: strawberry.Parent[HasCodename], times: int = 1) -> str:
        return root.codename.upper() * times

    @fastgraph.field()
    @staticmethod
    def app(root: strawberry.Parent[HasKind]) -> str:
        return root.content_type.app_label

    @fastgraph.field()
    @staticmethod
    def natural_key(root: strawberry.Parent[Permission]) -> list[str]:
        return list(root.natural_key())

    @fastgraph.field()
    @staticmethod
    def forgetful(root: strawberry.Parent[HasKey]) -> str:
        return root.codename  # type: ignore[attr-defined,no-any-return]  # the mistake that mypy sees

    @fastgraph.field()
    @staticmethod
    def siblings(root: strawberry.Parent[HasKey]) -> int:
        return ContentType.objects.filter(permission=root).count()  # type: ignore[misc]  # by its key

    @fastgraph.field()
    @staticmethod
    def may_break(root: strawberry.Parent[HasKey]) -> str | None:
        raise Broken

    @fastgraph.field()
    @staticmethod
    def breaks(root: strawberry.Parent[HasKey]) -> str:
        raise Broken


def even_or_broken(number: int) -> str:
    if number % 2:
        raise Broken
    return "even"


@strawberry.type
class Leaf:
    number: int

    @strawberry.field
    def double(self) -> int:
        return 2 * self.number

    @strawberry.field
    def odd_breaks(self) -> str:
        return even_or_broken(self.number)

    @strawberry.field
    def odd_may_break(self) -> str | None:
        return even_or_broken(self.number)


@strawberry.type
class Branch:
    leaves: list["Leaf"]
    loose_leaves: list["Leaf | None"]
    either: list[Annotated["Leaf | Branch", strawberry.union("Either")]]


def tree(depth: int = 1) -> Branch:
    leaves = [Leaf(number=number) for number in range(4)]
    either = [leaves[1], tree(depth - 1)] if depth else leaves[:1]
    return Branch(leaves=leaves, loose_leaves=[None, *leaves], either=either)  # type: ignore[arg-type]


@strawberry.type
class Query:
    @strawberry.field(graphql_type=list[Right])
    def rights(self, info: strawberry.Info, app: str = "contenttypes") -> list[Any]:
        found = Permission.objects.filter(content_type__app_label=app).order_by("pk")
        return fastgraph.read(lambda bind: found, info, model=Permission)

    @strawberry.field(graphql_type=list[Right])
    def sorted_rights(self, info: strawberry.Info) -> list[Any]:
        """Read a column for the resolver itself."""
        found = Permission.objects.filter(content_type__app_label="contenttypes")
        rows = fastgraph.read(lambda bind: found, info, model=Permission, only=("codename",))
        return sorted(rows, key=lambda row: row.codename, reverse=True)

    @strawberry.field(graphql_type=Right | None)
    def right(self, info: strawberry.Info, codename: str) -> Any:
        def build(bind: fastgraph.Bind) -> Any:
            column = fastgraph.column_of(Permission, "codename")
            return Permission.objects.filter(codename=bind("codename", column))

        values = {"codename": codename}
        rows = fastgraph.read(build, info, model=Permission, values=values, kept="codename")
        return rows[0] if rows else None

    @strawberry.field
    def tree(self) -> Branch:
        return tree()

    @strawberry.field
    def maybe_tree(self) -> Branch | None:
        return tree()

    @strawberry.field
    def generated(self) -> list[int]:
        def numbers() -> Iterator[int]:
            yield 1
            yield 2

        return numbers()  # type: ignore[return-value]

    @strawberry.field
    def breaks_half_way(self) -> list[int] | None:
        def numbers() -> Iterator[int]:
            yield 1
            raise Broken

        return numbers()  # type: ignore[return-value]

    @strawberry.field
    def no_list(self) -> list[str] | None:
        return "text"  # type: ignore[return-value]

    @strawberry.field
    def null(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def returned_error(self) -> str | None:
        return Broken("returned")  # type: ignore[return-value]

    @strawberry.field
    def no_number(self) -> int | None:
        return "many"  # type: ignore[return-value]

    @strawberry.field(extensions=[Loud()])
    def echo(self, info: strawberry.Info, text: str = "a") -> str:
        return f"{text} {info.field_name} {info.path.as_list()}"

    @strawberry.field
    async def later(self) -> str:
        return "later"

    @strawberry.field(graphql_type=Annotated[Leaf | Branch, strawberry.union("Other")] | None)
    def of_no_type(self) -> Any:
        return object()


@strawberry.type
class Outcome:
    number: int

    @strawberry.field
    def may_break(self) -> str | None:
        raise Broken

    @strawberry.field
    def breaks(self) -> str:
        raise Broken


@strawberry.type
class Mutation:
    @strawberry.mutation
    def act(self, info: strawberry.Info, name: str) -> Outcome:
        info.context.done.append(name)
        return Outcome(number=len(info.context.done))

    @strawberry.mutation
    def maybe_act(self, info: strawberry.Info, name: str) -> Outcome | None:
        info.context.done.append(name)
        return Outcome(number=len(info.context.done))

    @strawberry.mutation
    def refuse(self, info: strawberry.Info, name: str) -> Outcome | None:
        info.context.done.append(name)
        raise Broken

    @strawberry.mutation
    def generate(self, info: strawberry.Info, name: str) -> list[Outcome]:
        def outcomes() -> Iterator[Outcome]:
            info.context.done.append(name)
            yield Outcome(number=len(info.context.done))

        return outcomes()  # type: ignore[return-value]


schema = strawberry.Schema(query=Query, mutation=Mutation)


def compile_plan(text: str, schema: strawberry.Schema = schema) -> Plan | None:
    document = parse(text)
    assert validate(schema._schema, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return Plan.compile(schema, document, operation)


def run_plan(document: str, context: Context | None = None, **variables: Any) -> ExecutionResult:
    plan = compile_plan(document)
    assert plan, document
    return plan.run(variables, context or Context())


def run_core(document: str, context: Context | None = None, **variables: Any) -> ExecutionResult:
    """Run the document by graphql-core."""
    return execute_sync(
        schema._schema, parse(document), context_value=context or Context(), variable_values=variables
    )
