"""Middleware for every response: security headers, and JSON errors for the API."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core.errors import BadUserInput

GetResponse = Callable[[HttpRequest], HttpResponseBase]

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
PERMISSIONS = ", ".join(f"{device}=()" for device in DEVICES)


def security_headers(get_response: GetResponse) -> GetResponse:
    """Add the headers that Django's SecurityMiddleware lacks: what a page may load, and which devices it may use."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        policy = next(policy for prefix, policy in POLICIES if request.path.startswith(prefix))
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
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
