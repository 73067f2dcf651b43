"""The views: GraphQL over HTTP, GraphiQL, and the index page."""

import json
import logging
import re
import uuid
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from graphql import GraphQLError
from strawberry.file_uploads.utils import replace_placeholders_with_files
from strawberry.types import ExecutionResult

from api.context import Context
from api.faults import format_error
from backend.http import budget, guard, persisted
from backend.http.origins import is_allowed
from backend.http.sessions import SESSION_HEADER
from backend.schema import MutationByGet, schema
from core.errors import BadUserInput, RequestError
from core.logs import Sparingly, note
from core.throttle import RENDERER_HEADER, is_renderer
from orders.payments.gateway import is_fake_in_use
from packages import answer_cache

logger = logging.getLogger("backend.renderer")
reports = Sparingly(seconds=60)

RESPONSE_JSON = "application/graphql-response+json"
# A page of another origin cannot send any of these without a CORS preflight.
PREFLIGHT_HEADERS = ("Apollo-Require-Preflight", "X-Apollo-Operation-Name", SESSION_HEADER)
# A longer header is ignored: it is slow to parse, and the cache would keep it.
MAX_ACCEPT_CHARACTERS = 500
MALFORMED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    MultiPartParserError,
    SuspiciousOperation,  # more parts or files than Django takes
    UnreadablePostError,
)
DOCUMENTS = ("apollo.md", "operations.md", "architecture.md")
SHA256 = re.compile("[0-9a-f]{64}")
# The names of operations that are logged.
NAME = re.compile("[_A-Za-z][_0-9A-Za-z]{0,99}")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
ESCAPED_NUL = re.compile(r"\\u(0000|\{0+\})")


class HTTPError(Exception):
    """The request is refused with this status, before any operation runs."""

    def __init__(self, message: str, *, status: int = 400, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Allow": allow} if allow else {}


@csrf_exempt  # guarded by refuse_cross_site instead: see docs/decisions
def graphql(request: HttpRequest) -> HttpResponse:
    """Execute one operation: queries by GET or POST, mutations by POST alone."""
    request_id = uuid.uuid4().hex
    note(request_id=request_id)
    response = HttpResponse()
    accept = request.headers.get("Accept", "*/*")
    wants_new = len(accept) <= MAX_ACCEPT_CHARACTERS and prefers_new(accept)
    try:
        refuse_cross_site(request)
        refuse_false_renderer(request)
        operation = parse_request(request)
        body = build_answer(request, response, operation, request_id=request_id)
        if "data" not in body and wants_new:
            response.status_code = 400
    except HTTPError as refusal:
        body = {"errors": [{"message": str(refusal), "extensions": {"code": BadUserInput.code}}]}
        response.status_code = refusal.status
        for header, value in refusal.headers.items():
            response[header] = value
        note(code=BadUserInput.code)
    except Exception as error:  # a fault, such as of the session store; `format_error` logs it
        fault = GraphQLError("", original_error=error)
        body = {"errors": [format_error(fault, request_id=request_id, operation=None)]}
        response.status_code = 500
        note(code="INTERNAL")
    else:
        if "errors" not in body:  # the session itself may have failed
            budget.remember_owner(request)
    response.content = orjson.dumps(body)
    response["Content-Type"] = RESPONSE_JSON if wants_new else "application/json"
    response["X-Request-Id"] = request_id
    response.setdefault("Cache-Control", "private, no-store")
    return response


@lru_cache(maxsize=200)
def prefers_new(accept: str) -> bool:
    """Whether the client prefers the media type of GraphQL over HTTP. Without a preference it gets plain JSON."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept
    return request.get_preferred_type(["application/json", RESPONSE_JSON]) == RESPONSE_JSON


def refuse_cross_site(request: HttpRequest) -> None:
    """Refuse requests from other sites, so that only our pages and front ends can use a shopper's cookies.

    The Origin, which no page can forge, must be allowed. If a browser sends none, Sec-Fetch-Site names the relation of
    the sites. A form needs no preflight, so it must come with a header that no form can set.

    Raises:
        HTTPError: with status 403.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        allowed = is_allowed(request, origin)
    else:
        allowed = request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    if not allowed:
        raise HTTPError("This origin may not use the API.", status=403)
    preflighted = request.content_type == "application/json" or any(
        header in request.headers for header in PREFLIGHT_HEADERS
    )
    if request.method == "POST" and not preflighted:
        raise HTTPError(f"This content type needs the header {PREFLIGHT_HEADERS[0]}.", status=403)


def refuse_false_renderer(request: HttpRequest) -> None:
    """Refuse a rendering server with a wrong secret. Else all of its shoppers would silently count as one.

    Raises:
        HTTPError: with status 403.
    """
    if RENDERER_HEADER in request.headers and not is_renderer(request):
        reports.warn(logger, "%s has another secret than STORE_RENDERER_SECRET.", RENDERER_HEADER)
        raise HTTPError(f"The secret in {RENDERER_HEADER} is not the store's.", status=403)


def parse_request(request: HttpRequest) -> dict[str, Any]:
    """Return the request's `query`, `variables` and `operationName`, each of the right type.

    Raises:
        HTTPError: the request is malformed or too large.
    """
    try:
        operation = read_operation(request)
    except RequestDataTooBig as error:
        raise HTTPError("The request is too large.", status=413) from error
    except guard.Refusal as error:
        raise HTTPError(str(error), status=int(error.status.split()[0])) from error
    except MALFORMED as error:
        raise HTTPError("Not a well-formed GraphQL request.") from error
    if not isinstance(operation, dict):
        raise HTTPError("The request must be a JSON object.")
    for name, kind in (("query", str), ("variables", dict), ("extensions", dict), ("operationName", str)):
        if not isinstance(operation.get(name), kind | None):
            raise HTTPError(f"`{name}` must be {'a string' if kind is str else 'an object'}.")
    digest = read_digest(operation)
    if not operation.get("query") and digest is None:
        raise HTTPError("Send a document as `query`.")
    if ESCAPED_NUL.search(operation.get("query") or ""):
        raise HTTPError("Text cannot contain NUL.")
    refuse_unstorable([operation.get("query"), operation.get("variables")])
    return {**operation, "digest": digest}


def read_operation(request: HttpRequest) -> Any:
    """Return the request's payload, which may have any type.

    Raises:
        HTTPError: the method or the content type is not supported.
        One of MALFORMED: the payload cannot be parsed.
    """
    match (request.method, request.content_type):
        case ("GET", _):
            operation: dict[str, Any] = dict(request.GET.items())
            for name in ("variables", "extensions"):
                operation[name] = json.loads(operation.get(name) or "null")
            return operation
        case ("POST", "application/json"):
            return json.loads(request.body)
        case ("POST", "multipart/form-data"):
            operations, files = (json.loads(request.POST[part]) for part in ("operations", "map"))
            return replace_placeholders_with_files(operations, files, request.FILES)
        case ("POST", _):
            raise HTTPError("Send application/json or multipart/form-data.", status=415)
        case _:
            raise HTTPError("Send a GET or a POST.", status=405, allow="GET, POST")


def refuse_unstorable(values: list[Any]) -> None:
    """Refuse NUL and lone surrogates anywhere in the values, because no column can hold them.

    Raises:
        HTTPError: a text has one.
    """
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values += [*value, *value.values()]
        elif isinstance(value, list):
            values += value
        elif isinstance(value, str) and UNSTORABLE.search(value):
            raise HTTPError("Text cannot contain NUL or unpaired surrogates.")


def read_digest(operation: dict[str, Any]) -> str | None:
    """Return the hash of a persisted query, if the request has one.

    Raises:
        HTTPError: the hash is malformed.
    """
    named = (operation.get("extensions") or {}).get("persistedQuery")
    if named is None:
        return None
    if not isinstance(named, dict) or not isinstance(named.get("sha256Hash"), str):
        raise HTTPError("`persistedQuery` needs a string named `sha256Hash`.")
    digest: str = named["sha256Hash"]
    if not SHA256.fullmatch(digest):
        raise HTTPError("`sha256Hash` must be 64 hexadecimal digits in lower case.")
    return digest


def build_answer(
    request: HttpRequest, response: HttpResponse, operation: dict[str, Any], *, request_id: str
) -> dict[str, Any]:
    """Execute the operation and return the response's body. An operation that never ran has no `data`."""
    digest, text = operation["digest"], operation.get("query")
    context = Context(request=request, response=response)
    try:
        if not text:
            text = persisted.document(digest)
        elif digest:
            persisted.check_digest(digest, text)
        result = execute(context, {**operation, "query": text})
    except RequestError as error:
        result = ExecutionResult(data=None, errors=[GraphQLError(str(error), original_error=error)])
    name = operation.get("operationName")
    errors = result.errors or []
    body: dict[str, Any] = {}
    if errors:
        body["errors"] = [format_error(error, request_id=request_id, operation=name) for error in errors]
    if result.data is not None or any(error.path for error in errors):
        body["data"] = result.data
        if digest and operation.get("query"):
            persisted.keep(request, digest=digest, text=operation["query"])
    if result.extensions:
        body["extensions"] = result.extensions
    cost = (result.extensions or {}).get("cost", {}).get("requested")
    note(operation=name if name and NAME.fullmatch(name) else None, cost=cost, errors=len(errors) or None)
    note(code=body["errors"][0]["extensions"]["code"] if errors else None)
    if context.shareable and not errors and not (digest and operation.get("query")):
        share(context)
    return body


def share(context: Context) -> None:
    """Let an answer to a guest be kept: by the answer cache while it is current, by browsers if they revalidate it."""
    environ = context.request.META
    if context.holds_until is None:
        answer_cache.keep(environ)
    else:
        answer_cache.keep(environ, seconds=(context.holds_until - timezone.now()).total_seconds())
    context.response["Cache-Control"] = "public, max-age=0, must-revalidate"
    context.response["Vary"] = f"Accept, Accept-Encoding, Accept-Language, Cookie, Origin, {SESSION_HEADER}"


def execute(context: Context, operation: dict[str, Any]) -> ExecutionResult:
    try:
        return schema.run(
            operation["query"],
            variables=operation.get("variables") or {},
            operation_name=operation.get("operationName"),
            context=context,
            only_queries=context.request.method == "GET",
        )
    except MutationByGet as error:
        raise HTTPError("Mutations need a POST.", status=405, allow="POST") from error


def graphiql(request: HttpRequest) -> HttpResponse:
    """Serve the in-browser IDE with all of its files.

    Raises:
        Http404: the IDE is switched off.
    """
    if not settings.STORE_GRAPHIQL:
        raise Http404
    return render(request, "graphiql.html")


def index(request: HttpRequest) -> HttpResponse:
    """Show developers a page with links to everything here; redirect everyone else to the front end."""
    if settings.DEBUG:
        return render(request, "index.html", {"documents": DOCUMENTS, "fake": is_fake_in_use()})
    if settings.STORE_FRONTEND_URL.rstrip("/") == request.build_absolute_uri("/").rstrip("/"):
        raise Http404  # the front end has this address, but a proxy sent the request here
    return redirect(settings.STORE_FRONTEND_URL)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 for an unknown address.

    Django's own page reads the form to find a CSRF token, so a malformed form would end in a 500.
    """
    return HttpResponse(
        _("There is no page at this address."), status=404, content_type="text/plain; charset=utf-8"
    )


def document(request: HttpRequest, name: str) -> HttpResponse:
    """Serve a page of docs/ as plain text.

    Raises:
        Http404: the page does not exist, or DEBUG is off.
    """
    if not settings.DEBUG or name not in DOCUMENTS:
        raise Http404
    text = (settings.BASE_DIR / "docs" / name).read_text("utf-8")
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
