"""The budget for the cost of one shopper's operations in a minute."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings
from pytest_django import Settings
from redis import Redis

from accounts.models import User
from backend.http import budget
from core.budget import Budget
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_user
from tests.guests import Entrance

pytestmark = pytest.mark.django_db

LIMIT = 100
ME = "{ me { email } }"  # costs 2
LIST = "{ products(first: 20) { nodes { name slug } } }"  # costs 46
ADD = "mutation($id: ID!) { addToCart(input: {productId: $id, quantity: 1}) { __typename } }"


@pytest.fixture(autouse=True)
def _budget(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STORE_MAX_COST_PER_MINUTE = LIMIT
    monkeypatch.setattr(budget, "owners", budget.Owners())
    monkeypatch.setattr("core.budget.time", lambda: 600_000_000.0)  # a window begins


def state(answer: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = answer["extensions"]["cost"]["budget"]
    return found


class TestTold:
    def test_with_the_cost(self, api: GraphQLClient) -> None:
        for spent in (2, 4):
            assert api.send(ME)["extensions"]["cost"] == {
                "requested": 2,
                "maximum": 15_000,
                "budget": {"limit": LIMIT, "remaining": LIMIT - spent, "resetsInSeconds": 60},
            }

    def test_not_where_it_is_switched_off(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_COST_PER_MINUTE = 0
        assert "budget" not in api.send(ME)["extensions"]["cost"]

    @pytest.mark.django_db(transaction=True)
    def test_of_one_guest_to_no_other(self, settings: Settings, tmp_path: Path) -> None:
        settings.STORE_ANSWER_CACHE = True
        settings.STORE_REVISION_FILE = tmp_path / "revision"
        entrance = Entrance()
        make_product()
        for _ in range(50):  # only the first of them costs anything
            answer = json.loads(entrance.post(LIST).body)
            assert answer["extensions"]["cost"] == {"requested": 46, "maximum": 15_000}
        assert entrance.worked_out == 1
        assert state(json.loads(entrance.post(ME).body))["remaining"] == LIMIT - 46 - 2


class TestSpent:
    @pytest.mark.usefixtures("cache")
    def test_refused_until_the_next_minute(self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(2):
            assert "data" in api.send(LIST)
        monkeypatch.setattr("core.budget.time", lambda: 600_000_047.5)
        answer = api.send(LIST)
        [error] = answer["errors"]
        assert "data" not in answer
        assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 13}
        assert answer["extensions"]["cost"]["requested"] == 46
        assert state(answer) == {"limit": LIMIT, "remaining": 0, "resetsInSeconds": 13}
        monkeypatch.setattr("core.budget.time", lambda: 600_000_060.0)
        assert "data" in api.send(LIST)

    def test_a_refused_mutation_changes_nothing(self, api: GraphQLClient, settings: Settings) -> None:
        product = make_product()
        api.run(ADD, id=global_id("Product", product.pk))
        settings.STORE_MAX_COST_PER_MINUTE = 3
        api.send(ME)
        assert api.expect_refusal(ADD, id=global_id("Product", product.pk)) == "RATE_LIMITED"
        settings.STORE_MAX_COST_PER_MINUTE = 0
        assert api.run("{ cart { totalQuantity } }") == {"cart": {"totalQuantity": 1}}

    def test_what_is_invalid_costs_too(self, api: GraphQLClient) -> None:
        for _ in range(LIMIT // 2):
            assert api.expect_refusal("{ shop { nothing } }") == "BAD_USER_INPUT"
        assert api.expect_refusal("{ shop { nothing } }") == "RATE_LIMITED"

    def test_without_a_statement(
        self, api: GraphQLClient, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        with django_assert_num_queries(0):
            api.run("{ shop { currency } }")

    def test_browsing_goes_on_without_the_cache(
        self, api: GraphQLClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        redis = "django.core.cache.backends.redis.RedisCache"
        with override_settings(CACHES={"default": {"BACKEND": redis, "LOCATION": "redis://127.0.0.1:1/0"}}):
            assert "budget" not in api.send(ME)["extensions"]["cost"]
        assert "is not counted" in caplog.text


class TestWhose:
    def test_an_address_without_sessions(self) -> None:
        for _ in range(2):
            assert "data" in GraphQLClient().send(LIST)
        assert GraphQLClient().expect_refusal(LIST) == "RATE_LIMITED"
        assert "data" in GraphQLClient(REMOTE_ADDR="198.51.100.7").send(LIST)

    def test_invented_sessions_are_their_address(self) -> None:
        for _ in range(2):
            client = GraphQLClient()
            client.cookies["sessionid"] = uuid4().hex
            client.send(LIST)
            client.send(ME)
        client = GraphQLClient()
        client.cookies["sessionid"] = uuid4().hex
        assert client.expect_refusal(LIST) == "RATE_LIMITED"

    def test_visitors_apart_once_their_session_is_known(self) -> None:
        product = make_product()
        visitors = [GraphQLClient(), GraphQLClient()]
        for visitor in visitors:
            visitor.run(ADD, id=global_id("Product", product.pk))
            visitor.run("{ cart { totalQuantity } }")
        remaining = [state(visitor.send(ME))["remaining"] for visitor in visitors]
        assert remaining == [LIMIT - 2, LIMIT - 2]

    def test_a_person_on_two_devices_is_one(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        user = make_user()
        devices = [signed_in(user), signed_in(user)]
        for device in devices:
            device.send(ME)
        remaining = [state(device.send(ME))["remaining"] for device in devices]
        assert remaining == [LIMIT - 2, LIMIT - 4]

    def test_owners_are_forgotten_beyond_so_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(budget, "MAX_KNOWN", 2)
        owners = budget.Owners()
        for number in range(3):
            owners.add(f"cookie {number}", f"owner {number}")
            owners.get("cookie 0")
        assert set(owners.by_cookie.values()) == {"owner 0", "owner 2"}


@pytest.mark.usefixtures("cache")
class TestBudget:
    def test_counts_apart_by_name_and_by_whose_it_is(self) -> None:
        first, second = (Budget(name=name, limit=10, seconds=60) for name in ("first", "second"))
        assert [first.spend("ada", 4).remaining for _ in range(3)] == [6, 2, 0]
        assert first.spend("grace", 4).remaining == 6
        assert second.spend("ada", 4).remaining == 6
        assert not first.spend("ada" * 1_000, 10).is_over

    def test_the_count_goes_with_its_window(self, settings: Settings) -> None:
        Budget(name="first", limit=10, seconds=60).spend("ada", 4)
        if settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
            redis = Redis.from_url(settings.CACHES["default"]["LOCATION"])
            [key] = redis.keys(f"{settings.CACHES['default']['KEY_PREFIX']}*")
            assert 0 < redis.ttl(key) <= 60
