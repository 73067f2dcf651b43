"""A shop whose Redis does not answer: it sells, and refuses what must be counted."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from django.core.cache import caches
from django.test import Client, override_settings

from accounts.models import User
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import add_to_cart, checkout

pytestmark = pytest.mark.django_db

PASSWORD = "a long passphrase"
LOGIN = f'mutation {{ login(input: {{email: "ada@example.com", password: "{PASSWORD}"}}) {{ __typename }} }}'
REFUSED = {"login": {"__typename": "TooManyAttempts"}}
NOWHERE = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
}


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com", password=PASSWORD)


@pytest.fixture
def shopper(ada: User, signed_in: Callable[[User], GraphQLClient]) -> GraphQLClient:
    return signed_in(ada)


@pytest.fixture
def _without_redis(shopper: GraphQLClient) -> Iterator[None]:
    with override_settings(CACHES={"default": NOWHERE, "documents": NOWHERE}):
        yield
        caches["default"].close()


@pytest.mark.usefixtures("_without_redis")
class TestWithoutRedis:
    def test_who_is_signed_in_stays_signed_in(self, shopper: GraphQLClient) -> None:
        assert shopper.run("{ me { email } }") == {"me": {"email": "ada@example.com"}}

    def test_nobody_signs_in(self, api: GraphQLClient) -> None:
        assert api.run(LOGIN) == REFUSED
        assert api.run("{ me { email } }") == {"me": None}

    def test_nobody_signs_in_to_the_admin(self, client: Client) -> None:
        form = {"username": "ada@example.com", "password": PASSWORD}
        assert client.post("/admin/login/", form).status_code == 429

    def test_nobody_registers(self, api: GraphQLClient) -> None:
        mutation = LOGIN.replace("login", "register").replace("ada@", "bob@")
        assert api.run(mutation) == {"register": {"__typename": "TooManyAttempts"}}
        assert User.objects.count() == 1

    def test_a_visitor_buys(self, api: GraphQLClient) -> None:
        product = make_product()
        assert add_to_cart(api, product)["__typename"] == "Cart"
        placed = checkout(api)
        assert placed["__typename"] == "Order"
        assert placed["payment"]["clientSecret"]

    def test_persisted_documents_are_sent_in_full(self, api: GraphQLClient) -> None:
        document = "{ shop { currency } }"
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(document.encode()).hexdigest()}}
        alone = api.get("/graphql/", {"extensions": json.dumps(extensions)})
        assert alone.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        body = {"query": document, "extensions": extensions}
        full = api.post("/graphql/", body, content_type="application/json")
        assert full.json()["data"] == {"shop": {"currency": "USD"}}


def test_who_signs_out_meanwhile_does_not_come_back(shopper: GraphQLClient) -> None:
    cookie = shopper.cookies["sessionid"].value
    with override_settings(CACHES={"default": NOWHERE, "documents": NOWHERE}):
        assert shopper.run("mutation { logout }") == {"logout": True}
    shopper.cookies["sessionid"] = cookie
    assert shopper.run("{ me { email } }") == {"me": None}
