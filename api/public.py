"""Public root fields: all guests get the same answer, so it may be kept."""

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode, OperationType

# The metadata of a root field whose answer is the same for every guest, until the data that it read changes.
PUBLIC = {"public": True}


def is_public(operation: OperationDefinitionNode, schema: GraphQLSchema) -> bool:
    """Whether every root field of a valid operation is PUBLIC."""
    query = schema.query_type
    if operation.operation is not OperationType.QUERY or query is None:
        return False
    for field in operation.selection_set.selections:
        if not isinstance(field, FieldNode) or field.name.value not in query.fields:
            return False
        definition = query.fields[field.name.value].extensions["strawberry-definition"]
        if not definition.metadata.get("public"):
            return False
    return True
