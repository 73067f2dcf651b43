"""WSGI middleware that serves cached guest answers and forwards the rest."""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from secrets import token_hex
from threading import Lock
from time import monotonic
from typing import Any

from packages.answer_cache.keeper import TOKEN, Keeper
from packages.answer_cache.negotiation import GZIP, GZIP_ONLY, encoding, is_known, varies_only_by
from packages.answer_cache.watcher import Reads, note_reads

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = list[tuple[str, str]]
# The request's body, and the other values that the answer depends on.
Key = tuple[bytes | str | None, ...]

METHODS = ("GET", "POST")
# The key of the environ under which `keep` stores the seconds for which the answer may be kept.
KEPT_SECONDS = "answer_cache.seconds"
# The parts of a request that every answer depends on, besides the body and the headers that the application names.
KEYED = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "wsgi.url_scheme", "HTTP_HOST")
# Headers that the key covers in another way: guests have no session's cookie, and the encoding is negotiated.
NEGOTIATED = ("cookie", "accept-encoding")
# Headers that differ for each request, or are made here.
NOT_KEPT = ("content-length", "x-request-id")
MAX_REQUEST_BYTES = 32 * 1024
MAX_KEYED_CHARACTERS = 4 * 1024
MAX_LENGTH_DIGITS = 10
MAX_HELD_BYTES = 6 * 1024 * 1024
# Python's overhead for an entry and for each of its texts.
OVERHEAD_BYTES = 1024
TEXT_BYTES = 64
# The limit for changes made by hand in the database, which Django does not see.
MAX_AGE_SECONDS = 60
MIN_COMPRESSED_BYTES = 500


def keep(environ: Environ, *, seconds: float = MAX_AGE_SECONDS) -> None:
    """Let the answer to this request be kept for at most these seconds, because it is the same for every guest."""
    environ[KEPT_SECONDS] = min(seconds, MAX_AGE_SECONDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    tokens: bytes
    expires: float
    headers: Headers
    body: bytes
    etag: str


class Answers:
    """LRU cache of answers to guests, as WSGI middleware. Bounded by bytes, thread-safe.

    It keeps an answer if the application allows it by `keep`, and if the Watcher saw it read no private table. A
    request to one of the `paths` with neither the `session_cookie` nor the `session_header` is a guest's. Its answer
    may depend on the request's body, on KEYED, on the `headers`, such as `Accept`, and on nothing else but what a
    function makes of a `normalized` header: clients send Accept-Language in countless forms, of which there are only a
    few answers. `count` is called for each request of a guest, with whether it gets a kept answer.
    """

    def __init__(
        self,
        application: Application,
        *,
        keeper: Keeper,
        paths: tuple[str, ...],
        session_cookie: str,
        session_header: str = "",
        headers: Iterable[str],
        normalized: Mapping[str, Callable[[str], str]] | None = None,
        count: Callable[[bool], object] = lambda is_kept: None,
    ) -> None:
        self.application = application
        self.keeper = keeper
        self.paths = paths
        self.session_cookie = session_cookie
        self.session_header = variable(session_header)
        normalized = normalized or {}
        self.keyed = (*KEYED, *map(variable, headers))
        self.normalized = [(variable(name), normalize) for name, normalize in normalized.items()]
        self.varying = {
            *NEGOTIATED,
            session_header.lower(),
            *(name.lower() for name in (*headers, *normalized)),
        }
        self.count = count
        self.kept: OrderedDict[Key, Answer] = OrderedDict()
        self.held = 0
        self.lock = Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self.is_for_guest(environ):
            return self.application(environ, start_response)
        length = body_length(environ)
        chosen = encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        meant = [normalize(environ.get(name, "")) for name, normalize in self.normalized]
        asked = (chosen, *meant, *map(environ.get, self.keyed))
        if length > MAX_REQUEST_BYTES or sum(map(len, filter(None, asked))) > MAX_KEYED_CHARACTERS:
            return self.application(environ, start_response)
        body = environ["wsgi.input"].read(length) if length else b""
        key = (body, *asked)
        answer = self.kept.get(key)
        is_kept = answer is not None and self.is_current(answer)
        self.count(is_kept)
        if answer and is_kept:
            return send(answer, environ, start_response)
        environ["wsgi.input"] = BytesIO(body)
        made = self.ask(environ, start_response, encoding=chosen)
        if not isinstance(made, Answer):
            return made
        self.hold(key, made)
        return send(made, environ, start_response)

    def is_for_guest(self, environ: Environ) -> bool:
        """Whether the request comes without a session, to a path whose answers may be kept."""
        return (
            environ["PATH_INFO"] in self.paths
            and environ["REQUEST_METHOD"] in METHODS
            and self.session_cookie not in environ.get("HTTP_COOKIE", "")
            and self.session_header not in environ
            and "HTTP_TRANSFER_ENCODING" not in environ
        )

    def is_current(self, answer: Answer) -> bool:
        tokens = self.keeper.tokens()
        return tokens is not None and tokens.startswith(answer.tokens) and monotonic() < answer.expires

    def ask(
        self, environ: Environ, start_response: StartResponse, *, encoding: str
    ) -> "Answer | Iterable[bytes]":
        """Ask the application. Return an Answer if it may be kept, otherwise the response as it is."""
        tokens = self.keeper.note()
        started: list[Any] = []
        with note_reads() as reads:
            parts = self.application(environ, lambda *given, **_: started.extend(given))
            if KEPT_SECONDS not in environ:
                start_response(*started)
                return parts
            body = b"".join(parts)
            if hasattr(parts, "close"):
                parts.close()
        status, headers, *_ = started
        if tokens is None or not self.is_shareable(status, headers, reads):
            start_response(*started)
            return [body]
        return make_answer(
            body,
            headers,
            tokens=tokens if reads.frequent else tokens[:-TOKEN],
            expires=monotonic() + environ[KEPT_SECONDS],
            encoding=encoding,
        )

    def is_shareable(self, status: str, headers: Headers, reads: Reads) -> bool:
        """Whether every guest would get this answer, judged by its status, its headers and its reads."""
        return (
            status.startswith("200")
            and not reads.private
            and all(varies_only_by(value, self.varying) for name, value in headers if name.lower() == "vary")
            and not any(name.lower() == "set-cookie" for name, _ in headers)
        )

    def hold(self, key: Key, answer: Answer) -> None:
        with self.lock:
            self.drop(key)
            self.kept[key] = answer
            self.held += size_of(key, answer)
            while self.held > MAX_HELD_BYTES:
                self.drop(next(iter(self.kept)))

    def drop(self, key: Key) -> None:
        answer = self.kept.pop(key, None)
        if answer:
            self.held -= size_of(key, answer)


def variable(header: str) -> str:
    """Return the name under which the environ has the header."""
    return f"HTTP_{header.upper().replace('-', '_')}"


def size_of(key: Key, answer: Answer) -> int:
    """Return the approximate size of an entry in bytes."""
    keyed = sum(len(part) + TEXT_BYTES for part in key if part is not None)
    headers = sum(len(name) + len(value) + 3 * TEXT_BYTES for name, value in answer.headers)
    return keyed + headers + len(answer.body) + OVERHEAD_BYTES


def body_length(environ: Environ) -> int:
    """Return the length of the body. An invalid one counts as too long, so that the application refuses it."""
    given = environ.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() and len(given) < MAX_LENGTH_DIGITS else MAX_REQUEST_BYTES + 1


def make_answer(body: bytes, headers: Headers, *, tokens: bytes, expires: float, encoding: str) -> Answer:
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    kept = [(name, value) for name, value in headers if name.lower() not in NOT_KEPT]
    long = len(body) >= MIN_COMPRESSED_BYTES
    if encoding == GZIP_ONLY or (encoding == GZIP and long):
        body, etag = gzip.compress(body, mtime=0), f'{etag[:-1]}-gzip"'
        kept.append(("Content-Encoding", "gzip"))
    kept += [("ETag", etag), ("Content-Length", str(len(body)))]
    return Answer(tokens=tokens, expires=expires, headers=kept, body=body, etag=etag)


def send(answer: Answer, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    known = environ.get("HTTP_IF_NONE_MATCH")
    request_id = ("X-Request-Id", token_hex(16))
    if known and environ["REQUEST_METHOD"] == "GET" and is_known(answer.etag, known):
        headers = [(name, value) for name, value in answer.headers if not name.startswith("Content-")]
        start_response("304 Not Modified", [*headers, request_id])
        return []
    start_response("200 OK", [*answer.headers, request_id])
    return [answer.body]
