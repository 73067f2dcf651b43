"""Documents, kept by their text: each is parsed and validated once, and so are those that have errors."""

from collections import OrderedDict
from collections.abc import Hashable
from functools import cached_property
from threading import Lock
from typing import Any

import strawberry
from django.conf import settings
from graphql import (
    DocumentNode,
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
# Of one document: the sizes of its pages that it was weighed with. One with more variables for them than this is
# weighed each time. Together the weights of all documents take at most 5 MB.
MAX_WEIGHTS = 40
MAX_SIZES = 8
# No field has a larger page.
LARGEST_PAGE = 10_000
# An alias, a name, a few arguments and two brackets. A document of 20 kB may have 20,000 tokens, which take 0.3 s to
# parse.
TOKENS_A_SELECTION = 15
TOO_MANY_TOKENS = "Parsing aborted"
RULES = [*specified_rules, *recommended_rules, MaybeNullValidationRule, OneOfInputValidationRule]


class Document:
    """`ast`, `errors` and plans are made when they are first asked for, and stay."""

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
        """GraphQLError for a text that is no document."""
        parsed = self.parsed
        if isinstance(parsed, GraphQLError):
            if TOO_MANY_TOKENS in parsed.message:
                raise OperationTooLarge("The operation is too large (tokens): give long values as variables.")
            # A new one: the one that is kept would collect the frames of all requests that it ended.
            raise GraphQLError(parsed.message, source=parsed.source, positions=parsed.positions)
        return parsed

    @cached_property
    def errors(self) -> list[GraphQLError]:
        """What validation finds. Takes long for a large document: weigh it first."""
        rules = RULES if settings.STORE_INTROSPECTION else [*RULES, NoSchemaIntrospectionCustomRule]
        try:
            return validate(self.schema._schema, self.ast, rules, max_errors=MAX_ERRORS)
        except RecursionError:
            too_deep = OperationTooLarge("The document is nested too deeply.")
            return [GraphQLError(str(too_deep), original_error=too_deep)]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of this name; without a name, the only one. BadUserInput where there is none such."""
        operations = [node for node in self.ast.definitions if isinstance(node, OperationDefinitionNode)]
        if name is None and len(operations) > 1:
            raise BadUserInput("Name the operation to run.")
        for operation in operations:
            if name is None or (operation.name and operation.name.value == name):
                return operation
        raise BadUserInput("There is no operation of this name.")

    def weight(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Weight:
        """What the operation weighs with these variables.

        Raises:
            OperationTooLarge: the document has more selections, aliases or directives than any may have.
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
        """The operation, the limits, and the numbers that its weight depends on."""
        sizes = (variables.get(name) for name in sorted(self.sizes)[: MAX_SIZES + 1])
        return (
            id(operation),
            walk_limits(),
            *(clamp(size) if isinstance(size, int) else None for size in sizes),
        )

    def plan(self, operation: OperationDefinitionNode) -> Plan | None:
        """The plan of an operation of this document, which is valid; None for one that graphql-core must run."""
        key = id(operation)
        if key not in self.plans:
            self.plans[key] = Plan.compile(self.schema, self.ast, operation, readings=self.readings)
        return self.plans[key]


def clamp(size: int) -> int:
    """The size of a page as a small number: all beyond LARGEST_PAGE weigh the same."""
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
        """OperationTooLarge for a text of more bytes than a document may have."""
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


# A parsed document takes about a hundred times the room of its text, and its plan as much again.
documents = Documents(number=100, characters=64_000)
