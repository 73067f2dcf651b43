"""One operation, ready to be run."""

from typing import Any

import strawberry
from graphql import DocumentNode, OperationDefinitionNode
from graphql.execution.values import VariableValues, get_variable_values

from packages.fastgraph.info import Context, Place, Readings, Run
from packages.fastgraph.readers import Readers
from packages.fastgraph.selections import Selections, Unplanned

# What the root's resolvers are called on, which look at nothing of it.
ROOT = object()


class Plan:
    """One operation of a valid document. Unplanned for one with directives or introspection."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        *,
        readings: Readings,
    ) -> None:
        if operation.directives:
            raise Unplanned
        self.schema = schema
        self.operation = operation
        self.selections = Selections(schema._schema, document)
        self.readings = readings
        root = schema._schema.get_root_type(operation.operation)
        self.read = Readers(schema, self.selections).of_object(
            [operation.selection_set], root, Place.root(self)
        )

    def run(self, variables: dict[str, Any], context: Context) -> dict[str, Any]:
        """The operation's data. Any exception means that graphql-core is to run it instead."""
        definitions = self.operation.variable_definitions or ()
        coerced = get_variable_values(self.selections.schema, definitions, variables)
        if not isinstance(coerced, VariableValues):
            raise Unplanned
        data: dict[str, Any] = self.read(ROOT, Run(context, coerced))
        return data
