"""A WSGI application that tells what the store would make of a request."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from backend.http.guard import Guard
from backend.wsgi import application as store
from core.throttle import client_address


def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/echo":
        return store(environ, start_response)
    request = WSGIRequest(environ)
    told = {"client": client_address(request), "scheme": request.scheme, "cookies": request.COOKIES}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


application = Guard(told)
