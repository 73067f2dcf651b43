"""Root fields whose answers all guests share, so that they may be kept."""

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode, OperationType

# The metadata of a root field that tells every guest the same, until what it has read is changed.
PUBLIC = {"public": True}


def is_public(operation: OperationDefinitionNode, schema: GraphQLSchema) -> bool:
    """Whether all that the operation, which is valid, asks for is PUBLIC."""
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
