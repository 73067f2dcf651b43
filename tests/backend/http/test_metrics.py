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
        assert f'store_orders{{status="{OrderStatus.PENDING.value}"}} 1' in lines
        assert 'store_tasks{state="failed"} 0' in lines
        assert all(re.fullmatch(r"# .+|\w+(\{\w+=\"\w+\"\})? \d+", line) for line in lines)

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
        told = set(re.findall(r"^# TYPE (\w+)", scrape(client).content.decode(), re.MULTILINE))
        dashboard = json.loads(DASHBOARD.read_text("utf-8"))
        shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        assert {name for text in shown for name in re.findall(r"store_\w+", text)} == told

    def test_the_rules_name_metrics_that_there_are(self, client: Client) -> None:
        told = re.findall(r"^(\w+(?:\{.*\})?) \d", scrape(client).content.decode(), re.MULTILINE)
        [group] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
        for rule in group["rules"]:
            assert rule["expr"].split()[0] in {*told, 'up{job="store"}'}


def test_without_a_token_in_the_settings_there_are_none(client: Client, settings: Settings) -> None:
    settings.STORE_METRICS_TOKEN = ""
    assert scrape(client, token="").status_code == 404
