"""GraphQL over HTTP, GraphiQL, and health."""

import json
import re
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from strawberry.file_uploads.utils import replace_placeholders_with_files
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from backend.api.context import Context
from backend.api.faults import formatted
from backend.schema import schema

RESPONSE_JSON = "application/graphql-response+json"
# A page of another origin cannot send any of these without asking first (CORS preflight).
PREFLIGHT_HEADERS = ("Apollo-Require-Preflight", "X-Apollo-Operation-Name")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
ESCAPED_NUL = re.compile(r"\\u(0000|\{0+\})")


class Refused(Exception):
    """A request that is no well-formed GraphQL request: answered with this status, before anything runs."""

    def __init__(self, message: str, *, status: int = 400, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Allow": allow} if allow else {}


@csrf_exempt  # guarded by refuse_cross_site instead: see docs/decisions
def graphql(request: HttpRequest) -> HttpResponse:
    """Execute one operation: queries by GET or POST, mutations by POST alone."""
    request_id = uuid.uuid4().hex
    response = HttpResponse()
    wants_new = RESPONSE_JSON in request.headers.get("Accept", "")
    try:
        refuse_cross_site(request)
        operation = parsed(request)
        result = executed(request, response, operation)
    except Refused as refusal:
        body: dict[str, Any] = {
            "errors": [{"message": str(refusal), "extensions": {"code": "BAD_USER_INPUT"}}]
        }
        response.status_code = refusal.status
        for header, value in refusal.headers.items():
            response[header] = value
    else:
        name = operation.get("operationName")
        body = answered(result, request_id=request_id, operation=name)
        if "data" not in body and wants_new:
            response.status_code = 400
    response.content = json.dumps(body, separators=(",", ":")).encode()
    response["Content-Type"] = RESPONSE_JSON if wants_new else "application/json"
    response["X-Request-Id"] = request_id
    return response


def refuse_cross_site(request: HttpRequest) -> None:
    """Only our own pages and the allowed front ends may act with a shopper's cookies.

    The Origin, which no page can forge, must be ours; where a browser sends none, Sec-Fetch-Site says where
    the request comes from. A form can be sent without asking, so it needs a header that no form can set.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        allowed = origin in settings.STORE_ORIGINS or origin == f"{request.scheme}://{request.get_host()}"
    else:
        allowed = request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    if not allowed:
        raise Refused("This origin may not use the API.", status=403)
    preflighted = request.content_type == "application/json" or any(
        header in request.headers for header in PREFLIGHT_HEADERS
    )
    if request.method == "POST" and not preflighted:
        raise Refused(f"This content type needs the header {PREFLIGHT_HEADERS[0]}.", status=403)


def parsed(request: HttpRequest) -> dict[str, Any]:
    """The request's `query`, `variables` and `operationName`, each of its proper type."""
    operation: Any
    try:
        match (request.method, request.content_type):
            case ("GET", _):
                operation = dict(request.GET.items())
                for name in ("variables", "extensions"):
                    operation[name] = json.loads(operation.get(name) or "null")
            case ("POST", "application/json"):
                operation = json.loads(request.body)
            case ("POST", "multipart/form-data"):
                operations, files = (json.loads(request.POST[part]) for part in ("operations", "map"))
                operation = replace_placeholders_with_files(operations, files, request.FILES)
            case ("POST", _):
                raise Refused("Send application/json or multipart/form-data.", status=415)
            case _:
                raise Refused("Send a GET or a POST.", status=405, allow="GET, POST")
    except RequestDataTooBig as error:
        raise Refused("The request is too large.", status=413) from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Refused("The request is no well-formed GraphQL request.") from error
    if (
        not isinstance(operation, dict)
        or not isinstance(operation.get("query"), str)
        or not operation["query"]
    ):
        raise Refused("Send an object with a string named `query`.")
    for name, kind in (("variables", dict), ("extensions", dict), ("operationName", str)):
        if not isinstance(operation.get(name), kind | None):
            raise Refused(f"`{name}` must be of another type.")
    if ESCAPED_NUL.search(operation["query"]):
        raise Refused("Text cannot contain NUL.")
    refuse_unstorable([operation["query"], operation.get("variables")])
    return dict(operation)


def refuse_unstorable(values: list[Any]) -> None:
    """No column has a place for NUL or for half a surrogate pair, wherever in the variables it stands."""
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values += [*value, *value.values()]
        elif isinstance(value, list):
            values += value
        elif isinstance(value, str) and UNSTORABLE.search(value):
            raise Refused("Text cannot contain NUL or unpaired surrogates.")


def executed(request: HttpRequest, response: HttpResponse, operation: dict[str, Any]) -> ExecutionResult:
    try:
        return schema.execute_sync(
            operation["query"],
            variable_values=operation.get("variables"),
            operation_name=operation.get("operationName"),
            context_value=Context(request=request, response=response),
            allowed_operation_types=OperationType.from_http(request.method),  # type: ignore[arg-type]  # GET or POST
        )
    except InvalidOperationTypeError as error:
        raise Refused("Mutations need a POST.", status=405, allow="POST") from error
    except CannotGetOperationTypeError as error:
        raise Refused("There is no operation of this name.") from error


def answered(result: ExecutionResult, *, request_id: str, operation: str | None) -> dict[str, Any]:
    """The response's body; an operation that never ran has no `data`."""
    errors = result.errors or []
    body: dict[str, Any] = {}
    if errors:
        body["errors"] = [formatted(error, request_id=request_id, operation=operation) for error in errors]
    if result.data is not None or any(error.path for error in errors):
        body["data"] = result.data
    return body


def graphiql(request: HttpRequest) -> HttpResponse:
    """The in-browser IDE, all of it served from here."""
    return render(request, "graphiql.html")


def health(request: HttpRequest) -> JsonResponse:
    """Whether this process can serve: 503 without its database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})
