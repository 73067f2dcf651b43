"""A cache of documents by their text. Each is parsed and validated once, even if it has errors."""

from collections import OrderedDict
from collections.abc import Hashable
from functools import cached_property
from threading import Lock
from typing import Any

import strawberry
from django.conf import settings
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.specified_rules import recommended_rules
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from backend.http.limits import Weight, check_size, walk_limits, weigh
from core.errors import BadUserInput, OperationTooLarge
from packages.fastgraph import Plan, Readings

MAX_ERRORS = 5
# The number of weights that a document keeps, by the sizes of its pages. A document with more than MAX_SIZES variables
# for sizes is weighed each time. The weights of all documents together take at most 5 MB.
MAX_WEIGHTS = 40
MAX_SIZES = 8
# No field allows a larger page.
LARGEST_PAGE = 10_000
# A selection has an alias, a name, a few arguments and two brackets. Without this limit, a document of 20 kB may have
# 20,000 tokens, which take 0.3 s to parse.
TOKENS_A_SELECTION = 15
TOO_MANY_TOKENS = "Parsing aborted"
RULES = [*specified_rules, *recommended_rules, MaybeNullValidationRule, OneOfInputValidationRule]


class Document:
    """A document with its syntax tree, its errors, its plans and its weights, each computed on first use."""

    def __init__(self, text: str, schema: strawberry.Schema) -> None:
        self.text = text
        self.schema = schema
        self.plans: dict[int, Plan | None] = {}
        self.readings = Readings()
        self.sizes: frozenset[str] = frozenset()
        self.weights: dict[Hashable, Weight] = {}

    @cached_property
    def parsed(self) -> DocumentNode | GraphQLError:
        try:
            return parse(self.text, max_tokens=settings.STORE_MAX_SELECTIONS * TOKENS_A_SELECTION)
        except GraphQLError as error:
            return error

    @property
    def ast(self) -> DocumentNode:
        """The syntax tree.

        Raises:
            GraphQLError: the text is not a GraphQL document.
            OperationTooLarge: the text has too many tokens.
        """
        parsed = self.parsed
        if isinstance(parsed, GraphQLError):
            if TOO_MANY_TOKENS in parsed.message:
                raise OperationTooLarge("The operation is too large (tokens): send long values as variables.")
            # A new error each time: a kept one would collect the stack frames of every request.
            raise GraphQLError(parsed.message, source=parsed.source, positions=parsed.positions)
        return parsed

    @cached_property
    def errors(self) -> list[GraphQLError]:
        """The errors of validation, which is slow for a large document: weigh it first."""
        rules = RULES if settings.STORE_INTROSPECTION else [*RULES, NoSchemaIntrospectionCustomRule]
        try:
            return validate(self.schema._schema, self.ast, rules, max_errors=MAX_ERRORS)
        except RecursionError:
            too_deep = OperationTooLarge("The document is nested too deeply.")
            return [GraphQLError(str(too_deep), original_error=too_deep)]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation with this name, or the only one.

        Raises:
            BadUserInput: no operation has this name, or there are several and no name is given.
        """
        operations = [node for node in self.ast.definitions if isinstance(node, OperationDefinitionNode)]
        if name is None and len(operations) > 1:
            raise BadUserInput("The document has several operations. Send `operationName`.")
        for operation in operations:
            if name is None or (operation.name and operation.name.value == name):
                return operation
        raise BadUserInput("The document has no operation with this name.")

    def first_field(self, operation: OperationDefinitionNode) -> str | None:
        """Return the name of the first field of a valid operation; None if it asks for the schema itself.

        The schema bounds these names. The names of operations are the client's.
        """
        node: Any = operation
        while not isinstance(node, FieldNode):
            if isinstance(node, FragmentSpreadNode):
                [node] = (
                    each
                    for each in self.ast.definitions
                    if isinstance(each, FragmentDefinitionNode) and each.name.value == node.name.value
                )
            node = node.selection_set.selections[0]
        name = node.name.value
        return None if name.startswith("__") else name

    def weight(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Weight:
        """Return the weight of the operation with these variables.

        Raises:
            OperationTooLarge: the document has too many selections, aliases or directives.
        """
        key = self.weight_key(operation, variables)
        if key in self.weights:
            return self.weights[key]
        weight = weigh(self.schema._schema, self.ast, operation=operation, variables=variables)
        self.sizes = weight.sizes
        if len(self.sizes) <= MAX_SIZES:
            if len(self.weights) >= MAX_WEIGHTS:
                self.weights.clear()
            self.weights[self.weight_key(operation, variables)] = weight
        return weight

    def weight_key(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Hashable:
        """Return the key of a weight: the operation, the limits, and the page sizes."""
        sizes = (variables.get(name) for name in sorted(self.sizes)[: MAX_SIZES + 1])
        return (
            id(operation),
            walk_limits(),
            *(clamp(size) if isinstance(size, int) else None for size in sizes),
        )

    def plan(self, operation: OperationDefinitionNode) -> Plan | None:
        """Return the plan of an operation of this document, which must be valid; None if graphql-core must run it."""
        key = id(operation)
        if key not in self.plans:
            self.plans[key] = Plan.compile(self.schema, self.ast, operation, readings=self.readings)
        return self.plans[key]


def clamp(size: int) -> int:
    """Limit the size of a page. All sizes beyond LARGEST_PAGE weigh the same."""
    return min(max(size, 0), LARGEST_PAGE)


class Documents:
    """LRU cache of documents, bounded by count and by total characters. Thread-safe."""

    def __init__(self, *, number: int, characters: int) -> None:
        self.number = number
        self.characters = characters
        self.held = 0
        self.by_text: OrderedDict[str, Document] = OrderedDict()
        self.lock = Lock()

    def get(self, text: str, schema: strawberry.Schema) -> Document:
        """Return the document of this text.

        Raises:
            OperationTooLarge: the text is too long.
        """
        with self.lock:
            if text in self.by_text:
                self.by_text.move_to_end(text)
                return self.by_text[text]
        check_size(text)
        document = Document(text, schema)
        with self.lock:
            if text not in self.by_text:
                self.by_text[text] = document
                self.held += len(text)
            while len(self.by_text) > self.number or self.held > self.characters:
                oldest, _ = self.by_text.popitem(last=False)
                self.held -= len(oldest)
        return document


# A parsed document takes about a hundred times the memory of its text, and its plan the same again.
documents = Documents(number=100, characters=64_000)
