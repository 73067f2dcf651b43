"""A WSGI application that answers with the store's view of the request."""

import json
import os
from collections.abc import Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from backend.http.guard import Guard
from backend.wsgi import application as store
from core.throttle import client_address


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/echo":
        return store(environ, start_response)
    request = WSGIRequest(environ)
    seen = {
        "client": client_address(request),
        "scheme": request.scheme,
        "cookies": request.COOKIES,
        "process": os.getpid(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(seen).encode()]


application = Guard(echo)
