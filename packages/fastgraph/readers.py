"""From what resolvers return to what the answer has of it: a function for each selected field."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import strawberry
from django.db import models
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    VariableNode,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry_django.fields.field import StrawberryDjangoField

from packages.fastgraph.columns import model_of
from packages.fastgraph.info import Place, PlannedInfo, Run
from packages.fastgraph.rows import Row
from packages.fastgraph.selections import Selections, SelectionSets, Unplanned, sets_of

Read: TypeAlias = Callable[[Any, Run], Any]
# What a String or a Boolean may be passed on as, without a look at its type's rules.
PASSING = {"String": str, "ID": str, "Boolean": bool}


class Readers:
    """Makes them, for the selections of one document."""

    def __init__(self, schema: strawberry.Schema, selections: Selections) -> None:
        self.schema = schema
        self.selections = selections

    def of_object(self, sets: SelectionSets, type_: Any, place: Place, *, required: bool = False) -> Read:
        fields = [
            (key, self.of_field(type_, nodes, place.below(type_, nodes, key)))
            for key, nodes in self.selections.collected(sets, type_).items()
        ]

        def read(source: Any, run: Run) -> Any:
            if source is None:
                return nothing(required=required)
            return {key: read_field(source, run) for key, read_field in fields}

        return read

    def of_field(self, parent: GraphQLObjectType, nodes: list[FieldNode], place: Place) -> Read:
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

    def resolver(self, field: GraphQLField, definition: StrawberryField, place: Place) -> Read:
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
    ) -> Callable[[Run], dict[str, Any]]:
        registry, config = self.schema.schema_converter.scalar_registry, self.schema.config

        def converted(variables: VariableValues | None) -> dict[str, Any]:
            values = get_argument_values(field, node, variables)
            return convert_arguments(values, definition.arguments, registry, config)

        if any(is_changeable(argument.value) for argument in node.arguments or ()):
            return lambda run: converted(run.variables)
        values = converted(None)
        return lambda run: values

    def completer(self, type_: Any, nodes: list[FieldNode], place: Place) -> Read:
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
        sets = sets_of(nodes)
        if not is_abstract_type(type_):
            return self.of_object(sets, type_, place, required=required)
        readers: dict[str, Read] = {}

        def read(value: Any, run: Run) -> Any:
            if value is None:
                return nothing(required=required)
            name = typename(value, self.selections.concrete(type_))
            if name not in readers:
                readers[name] = self.of_object(sets, self.selections.schema.get_type(name), place)
            return readers[name](value, run)

        return read


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
