"""Each request is answered in the store's language that it prefers, and from nobody else's kept answer."""

import json
from hashlib import sha256

import pytest
from django.test import Client, override_settings
from django.utils import translation
from pytest_django import Settings

from core.languages import choose_language
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_staff
from tests.guests import Entrance, Reply
from tests.staff import browser_of

LIST = "{ products { nodes { name price { formatted } } } shop { countries { name } } }"
REMOVE = """mutation($id: ID!) {
  removeFromCart(input: {productId: $id}) { __typename ... on UserError { code message } }
}"""


class TestChoice:
    @pytest.mark.parametrize(
        ("accepted", "language"),
        [
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.5", "de"),
            ("DE", "de"),
            ("en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7", "en"),
            ("fr-CH, fr;q=0.9, de;q=0.8, *;q=0.5", "de"),
            ("fr, *;q=0.5, de;q=0.1", "en"),
            ("fr", "en"),
            ("de;q=0", "en"),
            ("de;q=0, en;q=0.1", "en"),
            ("*", "en"),
            ("", "en"),
            ("de;q=high", "en"),
            ("\0de", "en"),
            ("../de", "en"),
            ("de" + ", fr" * 3_000, "de"),
            ("x" * 8_000, "en"),
            ("x-" * 4_000, "en"),
        ],
    )
    def test_is_one_of_the_stores(self, accepted: str, language: str) -> None:
        assert choose_language(accepted) == language

    def test_is_the_stores_own_where_none_is_wanted(self, settings: Settings) -> None:
        settings.LANGUAGE_CODE = "de"
        assert [choose_language(wanted) for wanted in ("fr", "", "en")] == ["de", "de", "en"]

    def test_is_as_fine_as_the_store_tells_them_apart(self) -> None:
        with override_settings(LANGUAGES=[("en-gb", ""), ("en", ""), ("zh-hans", "")]):
            wanted = ["en-GB", "en-AU", "zh-CN", "zh-TW, en-GB;q=0.1"]
            assert [choose_language(tag) for tag in wanted] == ["en-gb", "en", "zh-hans", "zh-hans"]


@pytest.mark.django_db
class TestAnswers:
    def test_are_in_the_language_that_is_wanted(self, api: GraphQLClient) -> None:
        product = make_product(name="lamp", price="1234.50")
        for accepted, language, price, country in (
            ("de-AT, en;q=0.5", "de", "1.234,50\xa0$", "Ägypten"),
            ("fr", "en", "$1,234.50", "Egypt"),
        ):
            response = api.post(
                "/graphql/",
                {"query": LIST},
                content_type="application/json",
                headers={"Accept-Language": accepted},
            )
            data = response.json()["data"]
            assert data["products"]["nodes"] == [{"name": product.name, "price": {"formatted": price}}]
            assert {"name": country} in data["shop"]["countries"]
            assert response["Content-Language"] == language
            assert "Accept-Language" in response["Vary"]

    def test_refusals(self, api: GraphQLClient) -> None:
        product = make_product()
        for accepted, message in (
            ("de", "Dieses Produkt ist nicht im Warenkorb."),
            ("en", "No such product in the cart."),
        ):
            api.defaults["HTTP_ACCEPT_LANGUAGE"] = accepted
            answer = api.run(REMOVE, id=global_id("Product", product.pk))["removeFromCart"]
            assert answer == {"__typename": "NotFound", "code": "NOT_FOUND", "message": message}

    def test_the_language_ends_with_the_request(self, api: GraphQLClient) -> None:
        api.get("/graphql/", {"query": "{ shop { name } }"}, headers={"Accept-Language": "de"})
        assert translation.get_language() == "en"

    def test_top_level_errors(self, api: GraphQLClient) -> None:
        api.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
        [error] = api.send("mutation { resendVerification { __typename } }")["errors"]
        assert error["message"] == "Bitte melden Sie sich an."
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.django_db
class TestAdmin:
    def test_has_one_language(self, settings: Settings) -> None:
        staff = browser_of(make_staff())
        for code, words in (("en", "Log out"), ("de", "Abmelden")):
            settings.LANGUAGE_CODE = code
            page = staff.get("/admin/", headers={"Accept-Language": "de" if code == "en" else "en"})
            assert page["Content-Language"] == code
            assert words in page.content.decode()

    def test_the_sign_in_page_too(self, client: Client) -> None:
        page = client.get("/admin/login/", headers={"Accept-Language": "de"})
        assert (page["Content-Language"], "Accept-Language" in page.get("Vary", "")) == ("en", False)


@pytest.mark.django_db(transaction=True)
class TestKept:
    """Nobody is answered with an answer that was kept for another language."""

    @pytest.mark.parametrize("method", ["POST", "GET", "APQ"])
    def test_apart_by_language(self, entrance: Entrance, method: str) -> None:
        make_product(price="1234.50")
        persisted = {"persistedQuery": {"version": 1, "sha256Hash": sha256(LIST.encode()).hexdigest()}}

        def ask(language: str) -> Reply:
            if method == "POST":
                return entrance.post(LIST, HTTP_ACCEPT_LANGUAGE=language)
            asked = {"query": LIST} if method == "GET" else {"extensions": json.dumps(persisted)}
            return entrance.get(asked, HTTP_ACCEPT_LANGUAGE=language)

        if method == "APQ":
            entrance.get({"query": LIST, "extensions": json.dumps(persisted)}, HTTP_ACCEPT_LANGUAGE="de")
            entrance.worked_out = 0
        replies = [ask(tag) for tag in ("de", "en", "de-CH,de;q=0.9", "fr", "en-GB", "de")]
        prices = [reply.data["products"]["nodes"][0]["price"]["formatted"] for reply in replies]
        german, english = "1.234,50\xa0$", "$1,234.50"
        assert prices == [german, english, german, english, english, german]
        assert entrance.worked_out == 2
        assert [reply.headers["Content-Language"] for reply in replies] == [
            "de",
            "en",
            "de",
            "en",
            "en",
            "de",
        ]
        assert all("Accept-Language" in reply.headers["Vary"] for reply in replies)

    def test_headers_without_number_fill_no_cache(self, entrance: Entrance) -> None:
        make_product()
        for number in range(50):
            entrance.post(LIST, HTTP_ACCEPT_LANGUAGE=f"de, x-{number};q=0.{number}")
        assert entrance.worked_out == 1
