"""The guard refuses expensive requests before Django sees them, and no request of a front end or a browser."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from time import process_time
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory

from backend.http.guard import (
    MAX_LENGTHS,
    MAX_PARTS,
    MAX_PATH,
    MAX_SMALL_BYTES,
    MAX_UPLOAD_BYTES,
    Guard,
    Refusal,
)
from core.images import MAX_BYTES

FORM = "multipart/form-data; boundary=B"
MEGABYTE = 1_000_000
# Seconds of processor time. Without the guard, these requests take from six seconds to minutes.
SECONDS = 1.0


class Body(BytesIO):
    """A request body. `left` is the unread part."""

    @property
    def left(self) -> int:
        return len(self.getbuffer()) - self.tell()


class Behind:
    """The application behind the guard. It reads the form as Django does, and counts the requests."""

    def __init__(self) -> None:
        self.requests = 0
        self.post: QueryDict | None = None
        self.files: Any = None
        self.request: WSGIRequest | None = None

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        self.requests += 1
        self.request = WSGIRequest(environ)
        self.post, self.files = self.request.POST, self.request.FILES
        start_response("200 OK", [])
        return [b""]


@pytest.fixture
def behind() -> Iterator[Behind]:
    behind = Behind()
    yield behind
    if behind.request:
        behind.request.close()


Send = Callable[..., tuple[int, str]]


@pytest.fixture
def send(behind: Behind) -> Send:
    guard = Guard(behind)

    def send(path: str = "/graphql/", body: bytes | Body = b"", **headers: str) -> tuple[int, str]:
        stream = body if isinstance(body, Body) else Body(body)
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(stream.left),
            "wsgi.input": stream,
            **headers,
        }
        started: list[Any] = []
        answer = b"".join(guard(environ, lambda *given: started.extend(given)))
        status, sent = started
        assert int(dict(sent).get("Content-Length", 0)) == len(answer)
        return int(status.split()[0]), answer.decode()

    return send


def form(*headers: bytes, content: bytes = b"x") -> bytes:
    return (
        b"".join(b"--B\r\n" + header + b"\r\n\r\n" + content + b"\r\n" for header in headers) + b"--B--\r\n"
    )


FIELD = b'Content-Disposition: form-data; name="a"'
FILE = b'Content-Disposition: form-data; name="0"; filename="a.png"\r\nContent-Type: image/png'


class TestContentType:
    @pytest.mark.parametrize("path", ["/graphql/", "/admin/login/", "/healthz", "/nowhere"])
    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/form-data; boundary=B; charset=punycode",
            "multipart/form-data; boundary=B; charset*=utf-8''punycode",
            "multipart/form-data; boundary=B; charset*0=puny; charset*1=code",
            'MULTIPART/FORM-DATA; boundary=B; CHARSET="punycode"',
            "multipart/form-data; boundary=B; charset=utf-8; charset=punycode",
            "multipart/form-data; boundary=B; charset=punycode; charset=utf-8",
            "multipart/form-data;boundary=B;\tcharset=zlib",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/json; charset=undefined",
            'text/plain; charset="utf\\-8"',
            "text/plain; charset",
            "text/plain charset=utf-8",
            "text/plain, text/html; charset=utf-8",
        ],
    )
    def test_no_charset_but_utf_8(self, send: Send, behind: Behind, path: str, content_type: str) -> None:
        status, message = send(path, form(FIELD), CONTENT_TYPE=content_type)
        assert (status, behind.requests) == (415, 0)
        assert "UTF-8" in message or "malformed" in message

    @pytest.mark.parametrize(
        "content_type",
        [
            *("", "application/json", "application/json;", "application/json;charset=UTF-8"),
            *("Application/JSON; charset=utf8", 'text/plain; charset="utf-8"', "a/b; profile=c; version=1"),
            *("application/graphql-response+json; charset=utf-8",),
        ],
    )
    def test_what_clients_send(self, send: Send, behind: Behind, content_type: str) -> None:
        assert send(CONTENT_TYPE=content_type)[0] == 200
        assert behind.requests == 1

    @pytest.mark.parametrize(
        "boundary",
        [
            *(
                "----WebKitFormBoundary7MA4YWxkTrZu0gW",  # pragma: allowlist secret
                "----geckoformboundary8f1e",
                "-----------------------------973",
            ),
            *("------------------------d74496d66958873e", "----formdata-undici-0123456789"),
            *('"a:b=c?d/e,f(g)"', "'+_-."),
        ],
    )
    def test_boundaries_of_clients(self, send: Send, behind: Behind, boundary: str) -> None:
        body = form(FIELD, FILE).replace(b"--B", b"--" + boundary.strip('"').encode())
        assert send(body=body, CONTENT_TYPE=f"multipart/form-data; boundary={boundary}")[0] == 200
        assert behind.post == QueryDict("a=x")
        assert behind.files["0"].read() == b"x"

    @pytest.mark.parametrize(
        "parameters", ["", '; boundary=""', f"; boundary={'a' * 71}", '; boundary="a@b"']
    )
    def test_a_form_without_a_valid_boundary(self, send: Send, behind: Behind, parameters: str) -> None:
        assert send(CONTENT_TYPE=f"multipart/form-data{parameters}")[0] == 400
        assert behind.requests == 0


class TestHeaders:
    @pytest.mark.parametrize("name", sorted(MAX_LENGTHS))
    def test_one_that_is_too_long(self, send: Send, behind: Behind, name: str) -> None:
        started = process_time()
        status, message = send(**{name: "a/b" + ";a=b" * 100_000})
        assert (status, behind.requests) == (431, 0)
        assert "too long" in message
        assert process_time() - started < SECONDS

    @pytest.mark.parametrize("name", sorted(MAX_LENGTHS))
    def test_the_longest(self, send: Send, behind: Behind, name: str) -> None:
        assert send(**{name: ("a/b; c=" + "d" * MAX_LENGTHS[name])[: MAX_LENGTHS[name]]})[0] == 200

    def test_a_path_that_is_too_long(self, send: Send, behind: Behind) -> None:
        assert send("/" + "\xff" * (MAX_PATH - 1))[0] == 200
        assert send("/" + "\xff" * MAX_PATH)[0] == 414
        assert behind.requests == 1

    def test_below_graphql_it_is_told_as_json(self, send: Send) -> None:
        for path, is_json in (("/graphql/", True), ("/graphql", True), ("/nowhere", False)):
            _, message = send(path, HTTP_ACCEPT="a" * 2000)
            assert message.startswith("{") is is_json
            if is_json:
                assert json.loads(message)["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


class TestCookies:
    def test_an_empty_header_is_a_guests(self, send: Send, behind: Behind) -> None:
        """Some clients send one. Granian also makes one of `Cookie: city=Zürich; sessionid=…`."""
        assert (send(HTTP_COOKIE="")[0], behind.requests) == (200, 1)

    def test_of_many_backslashes(self, send: Send, behind: Behind) -> None:
        assert send(HTTP_COOKIE='a="' + '\\"' * 100 + '"')[0] == 200
        assert send(HTTP_COOKIE='a="' + '\\"' * 4000)[0] == 400
        assert behind.requests == 1


class TestBodies:
    @pytest.mark.parametrize(
        ("path", "content_type", "maximum"),
        [
            ("/graphql/", FORM, MAX_UPLOAD_BYTES),
            ("/graphql", FORM, MAX_UPLOAD_BYTES),
            ("/admin/catalog/product/add/", FORM, MAX_UPLOAD_BYTES),
            ("/admin/catalog/product/import", FORM, MAX_UPLOAD_BYTES),
            ("/graphql/", "application/json", 1024**2),
            ("/stripe/webhook/", "application/json", 1024**2),
            ("/admin/orders/order/", FORM, 1024**2),
            ("/admin/login/", FORM, MAX_SMALL_BYTES),
            ("/admin/login/", "application/x-www-form-urlencoded", MAX_SMALL_BYTES),
            ("/healthz", FORM, MAX_SMALL_BYTES),
            ("/nowhere", FORM, MAX_SMALL_BYTES),
            ("/graphql/nowhere", FORM, MAX_SMALL_BYTES),
            ("//graphql/", FORM, MAX_SMALL_BYTES),
            ("/graphql/\n", FORM, MAX_SMALL_BYTES),
        ],
    )
    def test_are_bounded_by_path(
        self, send: Send, behind: Behind, path: str, content_type: str, maximum: int
    ) -> None:
        body = Body(b" " * (maximum + 1))
        status, message = send(path, body, CONTENT_TYPE=content_type)
        assert (status, behind.requests) == (413, 0)
        assert f"at most {maximum} bytes" in message
        assert body.left == 0  # otherwise the connection would be closed while the client is still sending
        fitting = form(FILE, content=b"x" * (maximum - len(form(FILE, content=b""))))
        assert len(fitting) == maximum
        assert send(path, fitting, CONTENT_TYPE=content_type)[0] == 200

    def test_the_largest_picture_is_taken(self, send: Send, behind: Behind) -> None:
        assert send(body=form(FILE, content=b"-" * MAX_UPLOAD_BYTES), CONTENT_TYPE=FORM)[0] == 413
        body = form(FILE, content=b"-" * MAX_BYTES)
        assert send(body=body, CONTENT_TYPE=FORM)[0] == 200
        assert behind.files["0"].size == MAX_BYTES

    def test_a_client_that_waits_for_leave_to_send_is_not_read(self, send: Send) -> None:
        body = Body(b" " * 2 * MEGABYTE)
        assert send("/nowhere", body, HTTP_EXPECT="100-continue")[0] == 413
        assert body.left == 2 * MEGABYTE

    def test_of_unknown_length(self, send: Send, behind: Behind) -> None:
        assert send(HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")[0] == 411
        assert behind.requests == 0

    @pytest.mark.parametrize("length", ["-1", "1.5", "²", "+2", "9" * 30, " 1"])
    def test_of_a_length_that_is_none(self, send: Send, behind: Behind, length: str) -> None:
        assert send(CONTENT_LENGTH=length)[0] == 400
        assert behind.requests == 0


class TestParts:
    @pytest.mark.parametrize(
        "header",
        [
            *(b"X:;\r\n" * 190, b"X: y; a*=punycode''" + b"a" * 900, b"X: y" + b";a=b" * 220),
            *(b'X: y; a="' + b'\\";' * 300, b"X: y" + b"".join(b";a*%d=b" % n for n in range(140))),
            *(b"Content-Type: text/plain; charset=punycode", b'Content-Type: text/plain; Charset="zlib"'),
            *(b"Content-Type: text/plain; charset*=utf-8''zlib", FIELD + b"; filename*=zlib''a"),
            *(
                FIELD + b"; filename* =punycode''a-" * 3,
                FIELD + b"; name*0*\t=zlib''a",
                FIELD + b"; filename *=hex''a",
            ),
            *(b"Content-Type: text/plain; charset =punycode", b"Content-Type: text/plain; charset\x0c=zlib"),
        ],
    )
    @pytest.mark.parametrize("first", [b"", b"a line\r\n\r\n", form(FIELD)[:-7]])
    def test_headers_that_no_browser_sends(
        self, send: Send, behind: Behind, header: bytes, first: bytes
    ) -> None:
        repeated = form(*[header] * (MEGABYTE // len(header)))
        started = process_time()
        body = Body(first + repeated)
        assert send(body=body, CONTENT_TYPE=FORM)[0] in (400, 415)
        assert process_time() - started < SECONDS
        assert body.left == 0

    @pytest.mark.parametrize("shift", range(0, 120, 7))
    def test_a_header_across_two_chunks(self, send: Send, shift: int) -> None:
        """Django reads 64 kB at a time."""
        padding = form(FILE, content=b"x" * (64 * 1024 - 200 + shift))[: -len(b"--B--\r\n")]
        bad = form(b"Content-Type: text/plain; charset=punycode\r\n" + FIELD)
        assert send(body=padding + bad, CONTENT_TYPE=FORM)[0] == 415

    def test_one_before_the_first_boundary(self, send: Send) -> None:
        preamble = b"X: y; a*=punycode''" + b"a" * 900 + b"\r\n\r\n"
        assert send(body=preamble + form(FIELD), CONTENT_TYPE=FORM)[0] == 415

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("path", "expected"), [("/nowhere", 404), ("/admin/login/", 400), ("/graphql/", 415)]
    )
    def test_a_refusal_is_no_fault_of_the_server(self, path: str, expected: int) -> None:
        request = RequestFactory().post(path, form(FIELD + b"; filename*=zlib''a"), content_type=FORM)
        environ = {
            **request.environ,
            "HTTP_COOKIE": f"csrftoken={'a' * 32}",
            "HTTP_APOLLO_REQUIRE_PREFLIGHT": "1",
        }
        statuses: list[str] = []
        Guard(WSGIHandler())(environ, lambda status, *_: statuses.append(status))
        assert [int(status.split()[0]) for status in statuses] == [expected]

    @pytest.mark.parametrize("header", [b"", b"X: y", FIELD])
    def test_too_many(self, send: Send, header: bytes) -> None:
        assert send(body=form(*[header] * (MAX_PARTS + 1)), CONTENT_TYPE=FORM)[0] == 400

    def test_what_clients_send(self, send: Send, behind: Behind) -> None:
        body = form(
            FIELD,
            b'content-disposition: form-data; name="b"\r\ncontent-type: text/plain; charset=utf-8\r\n'
            b"content-transfer-encoding: 8bit\r\ncontent-length: 1",
            b'Content-Disposition: form-data; name="0"; filename="Z\xc3\xbcrich.png"; '
            b"filename*=UTF-8''Z%C3%BCrich.png\r\nContent-Type: image/png",
        )
        assert send(body=body, CONTENT_TYPE=FORM)[0] == 200
        assert behind.post == QueryDict("a=x&b=x")
        assert behind.files["0"].name == "Zürich.png"

    def test_to_django_it_is_a_malformed_form(self) -> None:
        assert issubclass(Refusal, MultiPartParserError)
