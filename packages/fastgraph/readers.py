"""Readers: a function for each selected field that resolves it and completes the value for the answer."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

import strawberry
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import get_argument_values
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry_django.fields.field import StrawberryDjangoField

from packages.fastgraph.columns import attribute_of, model_of
from packages.fastgraph.info import PlannedInfo
from packages.fastgraph.places import Place, Run
from packages.fastgraph.rows import Row
from packages.fastgraph.selections import Selections, SelectionSets, Unplanned, sets_of

Read: TypeAlias = Callable[[Any, Run], Any]
# The Python types whose values go into the answer unchanged, without a call of the scalar.
PASSING = {"String": str, "ID": str, "Boolean": bool}
PLANNED_FIELDS = (StrawberryField.get_result, StrawberryDjangoField.get_result)


class Readers:
    """Makes the readers for the selections of one document."""

    def __init__(self, schema: strawberry.Schema, selections: Selections) -> None:
        self.schema = schema
        self.selections = selections

    def of_object(self, sets: SelectionSets, type_: Any, place: Place) -> Read:
        """Make a reader of an object: it reads the fields in the document's order, and places their errors."""
        places: dict[str, Place] = {}
        fields: list[tuple[str, Read]] = []
        for key, nodes in self.selections.collect(sets, type_).items():
            name = nodes[0].name.value
            if name == "__typename":
                fields.append((key, constant(type_.name)))
            elif name.startswith("__"):
                raise Unplanned("It has introspection.")
            else:
                places[key] = place.below(type_, nodes, key)
                fields.append((key, self.of_field(type_, nodes, places[key])))
        is_root = place.parent is None

        def read(source: Any, run: Run) -> Any:
            if source is None and not is_root:
                return place.null()
            answer = {}
            for key, read_field in fields:
                try:
                    answer[key] = read_field(source, run)
                except Exception as error:
                    places[key].absorb(error, run)
                    answer[key] = None
            return answer

        return read

    def of_field(self, parent: GraphQLObjectType, nodes: list[FieldNode], place: Place) -> Read:
        """Make a reader of a field: it resolves the field and completes the value."""
        field = parent.fields[nodes[0].name.value]
        definition: StrawberryField = field.extensions["strawberry-definition"]
        if definition.python_name == "_id":
            return id_reader(parent)
        refuse_unknown(field, definition)
        complete = self.completer(place)
        base = definition.base_resolver
        if base is None:
            return column_reader(field, definition, complete)
        takes_source = base.self_parameter or base.parent_parameter or base.root_parameter
        if takes_source and not (definition.arguments or definition.extensions or base.info_parameter):
            resolve: Any = (
                base.wrapped_func
            )  # its one parameter is the source; the usual case is the fast one

            def read_source(source: Any, run: Run) -> Any:
                value = resolve(source)
                if isinstance(value, Exception):
                    raise value
                return complete(value, run)

            return read_source
        resolve = self.resolver(field, definition, base, place)

        def read(source: Any, run: Run) -> Any:
            value = resolve(source, run)
            if isinstance(value, Exception):
                raise value
            return complete(value, run)

        return read

    def resolver(
        self,
        field: GraphQLField,
        definition: StrawberryField,
        base: StrawberryResolver[Any],
        place: Place,
    ) -> Read:
        """Make a function that calls the resolver with its parent, arguments and `info`, within its extensions."""
        call = caller(base)
        if not (definition.arguments or definition.extensions or base.info_parameter):
            return lambda source, run: call(source, None, {})
        arguments = self.arguments(field, definition, place.nodes[0])
        if not definition.extensions:
            return lambda source, run: call(source, PlannedInfo(place, run), arguments(run))

        def resolve(source: Any, info: PlannedInfo, **values: Any) -> Any:
            return call(source, info, values)

        chain: Callable[..., Any] = resolve
        for extension in definition.extensions:
            chain = partial(extension.resolve, chain)
        return lambda source, run: chain(source, PlannedInfo(place, run), **arguments(run))

    def arguments(
        self, field: GraphQLField, definition: StrawberryField, node: FieldNode
    ) -> Callable[[Run], dict[str, Any]]:
        """Make a function that returns the arguments by Python name. Constant arguments are converted once."""
        registry, config = self.schema.schema_converter.scalar_registry, self.schema.config

        def convert(run: Run) -> dict[str, Any]:
            values = get_argument_values(field, node, run.variables)
            return convert_arguments(values, definition.arguments, registry, config)

        if any(is_changeable(argument.value) for argument in node.arguments or ()):
            return convert
        converted: list[dict[str, Any]] = []

        def convert_once(run: Run) -> dict[str, Any]:
            if not converted:
                converted.append(convert(run))
            return converted[0]

        return convert_once

    def completer(self, place: Place) -> Read:
        """Make a function that completes a resolver's value for JSON."""
        type_ = get_nullable_type(place.type)
        if is_leaf_type(type_):
            return leaf_completer(type_, place)
        if is_list_type(type_):
            return self.list_completer(place)
        if is_abstract_type(type_):
            return self.abstract_completer(type_, place)
        return self.of_object(sets_of(place.nodes), type_, place)

    def list_completer(self, place: Place) -> Read:
        items = place.items()
        complete = self.completer(items)

        def complete_all(values: Any, run: Run) -> list[Any] | None:
            if values is None:
                place.null()
                return None
            if isinstance(values, str | bytes):
                raise TypeError(f"Expected a list for field {place}, not a string.")
            answers: list[Any] = []
            indexes = run.indexes
            indexes.append(0)
            for indexes[-1], value in enumerate(values):
                try:
                    answers.append(complete(value, run))
                except Exception as error:
                    items.absorb(error, run)
                    answers.append(None)
            indexes.pop()
            return answers

        return complete_all

    def abstract_completer(self, type_: Any, place: Place) -> Read:
        sets, types = sets_of(place.nodes), self.selections.concrete(type_)
        if any(each.extensions["strawberry-definition"].concrete_of for each in types):
            raise Unplanned("An abstract type has a generic member.")
        readers: dict[str, Read] = {}

        def complete(value: Any, run: Run) -> Any:
            if value is None:
                return place.null()
            name = typename(value, types)
            if name not in readers:
                readers[name] = self.of_object(sets, self.selections.schema.get_type(name), place)
            return readers[name](value, run)

        return complete


def refuse_unknown(field: GraphQLField, definition: StrawberryField) -> None:
    """Refuse a field with a feature that plans do not support.

    Raises:
        Unplanned: the field has one.
    """
    name = definition.python_name
    if definition.is_async:
        raise Unplanned(f"{name} is asynchronous.")
    if type(definition).get_result not in PLANNED_FIELDS:
        raise Unplanned(f"{name} is a field of a kind of its own.")
    for extension in definition.extensions:
        if not extension.supports_sync or type(extension).map_arguments is not FieldExtension.map_arguments:
            raise Unplanned(f"{name} has an extension that is asynchronous or maps arguments.")
    if definition.base_resolver is None:
        if definition.extensions or definition.arguments:
            raise Unplanned(f"{name} has extensions or arguments, but no resolver.")
        origin = getattr(get_named_type(field.type).extensions.get("strawberry-definition"), "origin", None)
        if isinstance(definition, StrawberryDjangoField) and hasattr(origin, "get_queryset"):
            raise Unplanned(f"{name} is of a type with a get_queryset.")
    elif isinstance(definition, StrawberryDjangoField):
        own = {argument.python_name for argument in definition.base_resolver.arguments}
        if any(argument.python_name not in own for argument in definition.arguments):
            raise Unplanned(f"{name} has arguments that its resolver does not take.")


def caller(base: StrawberryResolver[Any]) -> Callable[[Any, Any, dict[str, Any]], Any]:
    """Make a function that calls the resolver with the source and the info in its parameters for them."""
    function: Any = base.wrapped_func
    parent = base.parent_parameter or base.root_parameter
    info_name = base.info_parameter.name if base.info_parameter else None
    if base.self_parameter:
        if info_name is None:
            return lambda source, info, values: function(source, **values)
        return lambda source, info, values: function(source, **{info_name: info}, **values)
    names = {"source": parent.name if parent else None, "info": info_name}

    def call(source: Any, info: Any, values: dict[str, Any]) -> Any:
        reserved = {"source": source, "info": info}
        return function(**{name: reserved[key] for key, name in names.items() if name}, **values)

    return call


def constant(value: str) -> Read:
    return lambda source, run: value


def is_changeable(value: Any) -> bool:
    """Whether an argument may differ between runs, or become an object that a resolver could change."""
    if isinstance(value, ListValueNode):
        return any(map(is_changeable, value.values))
    return isinstance(value, VariableNode | ObjectValueNode)


def leaf_completer(type_: Any, place: Place) -> Read:
    passing = PASSING.get(type_.name)

    def complete(value: Any, run: Run) -> Any:
        if type(value) is passing:
            return value
        if value is None:
            return place.null()
        answer = type_.coerce_output_value(value)
        if answer is None:
            raise TypeError(f"{type_.name} made null of {value!r} for field {place}.")
        return answer

    return complete


def column_reader(field: GraphQLField, definition: StrawberryField, complete: Read) -> Read:
    """Make a reader of an attribute, or of the rows that a relation leads to."""
    get = attrgetter(attribute_of(definition).replace("__", "."))
    type_ = get_nullable_type(field.type)
    if isinstance(definition, StrawberryDjangoField):
        if is_list_type(type_):
            return lambda source, run: complete(get(source).all(), run)
        if not is_leaf_type(type_):
            return related_reader(get, complete)
    passing = PASSING.get(getattr(type_, "name", ""))

    def read(source: Any, run: Run) -> Any:
        value = get(source)
        return value if type(value) is passing else complete(value, run)

    return read


def related_reader(get: Callable[[Any], Any], complete: Read) -> Read:
    """Make a reader of the row that a relation leads to. An instance raises if a one-to-one relation is empty."""

    def read(source: Any, run: Run) -> Any:
        try:
            value = get(source)
        except ObjectDoesNotExist:
            value = None
        return complete(value, run)

    return read


def id_reader(type_: GraphQLObjectType) -> Read:
    origin = type_.extensions["strawberry-definition"].origin
    get = attrgetter(origin.resolve_id_attr())
    return lambda source, run: b64encode(f"{type_.name}:{get(source)}".encode()).decode()


def typename(value: Any, types: Sequence[GraphQLObjectType]) -> str:
    """Return the name of the value's type.

    Raises:
        TypeError: the value has none of the types.
    """
    if isinstance(value, Row | models.Model):
        model = value.model if isinstance(value, Row) else type(value)
        names = [type_.name for type_ in types if model_of(type_) is model]
    else:
        definition = getattr(value, "__strawberry_definition__", None)
        names = [type_.name for type_ in types if type_.extensions["strawberry-definition"] is definition]
    if isinstance(value, Row) and value.typename in names:
        return value.typename
    if not names:
        raise TypeError(f"{type(value).__name__} is none of {', '.join(type_.name for type_ in types)}.")
    return names[0]
