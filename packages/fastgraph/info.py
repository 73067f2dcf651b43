"""What the resolvers of a planned field are given, and how they read rows by it."""

from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import strawberry
from django.db import models
from graphql import FieldNode, GraphQLObjectType, GraphQLResolveInfo, get_named_type
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from packages.fastgraph.columns import shape_of
from packages.fastgraph.rows import Bind, Param, Reading, Shape, values_of
from packages.fastgraph.selections import sets_of

if TYPE_CHECKING:
    from packages.fastgraph.plan import Plan

# Of the plans that share them. A reading takes about sixteen times the room of its SQL.
MAX_SQL_CHARACTERS = 24_000


class Context(Protocol):
    """The context of one operation, as far as a plan looks at it."""

    @property
    def is_guest(self) -> bool:
        """Whether nobody is signed in, so that the answer depends on nobody."""


class Run:
    """One run of a plan."""

    def __init__(self, context: Context, variables: VariableValues) -> None:
        self.context = context
        self.variables = variables


class Readings:
    """FIFO cache of the readings of some plans, bounded by the characters of their SQL. Thread-safe."""

    def __init__(self) -> None:
        self.by_key: dict[Hashable, Reading] = {}
        self.characters = 0
        self.lock = Lock()

    def get(self, key: Hashable) -> Reading | None:
        return self.by_key.get(key)

    def add(self, key: Hashable, reading: Reading) -> None:
        with self.lock:
            if key not in self.by_key:
                self.by_key[key] = reading
                self.characters += reading.characters
            while self.characters > MAX_SQL_CHARACTERS:
                oldest = next(iter(self.by_key))
                self.characters -= self.by_key.pop(oldest).characters


class Place:
    """A field of the document, and how it reads the rows that it needs."""

    def __init__(
        self,
        plan: "Plan",
        parent: GraphQLObjectType | None,
        nodes: list[FieldNode],
        keys: tuple[str, ...],
        *,
        below_list: bool,
    ) -> None:
        self.plan = plan
        self.parent = parent
        self.nodes = nodes
        self.keys = keys
        self.below_list = below_list
        self.shapes: dict[Hashable, Shape] = {}

    @classmethod
    def root(cls, plan: "Plan") -> "Place":
        return cls(plan, None, [], (), below_list=False)

    def below(self, parent: GraphQLObjectType, nodes: list[FieldNode], key: str) -> "Place":
        return Place(self.plan, parent, nodes, (*self.keys, key), below_list=self.below_list)

    def in_list(self) -> "Place":
        return Place(self.plan, self.parent, self.nodes, self.keys, below_list=True)

    @property
    def return_type(self) -> Any:
        assert self.parent is not None
        return self.parent.fields[self.nodes[0].name.value].type

    def read_shape(self, model: type[models.Model], *, answer: str | None, paths: tuple[str, ...]) -> Shape:
        """Of the model's rows at the dotted paths below this place, which answers with `answer`."""
        selections = self.plan.selections
        start: Any = selections.schema.get_type(answer) if answer else get_named_type(self.return_type)
        sets: list[Any] = []
        found: Any = None
        for path in paths:
            found, below = selections.at(path.split(".") if path else [], start, sets_of(self.nodes))
            sets += below
        return shape_of(selections, sets, found, model)

    def shape(
        self, model: type[models.Model], *, answer: str | None, paths: tuple[str, ...], only: tuple[str, ...]
    ) -> Shape:
        key = (model, answer, paths, only)
        if key not in self.shapes:
            shape = self.read_shape(model, answer=answer, paths=paths)
            for path in only:
                shape.add(path)
            self.shapes[key] = shape
        return self.shapes[key]


class PlannedInfo(strawberry.Info[Any, None]):
    """What a planned field's resolver is given for its `info`."""

    def __init__(self, place: Place, run: Run) -> None:
        self.place = place
        self.run = run

    @property
    def context(self) -> Any:
        return self.run.context

    @property
    def schema(self) -> Any:
        return self.place.plan.schema

    @property
    def _raw_info(self) -> GraphQLResolveInfo[Any]:  # type: ignore[override]  # for the optimizer
        place, plan = self.place, self.place.plan
        path: Any = None
        for key in place.keys:
            path = Path(path, key, None)
        return GraphQLResolveInfo(
            field_name=place.nodes[0].name.value,
            field_nodes=place.nodes,
            return_type=place.return_type,
            parent_type=place.parent,  # type: ignore[arg-type]  # the root has no resolver
            path=path,
            schema=plan.selections.schema,
            fragments=plan.selections.fragments,
            root_value=None,
            operation=plan.operation,
            variable_values=self.run.variables,
            context=self.run.context,
            is_awaitable=lambda value: False,  # type: ignore[arg-type]
            abort_signal=None,
            async_helpers=None,  # type: ignore[arg-type]
        )

    def rows(
        self,
        build: Callable[[Bind], models.QuerySet[Any]],
        *,
        model: type[models.Model],
        values: Mapping[str, Any],
        kept: Hashable,
        answer: str | None,
        paths: tuple[str, ...],
        only: tuple[str, ...],
    ) -> list[Any]:
        """Rows without instances; Unreadable where instances are needed.

        A query whose `kept` is not None is always the same but for the `values`: its SQL stays with the plan.
        """
        place = self.place
        shape = place.shape(model, answer=answer, paths=paths, only=only)
        if any(map(callable, shape.annotations.values())) and not self.run.context.is_guest:
            kept = None  # an annotation depends on who is asking
        readings, key = place.plan.readings, (place, kept, answer, model)
        if kept is not None and (known := readings.get(key)):
            return known.rows(values)
        annotations = {
            name: annotation(self) if callable(annotation) else annotation
            for name, annotation in shape.annotations.items()
        }
        reading = Reading(build(Param if kept is not None else values_of(values)), shape, annotations)
        if kept is not None:
            readings.add(key, reading)
        return reading.rows(values)
