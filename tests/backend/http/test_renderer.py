"""A rendering server passes on its shoppers' addresses, and nobody else does."""

from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from core.throttle import client_address
from tests.accounts.operations import LOGIN
from tests.conftest import GraphQLClient

SECRET = "a-secret-of-the-rendering-server-alone"
SHOP = "{ shop { currency } }"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.STORE_RENDERER_SECRET = SECRET


def address_of(**headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client_address(RequestFactory().get("/graphql/", headers=named, REMOTE_ADDR="192.0.2.1"))


def renderer_for(address: str, *, secret: str = SECRET) -> GraphQLClient:
    return GraphQLClient(headers={"X-Store-Renderer": secret, "X-Store-Shopper": address})


class TestClientAddress:
    @pytest.mark.parametrize(
        ("given", "counted"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9:5000", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
            *((malformed, "192.0.2.1") for malformed in ("", "unknown", "1.2.3", "203.0.113.9, 1.2.3.4")),
        ],
    )
    def test_is_the_shoppers(self, given: str, counted: str) -> None:
        assert address_of(X_Store_Renderer=SECRET, X_Store_Shopper=given) == counted

    @pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "ä" * 9])
    def test_is_not_what_a_stranger_says(self, secret: str) -> None:
        assert address_of(X_Store_Renderer=secret, X_Store_Shopper="203.0.113.9") == "192.0.2.1"
        assert address_of(X_Store_Shopper="203.0.113.9") == "192.0.2.1"

    def test_is_not_what_anybody_says_without_a_secret(self, settings: Settings) -> None:
        settings.STORE_RENDERER_SECRET = ""
        assert address_of(X_Store_Renderer="", X_Store_Shopper="203.0.113.9") == "192.0.2.1"

    def test_goes_before_a_proxys_header(self, settings: Settings) -> None:
        settings.STORE_TRUSTED_PROXIES, settings.STORE_CLIENT_HEADER = 1, "Storeclient"
        headers = {
            "X_Store_Renderer": SECRET,
            "X_Store_Shopper": "203.0.113.9",
            "Storeclient": "198.51.100.7",
        }
        assert address_of(**headers) == "203.0.113.9"


@pytest.mark.django_db
class TestTheApi:
    def test_counts_the_shopper(self) -> None:
        input: dict[str, Any] = {"email": "nobody@example.com", "password": "wrong"}
        shopper = renderer_for("203.0.113.9")
        answers = [
            shopper.run(LOGIN, input={**input, "email": f"p{n}@example.com"})["login"] for n in range(60)
        ]
        assert answers[-1]["__typename"] == "TooManyAttempts"
        assert (
            renderer_for("203.0.113.10").run(LOGIN, input=input)["login"]["__typename"]
            == "InvalidCredentials"
        )

    @pytest.mark.parametrize("secret", ["wrong", SECRET + "x", "x" * 256])
    def test_refuses_a_wrong_secret(self, secret: str, caplog: pytest.LogCaptureFixture) -> None:
        """A renderer that has another one would have all of its shoppers counted as one, and nobody would know."""
        renderer = renderer_for("203.0.113.9", secret=secret)
        answer = renderer.post("/graphql/", {"query": SHOP}, content_type="application/json")
        assert answer.status_code == 403
        assert secret not in answer.content.decode() + caplog.text

    def test_refuses_a_secret_where_there_is_none(self, settings: Settings) -> None:
        settings.STORE_RENDERER_SECRET = ""
        answer = renderer_for("203.0.113.9").post(
            "/graphql/", {"query": SHOP}, content_type="application/json"
        )
        assert answer.status_code == 403
