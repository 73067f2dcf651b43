"""WSGI middleware that refuses requests that are too expensive to parse, before Django parses them."""

import json
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from time import monotonic
from typing import Any

from django.conf import settings
from django.http.multipartparser import MultiPartParserError

from core.errors import BadUserInput
from core.metrics import REFUSALS

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# More than a browser sends. Django, Python or both parse these headers in quadratic time: 350 kB take minutes, during
# which other threads hardly run. Headers that nobody parses need no limit.
MAX_LENGTHS = {
    "CONTENT_TYPE": 256,
    "HTTP_HOST": 300,
    "HTTP_ACCEPT": 1024,
    "HTTP_X_STORE_SESSION": 64,
    "HTTP_X_STORE_RENDERER": 256,
    "HTTP_X_STORE_SHOPPER": 64,
    **dict.fromkeys(
        (
            *(
                "HTTP_ACCEPT_ENCODING",
                "HTTP_ACCEPT_LANGUAGE",
                "HTTP_AUTHORIZATION",
                "HTTP_COOKIE",
                "HTTP_FORWARDED",
            ),
            *("HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_UNMODIFIED_SINCE"),
            *("HTTP_ORIGIN", "HTTP_RANGE", "HTTP_REFERER", "HTTP_SEC_FETCH_SITE", "HTTP_USER_AGENT"),
            *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_APOLLO_OPERATION_NAME"),
            *("HTTP_APOLLO_REQUIRE_PREFLIGHT", "HTTP_STRIPE_SIGNATURE"),
        ),
        8 * 1024,
    ),
}
# Django repairs each byte of a path that is not UTF-8 one by one, and copies the rest of the path each time.
MAX_PATH = 2048
# Python unquotes the values of cookies with two searches for each backslash.
MAX_COOKIE_BACKSLASHES = 256

# Several photographs of a phone or a file to import, and the other fields of the form.
MAX_UPLOAD_BYTES = 40 * 1024 * 1024
MAX_SMALL_BYTES = 64 * 1024
UPLOADS = re.compile(r"/graphql/?|/admin/catalog/.*")
FORMS = re.compile(r"/graphql/?|/stripe/webhook/|/admin/(?!login/).*")
# The rest of a refused body is read within these bounds. A client that is still sending when the connection closes does
# not see the answer.
MAX_DISCARDED_BYTES = 256 * 1024 * 1024
MAX_DISCARDING_SECONDS = 5
CHUNK_BYTES = 64 * 1024
MAX_LENGTH_DIGITS = 12

# The grammar of RFC 9110, without escapes in quotes. RFC 2231's `charset*=` does not match.
TOKEN = r"[!#$%&'+.^_`|~0-9A-Za-z-]+"
PARAMETER = re.compile(rf';[ \t]*({TOKEN})=({TOKEN}|"[^"\\\x00-\x1f\x7f-\xff]*")[ \t]*')
CONTENT_TYPE = re.compile(rf"({TOKEN}/{TOKEN})[ \t]*((?:{PARAMETER.pattern})*);?[ \t]*")
UTF_8 = ("utf-8", "utf8")
MULTIPART = "multipart/form-data"
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")

# A little more than Django's limits on fields and files.
MAX_PARTS = 1100
MAX_PART_HEADER_BYTES = 1024
# A browser sends two lines with three parameters in all.
MAX_PART_HEADER_LINES = 5
MAX_PART_PARAMETERS = 10
END_OF_HEADER = b"\r\n\r\n"
# Django strips the names of parameters.
FOREIGN_CHARSET = re.compile(
    rb"\*[0-9]*\*?[^!-~]*=(?!utf-?8')|charset[^!-~]*=(?!\"?utf-?8\"?[;\s])", re.IGNORECASE
)


class Refusal(MultiPartParserError):
    """A refused request with its HTTP status. While a form is read, Django handles it as a parser error."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


class Guard:
    """WSGI middleware that forwards only requests that are cheap to parse."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            check_headers(environ)
            check_body(environ)
            return self.application(environ, start_response)
        except Refusal as refusal:
            REFUSALS.labels("guard").inc()
            return send_refusal(refusal, environ, start_response)


def check_headers(environ: Environ) -> None:
    """Check the path, the headers and the cookies.

    Raises:
        Refusal: the path or a header is too long, or the cookies take too long to parse.
    """
    if len(environ["PATH_INFO"]) > MAX_PATH:
        raise Refusal("414 URI Too Long", f"The path is too long: at most {MAX_PATH} bytes.")
    for name, maximum in MAX_LENGTHS.items():
        value = environ.get(name)
        if value is not None and len(value) > maximum:
            header = name.removeprefix("HTTP_").replace("_", "-").title()
            raise Refusal(
                "431 Request Header Fields Too Large",
                f"The header {header} is too long: at most {maximum} bytes.",
            )
    cookies = environ.get("HTTP_COOKIE")
    # Granian hands on an empty header where a cookie has a byte beyond ASCII. It cannot be told from the empty header
    # that some clients send, so the shopper is a guest then; the proxies in deploy/ keep the session.
    if not cookies:
        return
    if cookies.count("\\") > MAX_COOKIE_BACKSLASHES:
        raise Refusal("400 Bad Request", "The cookies have too many backslashes.")


def check_body(environ: Environ) -> None:
    """Check the type and the length of the body. The parts of a form are checked as they are read.

    Raises:
        Refusal: the body is too long, or not in UTF-8.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise Refusal("411 Length Required", "Send the body with a Content-Length.")
    media_type, parameters = parse_content_type(environ.get("CONTENT_TYPE") or "")
    if parameters.get("charset", "utf-8").lower() not in UTF_8:
        raise Refusal("415 Unsupported Media Type", "Send text as UTF-8: other charsets are not read.")
    said = environ.get("CONTENT_LENGTH") or "0"
    if not (said.isascii() and said.isdecimal() and len(said) <= MAX_LENGTH_DIGITS):
        raise Refusal("400 Bad Request", "The Content-Length is not a number.")
    length, maximum = int(said), max_body_bytes(environ["PATH_INFO"], media_type)
    if length > maximum:
        if "HTTP_EXPECT" not in environ:  # with it, a client has not sent the body yet
            discard(environ["wsgi.input"], length)
        raise Refusal("413 Content Too Large", f"The body is too large: at most {maximum} bytes here.")
    if media_type == MULTIPART:
        boundary = parameters.get("boundary", "")
        if not BOUNDARY.fullmatch(boundary):
            raise Refusal("400 Bad Request", "The Content-Type has no valid boundary.")
        environ["wsgi.input"] = CheckedParts(environ["wsgi.input"], boundary, length=length)


@lru_cache(maxsize=200)
def parse_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the media type in lower case, and its parameters.

    Raises:
        Refusal: the header is malformed, so that another parser could read it differently.
    """
    if not value:
        return "", {}
    match = CONTENT_TYPE.fullmatch(value)
    parameters = PARAMETER.findall(match[2]) if match else []
    named = {name.lower(): text.strip('"') for name, text in parameters}
    if not match or len(named) < len(parameters):
        raise Refusal("415 Unsupported Media Type", "The Content-Type is malformed.")
    return match[1].lower(), named


def max_body_bytes(path: str, media_type: str) -> int:
    if media_type == MULTIPART and UPLOADS.fullmatch(path):
        return MAX_UPLOAD_BYTES
    if FORMS.fullmatch(path):
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return MAX_SMALL_BYTES


def send_refusal(refusal: Refusal, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send the refusal: as GraphQL errors below /graphql, otherwise as plain text."""
    message, media_type = str(refusal), "text/plain; charset=utf-8"
    if environ["PATH_INFO"].startswith("/graphql"):
        errors = [{"message": message, "extensions": {"code": BadUserInput.code}}]
        message, media_type = json.dumps({"errors": errors}), "application/json"
    body = message.encode()
    headers = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response(refusal.status, headers)
    return [body]


def discard(stream: Any, length: int) -> None:
    """Read the rest of the body, within bounds, so that a client that is still sending sees the answer."""
    left = min(length, MAX_DISCARDED_BYTES)
    deadline = monotonic() + MAX_DISCARDING_SECONDS
    with suppress(OSError):
        while left > 0 and monotonic() < deadline:
            chunk = stream.read(min(left, CHUNK_BYTES))
            if not chunk:
                return
            left -= len(chunk)


class CheckedParts:
    """The body of a form. It checks the header of each part before Django parses it.

    Django takes up to 10 ms for a header of 1 kB, and limits neither its lines nor the parts without a name.
    """

    def __init__(self, stream: Any, boundary: str, *, length: int) -> None:
        self.stream = stream
        self.readline = stream.readline
        self.left = length
        self.delimiter = b"--" + boundary.encode()
        self.parts = 0
        # Django also parses the text before the first delimiter as a part.
        self.unchecked = self.delimiter

    def read(self, *size: int) -> bytes:
        """Read from the body.

        Raises:
            Refusal: there are too many parts, or a header that no browser sends.
        """
        chunk: bytes = self.stream.read(*size)
        self.left -= len(chunk)
        try:
            self.unchecked = self.check(self.unchecked + chunk)
        except Refusal:
            discard(self.stream, self.left)
            raise
        return chunk

    def check(self, text: bytes) -> bytes:
        """Check the complete headers. Return the rest of the text for the next call."""
        position = 0
        while (start := text.find(self.delimiter, position)) >= 0:
            position = start + len(self.delimiter)
            beginning = text[position : position + MAX_PART_HEADER_BYTES]
            header, is_whole, _ = beginning.partition(END_OF_HEADER)
            if is_whole:
                self.parts += 1
                check_part(header, number=self.parts)
            elif len(beginning) < MAX_PART_HEADER_BYTES:
                return text[start:]
        return text[max(position, len(text) - len(self.delimiter) + 1) :]


def check_part(header: bytes, *, number: int) -> None:
    if number > MAX_PARTS:
        raise Refusal("400 Bad Request", "The form has too many parts.")
    if header.count(b"\n") > MAX_PART_HEADER_LINES or header.count(b";") > MAX_PART_PARAMETERS:
        raise Refusal("400 Bad Request", "The header of a part has too many lines or parameters.")
    if FOREIGN_CHARSET.search(header + b"\n"):
        raise Refusal("415 Unsupported Media Type", "Send each part as UTF-8: other charsets are not read.")
