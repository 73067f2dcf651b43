"""Metrics for Prometheus."""

import json
import re
from typing import Any

import pytest
import yaml
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from backend.http.metrics import state_of_replica
from orders.models import OrderStatus
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import add_to_cart, checkout

pytestmark = pytest.mark.django_db

RULES = configured.BASE_DIR / "deploy/alerts.yml"
DASHBOARD = configured.BASE_DIR / "deploy/grafana.json"
NAME = re.compile(r"store_\w+")
TYPE = re.compile(r"^# TYPE (\w+)", re.MULTILINE)
# One value of a gauge. The labels of counters are those of the requests that there were.
GAUGE = re.compile(r"(?<![\w(])(store_\w+\{(?:status|state)=\"\w+\"\}) ")


@pytest.fixture
def _token(settings: Settings) -> None:
    settings.STORE_METRICS_TOKEN = "a token"


def scrape(client: Client, *, token: str = "a token", host: str = "127.0.0.1") -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}", "Host": host})


@pytest.mark.usefixtures("_token")
class TestMetrics:
    def test_the_values(self, client: Client, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        assert checkout(api)["__typename"] == "Order"
        response = scrape(client, host="10.0.0.7:8000")
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = response.content.decode().splitlines()
        assert f'store_orders{{status="{OrderStatus.PENDING.value}"}} 1.0' in lines
        assert 'store_tasks{state="failed"} 0.0' in lines
        assert 'store_recent_orders{status="pending"} 1.0' in lines
        assert 'store_recent_payments{status="pending"} 1.0' in lines

    @pytest.mark.parametrize(("behind", "state"), [(0, "current"), (2**24 + 1, "behind"), (None, "away")])
    def test_the_state_of_a_replica(self, behind: int | None, state: str) -> None:
        assert state_of_replica(behind) == state

    @pytest.mark.parametrize("token", ["", "another", "ä"])
    def test_not_without_the_token(self, client: Client, token: str) -> None:
        response = scrape(client, token=token)
        assert response.status_code == 404
        assert b"store_" not in response.content

    def test_by_plain_http(self, client: Client, settings: Settings) -> None:
        settings.SECURE_SSL_REDIRECT = True
        assert scrape(client).status_code == 200

    def test_the_dashboard_shows_all_of_them(self, client: Client) -> None:
        dashboard = json.loads(DASHBOARD.read_text("utf-8"))
        shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        named = {name.removesuffix("_bucket") for text in shown for name in NAME.findall(text)}
        assert named == set(TYPE.findall(scrape(client).content.decode()))

    def test_the_rules_name_metrics_that_there_are(self, client: Client) -> None:
        told = scrape(client).content.decode()
        names, gauges = set(TYPE.findall(told)), set(GAUGE.findall(told))
        [group] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
        for rule in group["rules"]:
            for name in NAME.findall(rule["expr"]):
                assert name.removesuffix("_bucket") in names, rule
            assert all(each in gauges for each in GAUGE.findall(rule["expr"] + " ")), rule


def sample(client: Client, name: str) -> float:
    """Return the value of the series, 0 if there is none yet."""
    found = [line for line in scrape(client).content.decode().splitlines() if line.startswith(f"{name} ")]
    return float(found[0].split()[-1]) if found else 0.0


@pytest.mark.usefixtures("_token")
class TestCounts:
    """The counts are the process's, so each test looks at what they have grown by."""

    @pytest.mark.parametrize(
        ("document", "operation", "code"),
        [
            ("query Mine { shop { name } }", "shop", "OK"),
            (
                "query { ...F } fragment F on Query { ... { a: shop { name } b: shop { currency } } }",
                "shop",
                "OK",
            ),
            ("{ __typename }", "other", "OK"),
            ("{ invented }", "other", "BAD_USER_INPUT"),
            ("{ ...F } fragment F on Query { ...F }", "other", "BAD_USER_INPUT"),
            ("not a document", "other", "BAD_USER_INPUT"),
        ],
    )
    def test_requests_count_under_the_first_field_that_the_schema_has(
        self, client: Client, api: GraphQLClient, document: str, operation: str, code: str
    ) -> None:
        name = f'store_requests_total{{code="{code}",operation="{operation}"}}'
        before = sample(client, name)
        api.post("/graphql/", {"query": document}, content_type="application/json")
        assert sample(client, name) == before + 1

    def test_statements_and_time(self, client: Client, api: GraphQLClient) -> None:
        names = (
            'store_statements_total{operation="products"}',
            'store_request_seconds_count{operation="products"}',
        )
        before = [sample(client, name) for name in names]
        api.run("{ products { nodes { name } } }")
        assert [sample(client, name) for name in names] == [number + 1 for number in before]

    def test_a_fault(self, client: Client, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
        name = 'store_requests_total{code="INTERNAL",operation="shop"}'
        before = sample(client, name)
        monkeypatch.delattr(configured, "STORE_GUEST_CHECKOUT")
        api.post("/graphql/", {"query": "{ shop { guestCheckout } }"}, content_type="application/json")
        assert sample(client, name) == before + 1

    def test_pages_count_under_their_app_or_name(self, client: Client) -> None:
        names = [
            f'store_requests_total{{code="OK",operation="{name}"}}' for name in ("admin", "graphiql", "other")
        ]
        names[2] = 'store_requests_total{code="BAD_USER_INPUT",operation="other"}'
        before = [sample(client, name) for name in names]
        for path in ("/admin/", "/graphiql/", "/unknown/", "/other/unknown/"):
            client.get(path)
        grown = [sample(client, name) - number for name, number in zip(names, before, strict=True)]
        assert grown == [1, 1, 2]

    def test_refusals_by_their_limit(self, client: Client, api: GraphQLClient, settings: Settings) -> None:
        names = [f'store_refusals_total{{limit="{limit}"}}' for limit in ("operation", "cost", "guess")]
        before = [sample(client, name) for name in names]
        settings.STORE_MAX_ALIASES = 1
        api.expect_refusal("{ a: __typename b: __typename }")
        settings.STORE_MAX_COST_PER_MINUTE = 1
        api.expect_refusal("{ shop { name currency } }")
        settings.STORE_MAX_COST_PER_MINUTE = 0
        for _ in range(11):
            api.run('mutation { login(input: {email: "ada@example.com", password: "wrong"}) { __typename } }')
        grown = [sample(client, name) - number for name, number in zip(names, before, strict=True)]
        assert grown[:2] == [1, 1]
        assert grown[2] >= 1


def test_without_a_token_in_the_settings_there_are_none(client: Client, settings: Settings) -> None:
    settings.STORE_METRICS_TOKEN = ""
    assert scrape(client, token="").status_code == 404
