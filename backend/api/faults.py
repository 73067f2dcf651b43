"""The one place that decides what the outside hears of an error."""

import logging
from typing import Any

from graphql import GraphQLError

from backend.errors import BadUserInput, RequestError

logger = logging.getLogger("backend.faults")


def formatted(error: GraphQLError, *, request_id: str, operation: str | None) -> dict[str, Any]:
    """An entry of the top-level errors. A fault of ours is masked, and logged with its traceback."""
    if is_fault(error):
        logger.error(
            "%s in operation %s at %s", request_id, operation or "(no name)", error.path, exc_info=error.original_error
        )
        message, extensions = "Something went wrong on our side.", {"code": "INTERNAL", "requestId": request_id}
    elif isinstance(error.original_error, RequestError):
        message, extensions = error.message, error.original_error.extensions
    else:
        message, extensions = error.message, {"code": BadUserInput.code}
    entry = {**error.formatted, "message": message, "extensions": extensions}
    return {key: value for key, value in entry.items() if value is not None}


def is_fault(error: GraphQLError) -> bool:
    """Whether it is ours: not one of the operation's own mistakes, which graphql-core finds before it resolves."""
    original = error.original_error
    return error.path is not None and not isinstance(original, RequestError) and not isinstance(original, GraphQLError)
