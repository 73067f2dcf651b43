"""Formatting of errors for clients: the one place that decides what an error reveals."""

import logging
import re
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from graphql import GraphQLError

from core.errors import BadUserInput, RequestError

logger = logging.getLogger("backend.faults")
# graphql-core's suggestions for a mistyped name. With them, clients could guess the schema name by name.
SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def format_error(error: GraphQLError, *, request_id: str, operation: str | None) -> dict[str, Any]:
    """Return an entry of the top-level errors. A fault of ours is masked, and logged with its traceback."""
    if is_fault(error):
        place = (request_id, operation or "(no name)", error.path)
        logger.error("%s in operation %s at %s", *place, exc_info=error.original_error)
        message = _("Something went wrong on our side.")
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
    """Whether the error is a fault of ours, and not a mistake in the operation, which graphql-core reports.

    An error in a resolver has a path. An error outside of resolvers has no place in the document.
    """
    if isinstance(error.original_error, RequestError | GraphQLError):
        return False
    return error.path is not None or (error.original_error is not None and error.nodes is None)
