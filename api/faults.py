"""The one place that decides what the outside hears of an error."""

import logging
import re
from typing import Any

from django.conf import settings
from graphql import GraphQLError

from core.errors import BadUserInput, RequestError

logger = logging.getLogger("backend.faults")
# graphql-core's help for who has mistyped a name, by which the schema could be guessed name by name.
SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def format_error(error: GraphQLError, *, request_id: str, operation: str | None) -> dict[str, Any]:
    """An entry of the top-level errors. A fault of ours is masked, and logged with its traceback."""
    if is_fault(error):
        place = (request_id, operation or "(no name)", error.path)
        logger.error("%s in operation %s at %s", *place, exc_info=error.original_error)
        message = "Something went wrong on our side."
        extensions = {"code": "INTERNAL", "requestId": request_id}
    elif isinstance(error.original_error, RequestError):
        message, extensions = error.message, error.original_error.extensions
    else:
        message, extensions = error.message, {"code": BadUserInput.code}
        if not settings.STORE_INTROSPECTION:
            message = SUGGESTION.sub("", message)
    entry = {**error.formatted, "message": message, "extensions": extensions}
    return {key: value for key, value in entry.items() if value is not None}


def is_fault(error: GraphQLError) -> bool:
    """Whether it is ours, not one of the operation's mistakes, which graphql-core finds by itself.

    What breaks in a resolver has a path; what breaks outside of them has no place in the document either.
    """
    if isinstance(error.original_error, RequestError | GraphQLError):
        return False
    return error.path is not None or (error.original_error is not None and error.nodes is None)
