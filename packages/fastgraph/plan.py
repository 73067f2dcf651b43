"""The plan: one compiled operation."""

import logging
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues, get_variable_values

from packages.fastgraph.places import Context, Place, Run
from packages.fastgraph.readers import Readers
from packages.fastgraph.rows import Readings
from packages.fastgraph.selections import Selections, Unplanned
from packages.fastgraph.strictness import report_mistake

logger = logging.getLogger("fastgraph")


class Plan:
    """A compiled operation of a valid document. It resolves each field once, and catches and places errors itself."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        *,
        readings: Readings | None = None,
    ) -> None:
        """Compile the operation. Several plans can share the cache `readings`.

        Raises:
            Unplanned: graphql-core must run the operation.
        """
        self.schema = schema
        self.operation = operation
        refuse_unknown(schema, operation)
        self.selections = Selections(schema._schema, document)
        self.readings = readings or Readings()
        root = schema._schema.get_root_type(operation.operation)
        self.read = Readers(schema, self.selections).of_object(
            [operation.selection_set], root, Place.root(self)
        )

    @classmethod
    def compile(
        cls,
        schema: strawberry.Schema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        *,
        readings: Readings | None = None,
    ) -> "Plan | None":
        """Compile the operation; None if graphql-core must run it."""
        try:
            return cls(schema, document, operation, readings=readings)
        except Unplanned as reason:
            logger.debug("The operation %s has no plan: %s", operation_name(operation), reason)
        except Exception as error:
            error.add_note(f"The operation {operation_name(operation)} has no plan, which is slower.")
            report_mistake(error)
        return None

    def run(self, variables: dict[str, Any], context: Context) -> ExecutionResult:
        """Run the operation. Return its data, and errors with their paths, like graphql-core's executor."""
        definitions = self.operation.variable_definitions or ()
        coerced = get_variable_values(self.selections.schema, definitions, variables)
        if not isinstance(coerced, VariableValues):
            return ExecutionResult(None, coerced)
        run = Run(context, coerced)
        try:
            data = self.read(None, run)
        except GraphQLError as error:
            data = None
            run.errors.append(error)
        return ExecutionResult(data, run.errors or None)

    def __str__(self) -> str:
        return f"operation {operation_name(self.operation)}"


def operation_name(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else "(no name)"


def refuse_unknown(schema: strawberry.Schema, operation: OperationDefinitionNode) -> None:
    """Refuse an operation or a schema with a feature that plans do not support.

    Raises:
        Unplanned: there is one.
    """
    if operation.directives:
        raise Unplanned("It has directives.")
    if operation.operation is OperationType.SUBSCRIPTION:
        raise Unplanned("It is a subscription.")
    if schema.config.default_resolver is not getattr:
        raise Unplanned("The schema has a default resolver of its own.")
    if schema.schema_converter._exception_handler_specs:
        raise Unplanned("The schema has exception handlers.")
