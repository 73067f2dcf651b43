"""Spans: the tree of a request, and what is not in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from core import tracing
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import add_to_cart, checkout
from tests.tasks import run_tasks

pytestmark = pytest.mark.django_db

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[Any]:
    """The spans that have ended, in memory."""
    if find_spec("opentelemetry.sdk") is None:
        pytest.fail("NOT TESTED WITH OPENTELEMETRY: INSTALL requirements-dev.txt.")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracing.switch_on(SimpleSpanProcessor(exporter))
    tracing.trace_statements(connection)
    yield exporter
    tracing.switch_off()
    connections["default"].execute_wrappers.remove(tracing.trace_statement)


def tree(spans: Any, parent: Any = None) -> list[Any]:
    """Return the names of the spans below the parent, each with those below it."""
    below = [span for span in spans if (span.parent.span_id if span.parent else None) == parent]
    below.sort(key=lambda span: span.start_time)
    return [(span.name, tree(spans, span.context.span_id)) for span in below]


def test_a_query(api: GraphQLClient, spans: Any) -> None:
    api.run("query Mine { products { nodes { name } } }")
    assert tree(spans.get_finished_spans()) == [("POST", [("query products", [("SELECT", [])])])]
    *_, request = spans.get_finished_spans()
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "http.route": "graphql/",
        "http.response.status_code": 200,
    }


def test_a_checkout_and_its_task(api: GraphQLClient, spans: Any) -> None:
    add_to_cart(api, make_product())
    spans.clear()
    assert checkout(api)["__typename"] == "Order"
    [(request, [*_, (operation, steps)])] = tree(spans.get_finished_spans())
    assert (request, operation) == ("POST", "mutation checkout")
    names = [name for name, _ in steps]
    assert "INSERT" in names
    assert names.index("Stripe POST") > names.index("INSERT")
    [call] = [span for span in spans.get_finished_spans() if span.name == "Stripe POST"]
    assert call.attributes["url.template"] == "/v1/payment_intents"
    assert call.attributes["http.response.status_code"] == 200
    enqueued = {
        span.attributes["messaging.message.id"]
        for span in spans.get_finished_spans()
        if span.name.startswith("enqueue ")
    }
    run_tasks()
    run = {
        span.attributes["messaging.message.id"]
        for span in spans.get_finished_spans()
        if span.kind.name == "CONSUMER"
    }
    assert enqueued <= run


def test_nothing_tells_whom_it_concerns(api: GraphQLClient, client: Client, spans: Any) -> None:
    make_product(slug="secretcup")
    api.run("query Secretname($slug: String!) { product(slug: $slug) { name } }", slug="secretcup")
    client.get("/documents/secrettoken/?secret=1")
    register = 'register(input: {email: "secret@example.com", password: "secretword-9"}) { __typename }'
    client.post("/graphql/", {"query": f"mutation {{ {register} }}"}, content_type="application/json")
    told = json.dumps([json.loads(span.to_json()) for span in spans.get_finished_spans()])
    assert "documents/<str:token>/" in told
    assert "secret" not in told.lower()


def test_the_text_of_an_error_is_left_out(spans: Any) -> None:
    with pytest.raises(ValueError, match="secret"), tracing.span("step"):
        raise ValueError("secret@example.com")
    [failed] = spans.get_finished_spans()
    assert failed.attributes["error.type"] == "ValueError"
    assert failed.status.status_code.name == "ERROR"
    assert "secret" not in failed.to_json()


def test_a_request_is_part_of_the_clients_trace(client: Client, spans: Any) -> None:
    client.get("/livez", headers={"traceparent": PARENT})
    [request] = spans.get_finished_spans()
    assert f"{request.context.trace_id:032x}" in PARENT
    assert f"{request.parent.span_id:016x}" in PARENT


def test_an_invented_method_is_no_name(client: Client, spans: Any) -> None:
    client.generic("SECRET", "/livez")
    assert [span.name for span in spans.get_finished_spans()] == ["_OTHER"]


def test_statements_outside_of_a_span_are_not_recorded(spans: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert not spans.get_finished_spans()


def test_off_by_default(api: GraphQLClient, settings: Settings) -> None:
    assert settings.OTEL_EXPORTER_OTLP_ENDPOINT == ""
    assert tracing._tracer is None
    assert tracing.trace_statement not in connection.execute_wrappers


class TestSwitch:
    """By the variable, in processes of their own."""

    def start(self, code: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DEBUG": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)

    @pytest.mark.slow
    def test_it_switches_spans_on(self) -> None:
        done = self.start(
            "import django; django.setup(); from core import tracing; assert tracing._tracer;"
            "from django.db import connection; connection.ensure_connection();"
            "assert tracing.trace_statement in connection.execute_wrappers; import os; os._exit(0)"
        )
        assert done.returncode == 0, done.stderr

    @pytest.mark.slow
    def test_without_the_packages_it_says_what_to_install(self) -> None:
        done = self.start("import sys; sys.modules['opentelemetry'] = None; import django; django.setup()")
        assert done.returncode != 0
        assert "pip install --requirement requirements-telemetry.txt" in done.stderr
