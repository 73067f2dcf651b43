"""Middleware for every response: counts, the access log, security headers, the language, and the API's JSON errors."""

import json
import logging
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.encoding import escape_uri_path

from core.errors import BadUserInput
from core.languages import choose_language
from core.logs import facts
from core.metrics import OK, OTHER, REQUESTS, SECONDS, STATEMENTS
from core.tracing import span

GetResponse = Callable[[HttpRequest], HttpResponseBase]

access = logging.getLogger("backend.access")

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
OURS = (
    "default-src 'none'; connect-src 'self'; font-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; img-src 'self' data: blob:; manifest-src 'self'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'"
)
# The admin's theme has inline scripts and uses Alpine, which evaluates expressions.
ADMIN = OURS.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'")
POLICIES = [("/graphql", NOTHING), ("/admin/", ADMIN), ("/", OURS)]
DEVICES = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
# Other methods are their senders' inventions.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PERMISSIONS = ", ".join(f"{device}=()" for device in DEVICES)


def watch_requests(get_response: GetResponse) -> GetResponse:
    """Collect the facts of a request. Count them for /metrics, and log them if STORE_ACCESS_LOG is on.

    The path is logged without its query, and of the person the key alone. Answers from the answer cache are neither
    logged nor counted here.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        known: dict[str, object] = {}
        token = facts.set(known)
        statements = Statements()
        began = perf_counter()
        try:
            if not (settings.STORE_ACCESS_LOG or settings.STORE_METRICS_TOKEN):
                return get_response(request)
            with ExitStack() as stack:
                for each in connections.all():  # a query may go to a replica
                    stack.enter_context(each.execute_wrapper(statements))
                response = get_response(request)
            seconds = perf_counter() - began
            code = str(known.pop("code", None) or code_of(response.status_code))
            field = known.pop("field", None)
            if "probe" not in known:
                count_request(request, field, code, statements=statements.count, seconds=seconds)
            if not settings.STORE_ACCESS_LOG:
                return response
            user = getattr(request, "_cached_user", None)  # only if it was looked at anyway
            event = {
                "method": request.method,
                "path": escape_uri_path(request.path),  # a line break in it would forge a record
                "status": response.status_code,
                "ms": round(seconds * 1000, 1),
                "statements": statements.count,
                **({"user": user.pk} if user and user.pk else {}),
                **known,
            }
            words = " ".join(f"{name}={value}" for name, value in event.items())
            access.info("%s", words, extra={"event": event})
            return response
        finally:
            facts.reset(token)

    return middleware


def count_request(request: HttpRequest, field: object, code: str, *, statements: int, seconds: float) -> None:
    """Count a request under the first field of its operation, or under the app or the name of its page."""
    match = request.resolver_match
    page = (match.app_name or match.url_name) if match and match.url_name != "graphql" else None
    operation = str(field or page or OTHER)
    REQUESTS.labels(operation, code).inc()
    SECONDS.labels(operation).observe(seconds)
    STATEMENTS.labels(operation).inc(statements)


def trace_requests(get_response: GetResponse) -> GetResponse:
    """Record a span for each request, if spans are recorded. It has the pattern of the path, which can hold a token."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        method = request.method if request.method in METHODS else "_OTHER"
        attributes = {"http.request.method": method}
        with span(method, attributes, kind="SERVER", headers=request.headers) as tell:
            response = get_response(request)
            if request.resolver_match:
                tell("http.route", request.resolver_match.route)
            tell("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                tell("error.type", str(response.status_code))
        return response

    return middleware


def code_of(status: int) -> str:
    """Return the code of a page's status, as the API would name it."""
    if status >= 500:
        return "INTERNAL"
    return BadUserInput.code if status >= 400 else OK


class Statements:
    """An execute wrapper that counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self.count += 1
        return execute(*statement)


def security_headers(get_response: GetResponse) -> GetResponse:
    """Add the headers that Django's SecurityMiddleware lacks: what a page may load, and which devices it may use."""
    media = urlsplit(settings.MEDIA_URL)
    pictures = f"img-src {media.scheme}://{media.netloc} " if media.netloc else "img-src "

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        policy = next(policy for prefix, policy in POLICIES if request.path.startswith(prefix))
        response.headers.setdefault("Content-Security-Policy", policy.replace("img-src ", pictures))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return middleware


def speak_language(get_response: GetResponse) -> GetResponse:
    """Answer in the store's language that the request prefers.

    The admin has one language, LANGUAGE_CODE: its labels are English, and Django's own would be a mixture with them.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        is_admin = request.path.startswith("/admin/")
        accepted = "" if is_admin else request.META.get("HTTP_ACCEPT_LANGUAGE", "")
        language = choose_language(accepted)
        with translation.override(language):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        if not is_admin:
            patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def json_errors(get_response: GetResponse) -> GetResponse:
    """Turn Django's error pages below /graphql into GraphQL errors.

    Django answers with a page if it refuses a request before the view: a host that is not allowed, an address that
    does not exist, or a broken session.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not request.path.startswith("/graphql") or response.status_code < 400 or is_json(response):
            return response
        code = BadUserInput.code if response.status_code < 500 else "INTERNAL"
        body = {"errors": [{"message": response.reason_phrase, "extensions": {"code": code}}]}
        return HttpResponse(json.dumps(body), status=response.status_code, content_type="application/json")

    return middleware


def is_json(response: HttpResponseBase) -> bool:
    return "json" in response.headers.get("Content-Type", "")
