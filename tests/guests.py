"""Guests who send requests through the whole WSGI application, including the answer cache."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIHandler

from backend.answers import keep_answers


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        answer = json.loads(self.body)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


class Entrance:
    """The application as a server calls it. `worked_out` counts the requests that reached Django."""

    def __init__(self) -> None:
        self.worked_out = 0
        self.django = WSGIHandler()
        self.answers: Any = keep_answers(self.application)

    def application(self, environ: Any, start_response: Any) -> Any:
        self.worked_out += 1
        return self.django(environ, start_response)

    def post(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Reply:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        return self.send("POST", {"CONTENT_TYPE": "application/json", **headers}, body=body)

    def get(self, parameters: dict[str, str], **headers: str) -> Reply:
        return self.send("GET", {"QUERY_STRING": urlencode(parameters), **headers})

    def send(self, method: str, headers: dict[str, str], *, body: bytes = b"") -> Reply:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/graphql/",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            **headers,
        }
        started: list[Any] = []
        parts = self.answers(environ, lambda *given: started.extend(given))
        content = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        status, headers_sent = started
        return Reply(int(status.split()[0]), dict(headers_sent), content)
