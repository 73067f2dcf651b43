"""Which columns a selection takes: by the hints that the types give to the optimizer."""

from typing import Any

from django.db import models
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from strawberry_django.fields.field import StrawberryDjangoField

from packages.fastgraph.rows import Shape, Unreadable
from packages.fastgraph.selections import Selections, SelectionSets, sets_of


def shape_of(selections: Selections, sets: SelectionSets, type_: Any, model: type[models.Model]) -> Shape:
    """Of the model's rows, whose GraphQL type is this or one of these. Unreadable."""
    type_ = next(type_ for type_ in selections.concrete(type_) if model_of(type_) is model)
    shape = Shape(type_.name, model)
    fill(shape, selections, sets, type_)
    if any(related.annotations for related in shape.relations.values()):
        raise Unreadable
    return shape


def fill(shape: Shape, selections: Selections, sets: SelectionSets, type_: GraphQLObjectType) -> None:
    for nodes in selections.collected(sets, type_).values():
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
        child: Any = get_named_type(type_.fields[name].type)
        if definition.base_resolver or store.annotate:
            continue
        if is_leaf_type(child):
            shape.add(column)
        else:
            fill(shape.relation(column), selections, sets_of(nodes), child)


def model_of(type_: GraphQLObjectType) -> type[models.Model] | None:
    definition = type_.extensions.get("strawberry-definition")
    django = getattr(getattr(definition, "origin", None), "__strawberry_django_definition__", None)
    return django.model if django else None
