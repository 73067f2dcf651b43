"""manage.py demo with a real server, and a shopper over HTTP."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.error import URLError

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django.live_server_helper import LiveServer

from demo.purchase import shopper, store

pytestmark = pytest.mark.slow

STEPS = [
    "migrate",
    "seed",
    "serve",
    "register",
    "browse",
    "search",
    "favourite",
    "fill cart",
    "set delivery",
    "apply code",
    "check out",
    "pay",
    "look at stock",
    "comment",
]


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[store.Store]]:
    """The stores of the demo, in the test's temporary directory. All of them must have ended."""
    made: list[store.Store] = []
    enter = store.Store.__enter__

    def remember(self: store.Store) -> store.Store:
        made.append(self)
        return enter(self)

    monkeypatch.setattr(store.Store, "__enter__", remember)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield made
    [only] = made
    assert only.processes[-1].returncode == -signal.SIGKILL
    with pytest.raises(URLError, match="refused"):
        store.DIRECT.open(only.url, timeout=5)
    assert list(tmp_path.iterdir()) == []


def demo() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


class TestDemo:
    def test_ends_paid_and_shipped(self, stores: list[store.Store], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        steps, receipt, total = demo().split("\n\n")
        assert [line[4:18].strip() for line in steps.splitlines()] == STEPS
        lines = dict(line.strip().split(maxsplit=1) for line in receipt.replace(" at ", "-at ").splitlines())
        assert lines["Status"] == "SHIPPED"
        assert lines["Payment"] == f"SUCCEEDED, {lines['Amount']}"
        assert lines["Paid-at"] <= lines["Shipped-at"]
        assert total.startswith("All answers were correct, in ")

    def test_names_the_step_and_the_answer_that_are_off(
        self, stores: list[store.Store], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store.Store, "seed", without_products)
        with pytest.raises(CommandError) as failure:
            demo()
        assert "✗ browse: Unexpected('products on sale')" in str(failure.value)
        assert '"totalCount": 0' in str(failure.value)
        assert "POST /graphql/ HTTP/1.1" in str(failure.value)

    def test_terminated_leaves_nothing_behind(self, tmp_path: Path) -> None:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"]
        with subprocess.Popen(
            command, env={**os.environ, "TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL
        ) as demo:
            while not list(tmp_path.glob("store-demo-*/db.sqlite3")):
                assert demo.poll() is None
                time.sleep(0.05)
            demo.terminate()
            assert demo.wait(10) == 1
        assert list(tmp_path.iterdir()) == []


def without_products(self: store.Store) -> str:
    return "nothing"


class TestGraphQLClient:
    def test_what_is_no_answer(self, live_server: LiveServer) -> None:
        api = shopper.GraphQLClient(f"{live_server.url}/elsewhere")
        with pytest.raises(shopper.Unexpected, match="HTTP 200, not 404"):
            api.run("{ shop { currency } }")
        assert "There is no page at this address." in api.answer

    def test_top_level_error(self, live_server: LiveServer) -> None:
        with pytest.raises(shopper.Unexpected, match="no top-level error"):
            shopper.GraphQLClient(live_server.url).run("{ nothing }")

    def test_answer_of_another_type(self, live_server: LiveServer) -> None:
        api = shopper.GraphQLClient(live_server.url)
        with pytest.raises(shopper.Unexpected, match="of the type ProductConnection"):
            api.run('{ search(term: "xyzzy") { __typename } }', answers="ProductConnection")
        assert api.answer["data"]["search"]["__typename"] == "NoProductMatches"
