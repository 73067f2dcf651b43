"""Places of fields in the answer. A place locates the field's errors and keeps the shapes of its rows."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Protocol

from django.db import models
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
    located_error,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from packages.fastgraph.columns import shape_of
from packages.fastgraph.rows import Shape, Unreadable
from packages.fastgraph.selections import sets_of
from packages.fastgraph.strictness import report_mistake

if TYPE_CHECKING:
    from packages.fastgraph.plan import Plan


class Context(Protocol):
    """The part of an operation's context that a plan reads."""

    @property
    def is_guest(self) -> bool:
        """Whether nobody is signed in, so that the answer does not depend on a user."""


class Run:
    """One run of a plan, with its errors so far."""

    def __init__(self, context: Context, variables: VariableValues) -> None:
        self.context = context
        self.variables = variables
        self.errors: list[GraphQLError] = []
        # The current position in each enclosing list, outermost list first.
        self.indexes: list[int] = []


class Place:
    """A field of the document, or the items of its list. In the path, None stands for a position in a list."""

    def __init__(
        self,
        plan: "Plan",
        parent: GraphQLObjectType | None,
        nodes: list[FieldNode],
        path: tuple[str | None, ...],
        type_: Any,
    ) -> None:
        self.plan = plan
        self.parent = parent
        self.nodes = nodes
        self.path = path
        self.type = type_
        self.is_required = is_non_null_type(type_)
        self.depth = path.count(None)
        self.keys = tuple(key for key in path if key is not None)
        self.shapes: dict[Hashable, Shape | None] = {}

    @classmethod
    def root(cls, plan: "Plan") -> "Place":
        return cls(plan, None, [], (), None)

    def below(self, parent: GraphQLObjectType, nodes: list[FieldNode], key: str) -> "Place":
        """Return the place of a field of this place's object."""
        return Place(self.plan, parent, nodes, (*self.path, key), parent.fields[nodes[0].name.value].type)

    def items(self) -> "Place":
        """Return the place of the items of this place's list."""
        list_type = self.type.of_type if self.is_required else self.type
        assert is_list_type(list_type)
        return Place(self.plan, self.parent, self.nodes, (*self.path, None), list_type.of_type)

    # ── Errors ───────────────────────────────────────────────────────────────

    def path_in(self, run: Run) -> list[str | int]:
        """Return the path of the current value of the run."""
        indexes = iter(run.indexes)
        return [next(indexes) if key is None else key for key in self.path]

    def absorb(self, error: Exception, run: Run) -> None:
        """Record the error, so that the value is null; raise it with its location if the schema forbids null."""
        located = located_error(error, self.nodes, self.path_in(run))
        if self.is_required:
            raise located
        run.errors.append(located)
        del run.indexes[self.depth :]

    def null(self) -> None:
        """Stand for a value of None.

        Raises:
            TypeError: the schema forbids null.
        """
        if self.is_required:
            raise TypeError(f"Cannot return null for non-nullable field {self}.")

    def __str__(self) -> str:
        return f"{self.parent}.{self.nodes[0].name.value}"

    # ── Reading ──────────────────────────────────────────────────────────────

    def graphql_path(self, run: Run) -> Path | None:
        path: Path | None = None
        for key in self.path_in(run):
            path = Path(path, key, None)
        return path

    def shape(
        self, model: type[models.Model], *, answer: str | None, paths: tuple[str, ...], only: tuple[str, ...]
    ) -> Shape | None:
        """Return the shape of the rows that the operation selects below this place; None if it needs instances."""
        key = (model, answer, paths, only)
        if key not in self.shapes:
            try:
                self.shapes[key] = self.make_shape(model, answer=answer, paths=paths, only=only)
            except Unreadable:
                self.shapes[key] = None
            except Exception as error:
                error.add_note(f"{self} in {self.plan} is read as instances, which is slower.")
                report_mistake(error)
                self.shapes[key] = None
        return self.shapes[key]

    def make_shape(
        self, model: type[models.Model], *, answer: str | None, paths: tuple[str, ...], only: tuple[str, ...]
    ) -> Shape:
        """Find the columns of the model's rows at the dotted paths below this place.

        Raises:
            Unreadable: the selection needs instances.
        """
        selections = self.plan.selections
        start: Any = selections.schema.get_type(answer) if answer else get_named_type(self.type)
        sets: list[Any] = []
        found: Any = None
        for path in paths:
            found, below = selections.at(path.split(".") if path else [], start, sets_of(self.nodes))
            sets += below
        shape = shape_of(selections, sets, found, model)
        for column in only:
            shape.add(column)
        return shape
