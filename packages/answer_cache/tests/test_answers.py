"""The middleware in front of an application without a shop or GraphQL."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from gzip import decompress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from packages.answer_cache import Answers, Revision, Tables, Watcher, answers, keep
from packages.answer_cache.keeper import CONTENT, FREQUENT
from packages.answer_cache.watcher import note_reads

GZIP = {"HTTP_ACCEPT_ENCODING": "gzip"}


class Site:
    """An application of one page. Tests set its attributes to choose the answer."""

    def __init__(self, path: Path) -> None:
        self.revision = Revision(path)
        self.answers = Answers(
            self.application,
            keeper=self.revision,
            paths=("/page",),
            session_cookie="session",
            headers=("Accept-Language",),
        )
        self.asked = 0
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        self.body = b"page " * 200
        self.seconds: float | None = 60
        self.read: Callable[[], object] = lambda: None

    def application(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        self.read()
        if self.seconds is not None:
            keep(environ, seconds=self.seconds)
        start_response(self.status, [("X-Request-Id", str(self.asked)), *self.headers])
        return [self.body[:3], self.body[3:]]

    def get(self, path: str = "/page", **headers: str) -> tuple[str, dict[str, str], bytes]:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.input": BytesIO(), **headers}
        started: list[Any] = []
        body = b"".join(self.answers(environ, lambda *given: started.extend(given)))
        return started[0], dict(started[1]), body


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "revision")


class TestKept:
    def test_asked_once(self, site: Site) -> None:
        answers = [site.get() for _ in range(2)]
        assert site.asked == 1
        assert [(status, body) for status, _, body in answers] == [("200 OK", site.body)] * 2
        assert len({headers["X-Request-Id"] for _, headers, _ in answers}) == 2

    def test_apart_by_what_is_keyed(self, site: Site) -> None:
        for language in ("en", "de", "en", "de"):
            site.get(HTTP_ACCEPT_LANGUAGE=language)
        site.get(QUERY_STRING="a=1")
        assert site.asked == 3

    def test_together_where_a_header_means_the_same(self, site: Site) -> None:
        site.answers = Answers(
            site.application,
            keeper=site.revision,
            paths=("/page",),
            session_cookie="session",
            headers=(),
            normalized={"Accept-Language": lambda accepted: accepted[:2]},
        )
        site.headers = [("Vary", "Accept-Language")]
        for language in ("en", "de", "en-GB", "de, en", "", "fr"):
            site.get(HTTP_ACCEPT_LANGUAGE=language)
        site.get()
        assert site.asked == 4

    def test_apart_where_texts_run_together(self, site: Site) -> None:
        site.get(HTTP_HOST="a", HTTP_ACCEPT_LANGUAGE="b")
        site.get(HTTP_HOST="a', 'b")
        assert site.asked == 2

    def test_no_longer_than_it_holds(self, site: Site) -> None:
        site.seconds = 0
        site.get()
        site.get()
        assert site.asked == 2

    @pytest.mark.parametrize("token", [CONTENT, FREQUENT])
    def test_until_a_token_changes_on_which_it_depends(self, site: Site, token: int) -> None:
        site.get()
        change = site.revision.change()
        change.announce(token)
        change.end()
        site.get()
        assert site.asked == (2 if token == CONTENT else 1)  # it has read no frequent table


class TestNotKept:
    def test_without_being_allowed(self, site: Site) -> None:
        site.seconds = None
        assert site.get()[2] == site.get()[2] == site.body
        assert site.asked == 2

    @pytest.mark.parametrize(
        "header",
        [("Set-Cookie", "a=b"), ("Vary", "User-Agent"), ("Vary", "Cookie, *"), ("vary", "Authorization")],
    )
    def test_for_a_header_that_makes_it_somebodys(self, site: Site, header: tuple[str, str]) -> None:
        site.headers = [header]
        for _ in range(2):
            status, headers, body = site.get()
            assert (status, headers[header[0]], body) == ("200 OK", header[1], site.body)
        assert site.asked == 2

    def test_if_it_varies_by_what_is_keyed_it_is_kept(self, site: Site) -> None:
        site.headers = [("Vary", "Accept-Language, Cookie, Accept-Encoding")]
        site.get()
        site.get()
        assert site.asked == 1

    def test_another_status(self, site: Site) -> None:
        site.status = "404 Not Found"
        assert site.get()[0] == site.get()[0] == site.status
        assert site.asked == 2

    @pytest.mark.parametrize(
        "asked",
        [
            {"path": "/other"},
            {"REQUEST_METHOD": "PUT"},
            {"HTTP_COOKIE": "a=b; session=c"},
            {"HTTP_TRANSFER_ENCODING": "chunked"},
            {"HTTP_HOST": "h" * answers.MAX_KEYED_CHARACTERS},
            {"CONTENT_LENGTH": str(answers.MAX_REQUEST_BYTES + 1)},
        ],
    )
    def test_another_request(self, site: Site, asked: dict[str, str]) -> None:
        site.get(**asked)
        site.get(**asked)
        assert site.asked == 2
        assert not site.answers.kept

    def test_while_somebody_changes_the_data(self, site: Site) -> None:
        change = site.revision.change()
        site.get()
        change.end()
        site.get()
        site.get()
        assert site.asked == 2


class TestNegotiated:
    def test_gzip_only_where_it_is_wanted(self, site: Site) -> None:
        _, headers, body = site.get(**GZIP)
        assert (headers["Content-Encoding"], decompress(body)) == ("gzip", site.body)
        for accepted in ("", "gzip;q=0", "br"):
            _, headers, body = site.get(HTTP_ACCEPT_ENCODING=accepted)
            assert ("Content-Encoding" in headers, body) == (False, site.body)
        assert site.asked == 2

    def test_a_short_answer_is_compressed_if_nothing_else_is_taken(self, site: Site) -> None:
        site.body = b"short"
        assert site.get(**GZIP)[2] == b"short"
        assert decompress(site.get(HTTP_ACCEPT_ENCODING="gzip, identity;q=0")[2]) == b"short"

    def test_not_modified(self, site: Site) -> None:
        etag = site.get()[1]["ETag"]
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            status, headers, body = site.get(HTTP_IF_NONE_MATCH=known)
            assert (status, headers["ETag"], body) == ("304 Not Modified", etag, b"")
        for known in ('"x"', etag.strip('"'), f'"{etag.strip(chr(34))}x"'):
            assert site.get(HTTP_IF_NONE_MATCH=known)[0] == "200 OK"


class TestHeld:
    """The bound covers everything that is kept: keys, bodies, headers, and Python's overhead."""

    @pytest.mark.parametrize(
        "vary",
        [
            lambda site, number: {"QUERY_STRING": f"{number}" + "q" * 3_000},
            lambda site, number: setattr(site, "headers", [("X-Text", f"{number}" * 2_000)]),
            lambda site, number: setattr(site, "headers", [(f"X-{n}", f"{number}") for n in range(50)]),
            lambda site, number: setattr(site, "body", b"%d" % number * 10_000),
        ],
        ids=["keys", "headers", "many headers", "bodies"],
    )
    def test_in_bytes(self, site: Site, monkeypatch: pytest.MonkeyPatch, vary: Any) -> None:
        monkeypatch.setattr(answers, "MAX_HELD_BYTES", 1_000_000)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for number in range(1_500):
                site.get(**({"QUERY_STRING": str(number)} | (vary(site, number) or {})))
            gc.collect()  # what nobody holds waits for this
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert site.asked == 1_500
        assert 1 < len(site.answers.kept) < 1_500
        assert after - before < 1_100_000


@pytest.mark.django_db(transaction=True)
class TestWatched:
    """A watched connection, with the test's own tables."""

    @pytest.fixture
    def watched(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        default = connections[connection.alias]
        default.ensure_connection()  # a new connection would be watched for the project that runs the tests
        for name in ("make_cursor", "make_debug_cursor"):
            monkeypatch.setattr(default, name, getattr(default, name))
        monkeypatch.setattr(default, "execute_wrappers", [])
        Watcher(Tables(private=("secret",), frequent=("sale",)), lambda: site.revision).watch(default)
        tables = ("thing", "secret", "sale")
        for table in tables:
            self.run(f"CREATE TABLE {table} (number integer)")
        yield
        for table in tables:
            self.run(f"DROP TABLE {table}")

    @staticmethod
    def run(sql: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if sql.startswith("SELECT") else None

    @pytest.mark.parametrize(
        ("read", "write", "asked"),
        [
            ("SELECT number FROM thing", "INSERT INTO thing VALUES (1)", 2),
            ("SELECT number FROM thing", "INSERT INTO sale VALUES (1)", 1),
            ("SELECT number FROM thing", "INSERT INTO secret VALUES (1)", 1),
            ("SELECT number FROM sale", "INSERT INTO sale VALUES (1)", 2),
            ("SELECT number FROM secret", "SELECT 1", 2),
            ("INSERT INTO secret VALUES (2)", "SELECT 1", 2),
        ],
    )
    def test_an_answer_is_kept_until_what_it_has_read_is_written(
        self, site: Site, watched: None, read: str, write: str, asked: int
    ) -> None:
        site.read = lambda: self.run(read)
        site.get()
        self.run(write)
        site.get()
        assert site.asked == asked

    def test_a_transaction_is_one_change_that_ends_with_it(self, site: Site, watched: None) -> None:
        with transaction.atomic():
            self.run("INSERT INTO thing VALUES (1)")
            changed = site.revision.tokens()
            assert site.revision.note() is None
            self.run("INSERT INTO thing VALUES (2)")
            assert site.revision.tokens() == changed
        assert site.revision.note() == changed

    def test_a_rollback_lets_go(self, site: Site, watched: None) -> None:
        with transaction.atomic():
            self.run("INSERT INTO thing VALUES (1)")
            transaction.set_rollback(True)
        assert site.revision.note()

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="executescript is SQLite's")
    def test_a_script_bypasses_the_wrappers(self, site: Site, watched: None) -> None:
        before = site.revision.tokens()
        with connection.cursor() as cursor, note_reads() as reads:
            cursor.executescript("INSERT INTO thing VALUES (1)")
            assert site.revision.note() is None
        del cursor
        assert reads.private
        assert site.revision.note() not in (None, before)

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="COPY and procedures are PostgreSQL's")
    def test_copy_and_procedures_bypass_the_wrappers(self, site: Site, watched: None) -> None:
        tokens = [site.revision.tokens()]
        with connection.cursor() as cursor:
            with cursor.copy("COPY thing FROM STDIN") as copy:
                copy.write_row((1,))
                assert site.revision.note() is None
            tokens.append(site.revision.tokens())
            cursor.callproc("abs", [1])
            tokens.append(site.revision.tokens())
        del cursor
        assert len(set(tokens)) == 3
        assert self.run("SELECT number FROM thing") == [(1,)]
        assert site.revision.note() == tokens[-1]
