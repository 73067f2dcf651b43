"""Operations compiled to functions: what the document says is worked out once, and each run only fetches and fills.

graphql-core's executor stays the authority. It runs what has no plan, and runs again what a plan fails at, so that
every error is found and placed by it alone.
"""

from base64 import b64encode
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import strawberry
from django.db import models
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    ListValueNode,
    ObjectValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.pyutils import Path
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry_django.fields.field import StrawberryDjangoField

from backend.api.context import Context, viewer
from backend.api.rows import Bind, Param, Reading, Row, Shape, Unreadable, values_of

Read: TypeAlias = Callable[[Any, "Run"], Any]
Selections: TypeAlias = Sequence[SelectionSetNode]
# What a String or a Boolean may be passed on as, without a look at its type's rules.
PASSING = {"String": str, "ID": str, "Boolean": bool}
MAX_READINGS = 64
# What the root's resolvers are called on, which look at nothing of it.
ROOT = object()


class Unplanned(Exception):
    """Something that a plan does not do."""


class Plan:
    """One operation of a valid document. Unplanned for one with directives or introspection."""

    def __init__(self, schema: strawberry.Schema, document: Any, operation: Any) -> None:
        self.schema = schema
        self.core = schema._schema
        self.operation = operation
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        if operation.directives:
            raise Unplanned
        root = self.core.get_root_type(operation.operation)
        self.read: Read = self.object_reader([operation.selection_set], root, Place.root(self))

    def run(self, variables: dict[str, Any], context: Context) -> dict[str, Any]:
        """The operation's data. Any exception means that the plain executor is to run it instead."""
        coerced = get_variable_values(self.core, self.operation.variable_definitions or (), variables)
        if not isinstance(coerced, VariableValues):
            raise Unplanned
        data: dict[str, Any] = self.read(ROOT, Run(context, coerced))
        return data

    # ── What is selected ─────────────────────────────────────────────────────

    def collected(self, selections: Selections, type_: GraphQLObjectType) -> dict[str, list[FieldNode]]:
        """The fields of an object of this type by the keys that they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        for node in self.fields(selections, type_, entered=set()):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def fields(
        self, selections: Selections, type_: GraphQLObjectType, *, entered: set[str]
    ) -> Iterator[FieldNode]:
        for node in (node for selection_set in selections for node in selection_set.selections):
            if node.directives:
                raise Unplanned
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in entered:
                    continue
                entered.add(name)
                fragment = self.fragments[name]
                if fragment.directives:
                    raise Unplanned
            if self.applies(fragment.type_condition, type_):
                yield from self.fields([fragment.selection_set], type_, entered=entered)

    def applies(self, condition: Any, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        named: Any = self.core.get_type(condition.name.value)
        return is_abstract_type(named) and self.core.is_sub_type(named, type_)

    def concrete(self, type_: Any) -> Sequence[GraphQLObjectType]:
        return self.core.get_possible_types(type_) if is_abstract_type(type_) else [type_]

    # ── How it is read and told ──────────────────────────────────────────────

    def object_reader(
        self, selections: Selections, type_: Any, place: "Place", *, required: bool = False
    ) -> Read:
        fields = [
            (key, self.field_reader(type_, nodes, place.below(type_, nodes, key)))
            for key, nodes in self.collected(selections, type_).items()
        ]

        def read(source: Any, run: Run) -> Any:
            if source is None:
                return nothing(required=required)
            return {key: read_field(source, run) for key, read_field in fields}

        return read

    def field_reader(self, parent: GraphQLObjectType, nodes: list[FieldNode], place: "Place") -> Read:
        name = nodes[0].name.value
        if name == "__typename":
            return lambda source, run: parent.name
        if name.startswith("__"):
            raise Unplanned
        field = parent.fields[name]
        definition: StrawberryField = field.extensions["strawberry-definition"]
        if definition.python_name == "_id":
            return id_reader(parent)
        complete = self.completer(field.type, nodes, place)
        if definition.base_resolver is None:
            return column_reader(field, definition, complete)
        if definition.arguments or definition.extensions or definition.base_resolver.info_parameter:
            resolve = self.resolver(field, definition, place)
            return lambda source, run: complete(resolve(source, run), run)
        function: Any = definition.base_resolver.wrapped_func
        return lambda source, run: complete(function(source), run)

    def resolver(self, field: GraphQLField, definition: StrawberryField, place: "Place") -> Read:
        base = definition.base_resolver
        assert base is not None
        function: Any = base.wrapped_func
        with_info = base.info_parameter is not None
        arguments = self.arguments(field, definition, place.nodes[0])
        if definition.extensions:
            [extension] = definition.extensions

            def inner(source: Any, info: PlannedInfo, **values: Any) -> Any:
                return function(source, info=info, **values) if with_info else function(source, **values)

            return lambda source, run: extension.resolve(
                inner, source, PlannedInfo(place, run), **arguments(run)
            )
        if with_info:
            return lambda source, run: function(source, info=PlannedInfo(place, run), **arguments(run))
        return lambda source, run: function(source, **arguments(run))

    def arguments(
        self, field: GraphQLField, definition: StrawberryField, node: FieldNode
    ) -> Callable[["Run"], dict[str, Any]]:
        registry, config = self.schema.schema_converter.scalar_registry, self.schema.config

        def converted(variables: VariableValues | None) -> dict[str, Any]:
            values = get_argument_values(field, node, variables)
            return convert_arguments(values, definition.arguments, registry, config)

        if any(is_changeable(argument.value) for argument in node.arguments or ()):
            return lambda run: converted(run.variables)
        values = converted(None)
        return lambda run: values

    def completer(self, type_: Any, nodes: list[FieldNode], place: "Place") -> Read:
        """From a resolver's value to what JSON has of it."""
        required = is_non_null_type(type_)
        type_ = get_nullable_type(type_)
        if is_leaf_type(type_):
            return leaf_completer(type_, required=required)
        if is_list_type(type_):
            complete = self.completer(type_.of_type, nodes, place.in_list())

            def complete_all(values: Any, run: Run) -> list[Any] | None:
                return (
                    nothing(required=required)
                    if values is None
                    else [complete(value, run) for value in values]
                )

            return complete_all
        selections = [node.selection_set for node in nodes if node.selection_set]
        if not is_abstract_type(type_):
            return self.object_reader(selections, type_, place, required=required)
        readers: dict[str, Read] = {}

        def read(value: Any, run: Run) -> Any:
            if value is None:
                return nothing(required=required)
            name = typename(value, self.concrete(type_))
            if name not in readers:
                readers[name] = self.object_reader(selections, self.core.get_type(name), place)
            return readers[name](value, run)

        return read

    # ── Which columns it takes ───────────────────────────────────────────────

    def shape(
        self, place: "Place", model: type[models.Model], *, answer: str | None, paths: Iterable[str]
    ) -> Shape:
        """Of the model's rows that stand at the dotted paths below this place. Unreadable."""
        start: Any = self.core.get_type(answer) if answer else get_named_type(place.return_type)
        selections: list[SelectionSetNode] = []
        below: Selections
        found: Any = None
        for path in paths:
            below = [node.selection_set for node in place.nodes if node.selection_set]
            found, below = self.at(path.split(".") if path else [], start, below)
            selections += below
        type_ = next(type_ for type_ in self.concrete(found) if model_of(type_) is model)
        shape = Shape(type_.name, model)
        self.fill(shape, type_, selections)
        if any(related.annotations for related in shape.relations.values()):
            raise Unreadable
        return shape

    def at(self, path: Sequence[str], type_: Any, selections: Selections) -> tuple[Any, Selections]:
        """The type and the selections of the fields at the path, through aliases and fragments."""
        if not path:
            return type_, selections
        child: Any = None
        below: list[SelectionSetNode] = []
        for concrete in self.concrete(type_):
            if path[0] in concrete.fields:
                child = get_named_type(concrete.fields[path[0]].type)
            for nodes in self.collected(selections, concrete).values():
                below += [
                    node.selection_set for node in nodes if node.name.value == path[0] and node.selection_set
                ]
        return self.at(path[1:], child, below)

    def fill(self, shape: Shape, type_: GraphQLObjectType, selections: Selections) -> None:
        for nodes in self.collected(selections, type_).values():
            name = nodes[0].name.value
            definition = name != "__typename" and type_.fields[name].extensions["strawberry-definition"]
            if not isinstance(definition, StrawberryDjangoField):
                continue  # an id, or what reads with a statement of its own
            store = definition.store
            if store.prefetch_related:
                raise Unreadable(name)
            column = definition.django_name or definition.python_name
            for path in store.only:
                shape.add(path)
            for annotation in store.annotate.values():
                shape.annotations[column] = annotation
            child = get_named_type(type_.fields[name].type)
            if definition.base_resolver or store.annotate:
                continue
            if is_leaf_type(child):
                shape.add(column)
            else:
                below = [node.selection_set for node in nodes if node.selection_set]
                self.fill(shape.relation(column), child, below)


class Run:
    """One run of a plan."""

    def __init__(self, context: Context, variables: VariableValues) -> None:
        self.context = context
        self.variables = variables


class Place:
    """A field of the document, and how it reads the rows that it needs."""

    def __init__(
        self,
        plan: Plan,
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
        self.readings: dict[Hashable, Reading] = {}

    @classmethod
    def root(cls, plan: Plan) -> "Place":
        return cls(plan, None, [], (), below_list=False)

    def below(self, parent: GraphQLObjectType, nodes: list[FieldNode], key: str) -> "Place":
        return Place(self.plan, parent, nodes, (*self.keys, key), below_list=self.below_list)

    def in_list(self) -> "Place":
        return Place(self.plan, self.parent, self.nodes, self.keys, below_list=True)

    @property
    def return_type(self) -> Any:
        assert self.parent is not None
        return self.parent.fields[self.nodes[0].name.value].type

    def shape(
        self, model: type[models.Model], *, answer: str | None, paths: tuple[str, ...], only: tuple[str, ...]
    ) -> Shape:
        key = (model, answer, paths, only)
        if key not in self.shapes:
            shape = self.plan.shape(self, model, answer=answer, paths=paths)
            for path in only:
                shape.add(path)
            self.shapes[key] = shape
        return self.shapes[key]


class PlannedInfo(strawberry.Info[Context, None]):
    """What a planned field's resolver is given for its `info`."""

    def __init__(self, place: Place, run: Run) -> None:
        self.place = place
        self.run = run

    @property
    def context(self) -> Context:
        return self.run.context

    @property
    def schema(self) -> Any:
        return self.place.plan.schema

    @property
    def _raw_info(self) -> GraphQLResolveInfo[Context]:  # type: ignore[override]  # for the optimizer
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
            schema=plan.core,
            fragments=plan.fragments,
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
        if any(map(callable, shape.annotations.values())) and viewer(self) is not None:
            kept = None  # an annotation depends on who is asking
        key = (kept, answer, model)
        if kept is not None and key in place.readings:
            return place.readings[key].rows(values)
        annotations = {
            name: annotation(self) if callable(annotation) else annotation
            for name, annotation in shape.annotations.items()
        }
        reading = Reading(build(Param if kept is not None else values_of(values)), shape, annotations)
        if kept is not None:
            if len(place.readings) >= MAX_READINGS:
                place.readings.clear()
            place.readings[key] = reading
        return reading.rows(values)


def is_changeable(value: Any) -> bool:
    """Whether an argument may differ between runs, or become an object that a resolver could change."""
    if isinstance(value, ListValueNode):
        return any(map(is_changeable, value.values))
    return isinstance(value, VariableNode | ObjectValueNode)


def nothing(*, required: bool) -> Any:
    """Null, where the schema allows it."""
    if required:
        raise Unplanned


def leaf_completer(type_: Any, *, required: bool) -> Read:
    passing, serialize = PASSING.get(type_.name), type_.serialize

    def complete(value: Any, run: Run) -> Any:
        if type(value) is passing:
            return value
        return nothing(required=required) if value is None else serialize(value)

    return complete


def column_reader(field: GraphQLField, definition: StrawberryField, complete: Read) -> Read:
    """Of an attribute, or of the row or the rows that a relation leads to."""
    name = getattr(definition, "django_name", None) or definition.python_name
    get = attrgetter(name.replace("__", "."))
    type_ = get_nullable_type(field.type)
    if isinstance(definition, StrawberryDjangoField) and is_list_type(type_):
        return lambda source, run: complete(get(source).all(), run)
    passing = PASSING.get(getattr(type_, "name", ""))

    def read(source: Any, run: Run) -> Any:
        value = get(source)
        return value if type(value) is passing else complete(value, run)

    return read


def id_reader(type_: GraphQLObjectType) -> Read:
    origin = type_.extensions["strawberry-definition"].origin
    get = attrgetter(origin.resolve_id_attr())
    return lambda source, run: b64encode(f"{type_.name}:{get(source)}".encode()).decode()


def typename(value: Any, types: Sequence[GraphQLObjectType]) -> str:
    """Of a value that is of one of the types."""
    if isinstance(value, Row):
        return value.typename
    if isinstance(value, models.Model):
        return next(type_.name for type_ in types if model_of(type_) is type(value))
    name: str = value.__strawberry_definition__.name
    return name


def model_of(type_: GraphQLObjectType) -> type[models.Model] | None:
    definition = type_.extensions.get("strawberry-definition")
    django = getattr(getattr(definition, "origin", None), "__strawberry_django_definition__", None)
    return django.model if django else None
