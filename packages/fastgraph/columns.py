"""The columns that a selection reads, found from the types' optimizer hints and from their resolvers."""

from typing import Any

from django.db import models
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type, is_list_type
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver
from strawberry_django.fields.field import StrawberryDjangoField

from packages.fastgraph.parents import columns_read
from packages.fastgraph.rows import Shape, Unreadable
from packages.fastgraph.selections import Selections, SelectionSets, sets_of


def shape_of(selections: Selections, sets: SelectionSets, type_: Any, model: type[models.Model]) -> Shape:
    """Build the shape of the model's rows. Their GraphQL type is `type_` or one of its members.

    Raises:
        Unreadable: the selection needs instances.
    """
    type_ = next(type_ for type_ in selections.concrete(type_) if model_of(type_) is model)
    shape = Shape(type_.name, model)
    add_selection(shape, selections, sets, type_)
    if is_annotated_below(shape):
        raise Unreadable("A related row has an annotation.")
    return shape


def is_annotated_below(shape: Shape) -> bool:
    return any(related.annotations or is_annotated_below(related) for related in shape.relations.values())


def add_selection(
    shape: Shape, selections: Selections, sets: SelectionSets, type_: GraphQLObjectType
) -> None:
    """Add everything that is selected of an object of this type."""
    for nodes in selections.collect(sets, type_).values():
        name = nodes[0].name.value
        if name == "__typename":
            continue
        field = type_.fields[name]
        definition: StrawberryField = field.extensions["strawberry-definition"]
        if definition.python_name == "_id":
            shape.add(type_.extensions["strawberry-definition"].origin.resolve_id_attr())
            continue
        add_reads(shape, definition)
        if is_column(definition):
            child: Any = get_named_type(field.type)
            if is_list_type(get_nullable_type(field.type)):
                raise Unreadable(f"{name} leads to many rows.")
            if is_leaf_type(child):
                shape.add(attribute_of(definition))
            else:
                add_selection(shape.relation(attribute_of(definition)), selections, sets_of(nodes), child)


def add_reads(shape: Shape, definition: StrawberryField) -> None:
    """Add the columns that the field's resolver reads and that its hints name."""
    columns = columns_read(definition.base_resolver) if definition.base_resolver else ()
    if columns is None:
        raise Unreadable(f"{definition.python_name}: the resolver needs an instance.")
    for path in columns:
        shape.add(path)
    if isinstance(definition, StrawberryDjangoField):
        if definition.store.prefetch_related:
            raise Unreadable(f"{definition.python_name}: the field prefetches other rows.")
        for path in definition.store.only:
            shape.add(path)
        for annotation in definition.store.annotate.values():
            shape.annotations[attribute_of(definition)] = annotation
    elif not definition.base_resolver:
        raise Unreadable(f"{definition.python_name}: an attribute, not a column.")


def is_column(definition: StrawberryField) -> bool:
    """Whether the field reads a column, or the row that a foreign key leads to."""
    return (
        isinstance(definition, StrawberryDjangoField)
        and (not definition.base_resolver or returns_related(definition.base_resolver))
        and not definition.store.annotate
    )


def returns_related(resolver: StrawberryResolver[Any]) -> bool:
    """Whether the resolver returns the row that its field's foreign key leads to, or None."""
    return getattr(resolver.wrapped_func, "can_optimize", False)


def attribute_of(definition: StrawberryField) -> str:
    """Return the name of the attribute that a field without a resolver reads."""
    name: str = getattr(definition, "django_name", None) or definition.python_name
    return name


def model_of(type_: GraphQLObjectType) -> type[models.Model] | None:
    """Return the model of the GraphQL type, if it has one."""
    definition = type_.extensions.get("strawberry-definition")
    django = getattr(getattr(definition, "origin", None), "__strawberry_django_definition__", None)
    return django.model if django else None
