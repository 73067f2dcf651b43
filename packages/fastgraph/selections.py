"""The selections of an operation, with its fragments resolved."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)

SelectionSets: TypeAlias = Sequence[SelectionSetNode]


class Unplanned(Exception):
    """The operation has a feature that plans do not support, so graphql-core must run it."""


class Selections:
    """The selections of one valid document. Every method raises Unplanned for a directive."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.schema = schema
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def collect(self, sets: SelectionSets, type_: GraphQLObjectType) -> dict[str, list[FieldNode]]:
        """Return the fields of an object of this type by their keys in the answer."""
        found: dict[str, list[FieldNode]] = {}
        for node in self.fields(sets, type_, entered=set()):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def fields(
        self, sets: SelectionSets, type_: GraphQLObjectType, *, entered: set[str]
    ) -> Iterator[FieldNode]:
        for node in (node for selection_set in sets for node in selection_set.selections):
            if node.directives:
                raise Unplanned("It has directives.")
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
                    raise Unplanned("It has directives.")
            if self.applies(fragment.type_condition, type_):
                yield from self.fields([fragment.selection_set], type_, entered=entered)

    def applies(self, condition: Any, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        named: Any = self.schema.get_type(condition.name.value)
        return is_abstract_type(named) and self.schema.is_sub_type(named, type_)

    def concrete(self, type_: Any) -> Sequence[GraphQLObjectType]:
        return self.schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]

    def at(self, path: Sequence[str], type_: Any, sets: SelectionSets) -> tuple[Any, SelectionSets]:
        """Return the type and the selections of the fields at the path, through aliases and fragments."""
        if not path:
            return type_, sets
        child: Any = None
        below: list[SelectionSetNode] = []
        for concrete in self.concrete(type_):
            if path[0] in concrete.fields:
                child = get_named_type(concrete.fields[path[0]].type)
            for nodes in self.collect(sets, concrete).values():
                below += [
                    node.selection_set for node in nodes if node.name.value == path[0] and node.selection_set
                ]
        return self.at(path[1:], child, below)


def sets_of(nodes: Sequence[FieldNode]) -> list[SelectionSetNode]:
    """Return the selection sets of a field that occurs in several places."""
    return [node.selection_set for node in nodes if node.selection_set]
