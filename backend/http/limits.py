"""Limits on one operation, weighed in one walk over its document before it is validated or run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.conf import settings
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from accounts.address_book import MAX_ADDRESSES
from api.keyset import DEFAULT_FIRST, MAX_FIRST
from catalog.models import MAX_OPTIONS
from core.errors import OperationTooLarge
from core.metrics import REFUSALS
from orders.holds import MAX_PENDING

# The assumed lengths of an introspection's lists. There are more types, but their fields are quick to read.
INTROSPECTION_SIZES = {"types": 12, "fields": 8, "possibleTypes": 8}
# Of `types`, `fields`, `args` and the like; the query that tools send has nine. By the sizes above 29 aliases of
# `types` cost hardly more than that query, and took seven times as long: 0.45 s.
MAX_INTROSPECTED_LISTS = 12
# The lengths of lists that are always shorter than a page, or always longer. Without the former, 20 products with their
# variants would cost too much.
LIST_LENGTHS = {
    "Product.options": MAX_OPTIONS,
    "ProductVariant.selectedOptions": MAX_OPTIONS,
    "TooManyOpenOrders.orders": MAX_PENDING,
    "Shop.countries": 260,
    "AddressRules.states": 110,
    "User.addresses": MAX_ADDRESSES,
}
# The cost of a connection, in fields: it is sliced, read and counted for each row that it stands below.
CONNECTION_COST = 5
# The cost of a summary of all rows, such as the total count or the facets, in fields. It is paid once, even below a
# list, because one statement reads it for all of the list's rows. A search ranks all its matches and costs double.
SUMMARY_COST = 1000
SEARCH = "search"
NUMBER_DIGITS = 9
# The largest cost that is reported. Fragments can make a document cost 2 to the power of 130, too large for JSON.
MOST_TOLD = 10**9
# Password hashing is slow on purpose, and takes a good part of a second.
MAX_CREDENTIALS = 1


@dataclass(frozen=True, kw_only=True)
class Weight:
    """The weight of a selection set with everything below it.

    `cost` counts the fields that the answer may have. `rows` counts the fields of one row of a connection's page; the
    field of the connection multiplies them by the page's size. `summaries` counts summaries of all rows, `roots` the
    root fields, `credentials` the root fields that hash a password, and `introspected` the lists of an introspection.
    `sizes` are the variables that set a page's size: with the same values of these, the operation has the same weight.
    """

    depth: int = 0
    cost: int = 0
    rows: int = 0
    summaries: int = 0
    roots: int = 0
    credentials: int = 0
    introspected: int = 0
    sizes: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """The cost of the whole operation, at most MOST_TOLD."""
        return min(self.cost + SUMMARY_COST * self.summaries, MOST_TOLD)


def check_size(text: str) -> None:
    """Check that the document is short enough to parse quickly.

    Raises:
        OperationTooLarge: the document is longer.
    """
    check("bytes", len(text.encode()), settings.STORE_MAX_DOCUMENT_BYTES)


def check_variables(variables: dict[str, Any]) -> None:
    """Check the number of values in the variables, at any depth.

    Raises:
        OperationTooLarge: there are more than one operation may have.
    """
    number, values = 0, list(variables.values())
    while values:
        number += 1
        value = values.pop()
        if isinstance(value, dict):
            values += value.values()
        elif isinstance(value, list):
            values += value
    check("values in the variables", number, settings.STORE_MAX_VARIABLE_VALUES)


def weigh(
    schema: GraphQLSchema,
    document: DocumentNode,
    *,
    operation: OperationDefinitionNode,
    variables: dict[str, Any],
) -> Weight:
    """Weigh the operation. `check_weight` compares the result with the limits.

    Raises:
        OperationTooLarge: the document has too many selections, aliases or directives.
    """
    scale = Scale(schema, document, variables)
    try:
        weight = scale.weigh_all()[document.definitions.index(operation)]
    except RecursionError as error:
        raise OperationTooLarge("The document is nested too deeply.") from error
    return replace(weight, sizes=frozenset(scale.sizes))


def check_weight(weight: Weight, operation: OperationDefinitionNode) -> None:
    """Check the weight of the operation against the limits.

    Raises:
        OperationTooLarge: the operation weighs more.
    """
    check("levels", weight.depth, settings.STORE_MAX_DEPTH)
    check("cost", weight.total, settings.STORE_MAX_COST)
    check("lists of an introspection", weight.introspected, MAX_INTROSPECTED_LISTS)
    if operation.operation is OperationType.MUTATION:
        check("mutations", weight.roots, settings.STORE_MAX_MUTATIONS)
        check("mutations with a password", weight.credentials, MAX_CREDENTIALS)


def walk_limits() -> tuple[int, ...]:
    """Return the limits of the walk, as a cache key: with other limits a document is walked again."""
    return settings.STORE_MAX_SELECTIONS, settings.STORE_MAX_ALIASES, settings.STORE_MAX_DIRECTIVES


def check(what: str, number: int, maximum: int) -> None:
    if number > maximum:
        REFUSALS.labels("operation").inc()
        raise OperationTooLarge(f"The operation is too large ({what}): at most {maximum}.")


class Scale:
    """The scale of a document. It visits each definition once: a fragment weighs the same wherever it is spread.

    The document has not been validated yet. It may use unknown fields and fragments, and its fragments may spread each
    other.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any]) -> None:
        self.schema = schema
        self.definitions = document.definitions
        self.fragments = {
            node.name.value: node for node in self.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.weights: dict[str, Weight] = {}
        self.sizes: set[str] = set()
        self.numbers = {**default_numbers(self.definitions), **variables}
        self.selections = self.aliases = self.directives = 0

    def weigh_all(self) -> list[Weight]:
        """Return the weight of each definition, in order."""
        return [self.weigh_definition(node) for node in self.definitions]

    def weigh_definition(self, node: Any) -> Weight:
        match node:
            case FragmentDefinitionNode():
                return self.weigh_fragment(node.name.value)
            case OperationDefinitionNode():
                self.count_directives(node)
                return self.weigh_set(node.selection_set, self.schema.get_root_type(node.operation))
            case _:
                return Weight()  # a type definition, which validation refuses

    def weigh_fragment(self, name: str) -> Weight:
        if name not in self.weights:
            self.weights[name] = Weight()  # for a fragment that spreads itself, which validation refuses
            if node := self.fragments.get(name):
                self.count_directives(node)
                self.weights[name] = self.weigh_set(
                    node.selection_set, self.type_named(node.type_condition.name.value)
                )
        return self.weights[name]

    def weigh_set(self, node: SelectionSetNode, parent: GraphQLCompositeType | None) -> Weight:
        parts = [self.weigh_selection(selection, parent) for selection in node.selections]
        return Weight(
            depth=max(part.depth for part in parts),
            cost=sum(part.cost for part in parts),
            rows=sum(part.rows for part in parts),
            summaries=sum(part.summaries for part in parts),
            roots=sum(part.roots for part in parts),
            credentials=sum(part.credentials for part in parts),
            introspected=sum(part.introspected for part in parts),
        )

    def weigh_selection(self, node: SelectionNode, parent: GraphQLCompositeType | None) -> Weight:
        self.selections += 1
        check("selections", self.selections, settings.STORE_MAX_SELECTIONS)
        self.count_directives(node)
        match node:
            case FieldNode():
                return self.weigh_field(node, parent)
            case FragmentSpreadNode():
                return self.weigh_fragment(node.name.value)
            case InlineFragmentNode(type_condition=None):
                return self.weigh_set(node.selection_set, parent)
            case InlineFragmentNode():
                assert node.type_condition is not None
                return self.weigh_set(node.selection_set, self.type_named(node.type_condition.name.value))
        raise TypeError(node)

    def weigh_field(self, node: FieldNode, parent: GraphQLCompositeType | None) -> Weight:
        if node.alias:
            self.aliases += 1
            check("aliases", self.aliases, settings.STORE_MAX_ALIASES)
        in_connection = is_connection(parent)
        summaries = 0
        if in_connection and node.name.value not in ("edges", "nodes", "pageInfo", "__typename"):
            summaries = 1
        elif parent is self.schema.query_type and node.name.value == SEARCH:
            summaries = 2
        at_top = parent is not None and parent is self.schema.mutation_type
        credentials = int(at_top and node.name.value in credential_mutations(self.schema))
        if node.selection_set is None:
            return Weight(depth=1, cost=1, summaries=summaries, roots=1, credentials=credentials)
        field = self.schema.get_field(parent, node.name.value) if parent else None
        child = get_named_type(field.type) if field else None
        below = self.weigh_set(node.selection_set, child if is_composite_type(child) else None)
        page_size = self.page_size(node, field)
        each = below.cost + page_size * below.rows
        size, rows, introspected = 1, 0, below.introspected
        if field and parent and is_list_type(get_nullable_type(field.type)):
            if in_connection:
                size, rows = 0, each  # the connection's own field knows the size of the page
            elif parent.name.startswith("__"):
                size = INTROSPECTION_SIZES.get(node.name.value, 1)
                introspected += 1
            else:
                size = LIST_LENGTHS.get(f"{parent.name}.{node.name.value}", page_size)
        return Weight(
            depth=1 + below.depth,
            cost=(CONNECTION_COST if is_connection(child) else 1) + size * each,
            rows=rows,
            summaries=summaries + below.summaries,
            roots=1,
            credentials=credentials,
            introspected=introspected,
        )

    def page_size(self, node: FieldNode, field: GraphQLField | None) -> int:
        """Return the number of rows that may come, from the arguments or by default. Larger pages fail when run."""
        argument = field.args.get("first") if field else None
        default = (
            argument.default_value if argument and isinstance(argument.default_value, int) else DEFAULT_FIRST
        )
        asked = [
            self.number(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in ("first", "last")
        ]
        most = max(default, MAX_FIRST)
        return max((min(max(size, 1), most) for size in asked if size is not None), default=default)

    def number(self, node: Any) -> int | None:
        """Return the value of an argument, if it is a number. A number too long to parse is not a valid Int anyway."""
        if isinstance(node, VariableNode):
            self.sizes.add(node.name.value)
            value = self.numbers.get(node.name.value)
            return value if isinstance(value, int) else None
        return (
            int(node.value) if isinstance(node, IntValueNode) and len(node.value) <= NUMBER_DIGITS else None
        )

    def type_named(self, name: str) -> GraphQLCompositeType | None:
        found = self.schema.get_type(name)
        return found if is_composite_type(found) else None

    def count_directives(self, node: Any) -> None:
        self.directives += len(node.directives or ())
        check("directives", self.directives, settings.STORE_MAX_DIRECTIVES)


@lru_cache(maxsize=8)
def credential_mutations(schema: GraphQLSchema) -> frozenset[str]:
    """Find the mutations that take a password anywhere in their arguments, so that a new one is never forgotten."""
    fields = schema.mutation_type.fields if schema.mutation_type else {}
    return frozenset(name for name, field in fields.items() if takes_password(field.args, seen=set()))


def takes_password(inputs: dict[str, Any], *, seen: set[str]) -> bool:
    """Whether an argument, or a field of an input type below it, has a name with "password" in it."""
    for name, each in inputs.items():
        if "password" in name.lower():
            return True
        type_ = get_named_type(each.type)
        if isinstance(type_, GraphQLInputObjectType) and type_.name not in seen:
            seen.add(type_.name)
            if takes_password(type_.fields, seen=seen):
                return True
    return False


def is_connection(type_: GraphQLNamedType | None) -> bool:
    return type_ is not None and type_.name.endswith("Connection")


def default_numbers(definitions: Iterable[Any]) -> dict[str, int]:
    """Return the default values of numeric variables. If two operations share a name, the larger value counts."""
    numbers: dict[str, int] = {}
    for operation in definitions:
        if isinstance(operation, OperationDefinitionNode):
            for variable in operation.variable_definitions or ():
                value, name = variable.default_value, variable.variable.name.value
                if isinstance(value, IntValueNode) and len(value.value) <= NUMBER_DIGITS:
                    numbers[name] = max(int(value.value), numbers.get(name, 0))
    return numbers
