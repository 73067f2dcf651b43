"""A WSGI application that answers with the store's view of the request, after as many seconds as its query says."""

import json
import os
import time
from collections.abc import Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from backend.http.guard import Guard
from backend.wsgi import application as store
from core.throttle import client_address


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/echo":
        return store(environ, start_response)
    time.sleep(float(environ["QUERY_STRING"] or 0))
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
