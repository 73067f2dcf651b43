"""Whole answers to guests, kept in front of Django: while nothing changes, a question is worked out once."""

import gzip
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from secrets import token_hex
from threading import Lock
from time import monotonic
from typing import Any

from django.conf import settings
from graphql import FieldNode, OperationDefinitionNode, OperationType

from packages.answer_cache import revision

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

PATHS = ("/graphql/", "/graphql")
METHODS = ("GET", "POST")
# Where the view puts what it knows of its answer: a Shareable.
SHAREABLE = "store.shareable"
# Queries that tell a guest nothing but what all guests are told.
PUBLIC = frozenset(
    (
        *("categories", "category", "product", "products", "profile", "search", "searchSuggestions"),
        *("shop", "sitemap"),
    )
)
# Whatever in a document or its variables makes an answer depend on what has been sold.
SALES = re.compile(r"stock|isAvailable|BEST_SELLING|search|related|verifiedPurchase", re.IGNORECASE)
# All of a request that an answer may depend on, besides its body.
KEYED = (
    *("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "wsgi.url_scheme", "HTTP_HOST"),
    *("HTTP_ACCEPT", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE"),
    *("HTTP_APOLLO_REQUIRE_PREFLIGHT", "HTTP_X_APOLLO_OPERATION_NAME"),
)
MAX_REQUEST_BYTES = 32 * 1024
MAX_LENGTH_DIGITS = 10
MAX_HELD_BYTES = 6 * 1024 * 1024
# What an entry takes besides its body.
OVERHEAD_BYTES = 2 * 1024
# For changes that are made past Django, by hand in the database.
MAX_AGE_SECONDS = 60
MIN_COMPRESSED_BYTES = 500


@dataclass(frozen=True)
class Shareable:
    """An answer that every guest gets; whether a sale may change it."""

    changes_with_sales: bool


def shareable(operation: OperationDefinitionNode, text: str, variables: dict[str, Any]) -> Shareable | None:
    """Whether and how the answer to a guest may be kept, by what the operation asks for."""
    public = operation.operation is OperationType.QUERY and all(
        isinstance(field, FieldNode) and field.name.value in PUBLIC
        for field in operation.selection_set.selections
    )
    if not public:
        return None
    return Shareable(
        changes_with_sales=any(SALES.search(said) for said in (text, repr(variables) if variables else ""))
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    tokens: bytes
    expires: float
    headers: list[tuple[str, str]]
    body: bytes
    etag: str


class Answers:
    """A WSGI application in front of another, which it asks only for what it does not know."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.revision = revision.current()
        self.session_cookie = settings.SESSION_COOKIE_NAME
        # The scheme decides which origin is the store's own.
        self.keyed = (*KEYED, *(settings.SECURE_PROXY_SSL_HEADER or ())[:1])
        self.kept: OrderedDict[Any, Answer] = OrderedDict()
        self.held = 0
        self.lock = Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if self.revision is None or not self.is_for_guest(environ):
            return self.application(environ, start_response)
        length = length_of(environ)
        if length > MAX_REQUEST_BYTES:
            return self.application(environ, start_response)
        body = environ["wsgi.input"].read(length) if length else b""
        zipped = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        key = (body, zipped, *map(environ.get, self.keyed))
        answer = self.kept.get(key)
        if answer and self.is_current(answer):
            return told(answer, environ, start_response)
        environ["wsgi.input"] = BytesIO(body)
        given = self.ask(environ, start_response, zipped=zipped)
        if not isinstance(given, Answer):
            return given
        self.keep(key, given)
        return told(given, environ, start_response)

    def is_for_guest(self, environ: Environ) -> bool:
        """Whether it is a question to the API by somebody of whom nothing is known."""
        return (
            environ["PATH_INFO"] in PATHS
            and environ["REQUEST_METHOD"] in METHODS
            and self.session_cookie not in environ.get("HTTP_COOKIE", "")
            and "HTTP_TRANSFER_ENCODING" not in environ
        )

    def is_current(self, answer: Answer) -> bool:
        assert self.revision is not None
        return self.revision.tokens().startswith(answer.tokens) and monotonic() < answer.expires

    def ask(
        self, environ: Environ, start_response: StartResponse, *, zipped: bool
    ) -> "Answer | Iterable[bytes]":
        """The answer that Django gives, if it may be kept; any other goes through as it is."""
        assert self.revision is not None
        tokens = self.revision.noted()
        started: list[Any] = []
        parts = self.application(environ, lambda *given, **_: started.extend(given))
        shareable: Shareable | None = environ.get(SHAREABLE)
        status, headers, *_ = started
        personal = any(name.lower() == "set-cookie" for name, _ in headers)
        if tokens is None or shareable is None or personal or not status.startswith("200"):
            start_response(status, headers)
            return parts
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        return made(
            body,
            headers,
            tokens=tokens if shareable.changes_with_sales else tokens[: revision.SALES],
            zipped=zipped,
        )

    def keep(self, key: Any, answer: Answer) -> None:
        with self.lock:
            self.drop(key)
            self.kept[key] = answer
            self.held += size_of(key, answer)
            while self.held > MAX_HELD_BYTES:
                self.drop(next(iter(self.kept)))

    def drop(self, key: Any) -> None:
        answer = self.kept.pop(key, None)
        if answer:
            self.held -= size_of(key, answer)


def length_of(environ: Environ) -> int:
    """Of the request's body; more than any that is looked at for what is no length, which Django is to refuse."""
    said = environ.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdecimal() and len(said) < MAX_LENGTH_DIGITS else MAX_REQUEST_BYTES + 1


def made(body: bytes, headers: list[tuple[str, str]], *, tokens: bytes, zipped: bool) -> Answer:
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    kept = [(name, value) for name, value in headers if name not in ("Content-Length", "X-Request-Id")]
    if zipped and len(body) >= MIN_COMPRESSED_BYTES:
        body, etag = gzip.compress(body, mtime=0), f'{etag[:-1]}-gzip"'
        kept.append(("Content-Encoding", "gzip"))
    kept += [("ETag", etag), ("Content-Length", str(len(body)))]
    return Answer(tokens=tokens, expires=monotonic() + MAX_AGE_SECONDS, headers=kept, body=body, etag=etag)


def told(answer: Answer, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    known = environ.get("HTTP_IF_NONE_MATCH")
    request_id = ("X-Request-Id", token_hex(16))
    if known and environ["REQUEST_METHOD"] == "GET" and answer.etag in known:
        headers = [(name, value) for name, value in answer.headers if not name.startswith("Content-")]
        start_response("304 Not Modified", [*headers, request_id])
        return []
    start_response("200 OK", [*answer.headers, request_id])
    return [answer.body]


def size_of(key: Any, answer: Answer) -> int:
    return len(key[0]) + len(answer.body) + OVERHEAD_BYTES
