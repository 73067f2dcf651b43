"""Sessions by a header: everything that a cookie does, and what an attacker tries."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from backend.http.guard import MAX_LENGTHS
from tests.accounts.operations import CHANGE_PASSWORD, DELETE_ACCOUNT, LOGIN, LOGOUT, NEW_PASSWORD, REGISTER
from tests.conftest import GraphQLClient, global_id
from tests.factories import PASSWORD, make_picture, make_product, make_user

pytestmark = pytest.mark.django_db

HEADER = "X-Store-Session"
ME = "{ me { email } }"
CART = "{ cart { totalQuantity } }"
ADD = "mutation($id: ID!) { addToCart(input: {productId: $id, quantity: 1}) { __typename } }"
COOKIE = django_settings.SESSION_COOKIE_NAME


class App:
    """A native app: it sends the key that it has, keeps no cookie, and must never be given one."""

    def __init__(self, key: str = "new") -> None:
        self.key = key
        self.told: list[str] = []

    def ask(self, query: str, /, **variables: Any) -> Any:
        response = post(query, {HEADER: self.key}, variables=variables)
        assert not response.cookies
        if HEADER in response:
            self.key = response[HEADER]
            self.told.append(self.key)
            assert response["Cache-Control"] == "private, no-store"
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    def add_to_cart(self) -> None:
        assert self.ask(ADD, id=global_id("Product", make_product().pk))["addToCart"]["__typename"] == "Cart"

    def sign_in(self, user: User) -> None:
        answer = self.ask(LOGIN, input={"email": user.email, "password": PASSWORD})
        assert answer["login"]["__typename"] == "User"

    @property
    def email(self) -> str | None:
        me = self.ask(ME)["me"]
        return me["email"] if me else None

    @property
    def in_cart(self) -> int:
        count: int = self.ask(CART)["cart"]["totalQuantity"]
        return count


def post(
    query: str,
    headers: dict[str, str] | None = None,
    *,
    cookie: str = "",
    variables: dict[str, Any] | None = None,
) -> Any:
    """Post as a client that checks CSRF, with these headers."""
    client = Client(enforce_csrf_checks=True)
    if cookie:
        client.cookies[COOKIE] = cookie
    body = {"query": query, "variables": variables or {}}
    return client.post("/graphql/", body, content_type="application/json", headers=headers)


class TestAnApp:
    def test_of_a_guest_gets_a_key_with_the_first_write(self) -> None:
        app = App()
        assert (app.email, app.in_cart, app.told) == (None, 0, [])
        assert not Session.objects.exists()
        app.add_to_cart()
        key = Session.objects.get().session_key
        assert app.told == [key]
        app.add_to_cart()
        assert (app.in_cart, app.key) == (2, key)

    def test_signs_in_and_takes_its_cart_along(self) -> None:
        user, app = make_user(), App()
        app.add_to_cart()
        before = app.key
        app.sign_in(user)
        assert app.key not in (before, "new")
        assert (app.email, app.in_cart) == (user.email, 1)
        thief = App(before)
        assert (thief.email, thief.in_cart, thief.key) == (None, 0, "new")

    def test_registers(self) -> None:
        app = App()
        app.ask(REGISTER, input={"email": "ada@example.com", "password": NEW_PASSWORD})
        assert app.email == "ada@example.com"

    def test_signs_out(self) -> None:
        app = App()
        app.sign_in(make_user())
        key = app.key
        app.ask(LOGOUT)
        assert app.key == "new"
        assert not Session.objects.exists()
        assert App(key).email is None

    def test_goes_on_under_another_key_with_another_password(self) -> None:
        user, app = make_user(), App()
        app.sign_in(user)
        elsewhere, before = App(), app.key
        elsewhere.sign_in(user)
        passwords = {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD}
        app.ask(CHANGE_PASSWORD, input=passwords)
        assert app.key not in (before, "new")
        assert (app.email, elsewhere.email, App(before).email) == (user.email, None, None)

    def test_ends_with_the_account(self) -> None:
        app = App()
        app.sign_in(make_user())
        app.ask(DELETE_ACCOUNT, input={"password": PASSWORD})
        assert app.key == "new"

    def test_uploads_without_another_header(self) -> None:
        app = App()
        app.sign_in(make_user())
        form = {
            "operations": '{"query": "mutation($f: Upload) { updateProfile(input: {avatar: $f}) { __typename } }", '
            '"variables": {"f": null}}',
            "map": '{"0": ["variables.f"]}',
        }
        answer = Client().post("/graphql/", {**form, "0": make_picture()}, headers={HEADER: app.key})
        assert answer.json()["data"] == {"updateProfile": {"__typename": "User"}}

    def test_may_have_nothing_to_send_yet(self) -> None:
        app = App("")
        app.add_to_cart()
        assert len(app.key) == 32

    def test_has_the_session_of_a_browser_with_this_key(self) -> None:
        """It is the same session: a page that moves into an app hands its key over, if it may read it."""
        app, user = App(), make_user()
        app.sign_in(user)
        assert post(ME, cookie=app.key).json()["data"]["me"] == {"email": user.email}


class TestAttacks:
    def test_a_key_of_ones_own_choice_is_not_taken(self) -> None:
        """So nobody can have somebody sign in under a key that they know."""
        app = App("a" * 32)
        app.add_to_cart()
        assert app.key != "a" * 32
        assert not Session.objects.filter(session_key="a" * 32).exists()

    def test_a_key_that_an_attacker_has_given_changes_at_sign_in(self) -> None:
        attacker = App()
        attacker.add_to_cart()
        victim = App(attacker.key)
        victim.sign_in(make_user())
        assert (attacker.email, attacker.in_cart) == (None, 0)
        assert victim.email

    def test_a_very_long_key_is_refused_before_it_is_read(self) -> None:
        """tests/backend/http/test_guard.py sends them."""
        assert MAX_LENGTHS["HTTP_X_STORE_SESSION"] == 64

    @pytest.mark.parametrize("key", ["a" * 64, "1", "' OR 1=1 --", "../x", "New", "nëw", ";", "a, b"])
    def test_a_key_that_is_none_is_a_guest(self, key: str) -> None:
        assert App(key).email is None

    def test_a_cookie_beside_the_header_does_not_count(self) -> None:
        signed_in, guest = App(), App()
        signed_in.sign_in(make_user())
        guest.add_to_cart()
        for key in ("new", guest.key):
            answer = post(ME, {HEADER: key}, cookie=signed_in.key)
            assert answer.json()["data"] == {"me": None}
            assert not answer.cookies
        # Nor does it end with the header's session.
        answer = post(LOGOUT, {HEADER: guest.key}, cookie=signed_in.key)
        assert (answer.status_code, bool(answer.cookies)) == (200, False)
        assert signed_in.email

    def test_a_page_of_another_site_is_refused_with_the_header_too(self) -> None:
        app = App()
        app.sign_in(make_user())
        evil = {"Origin": "https://evil.example"}
        for key in (app.key, "new"):
            assert post(ME, {HEADER: key, **evil}).status_code == 403
        assert post(ME, {HEADER: app.key, "Sec-Fetch-Site": "cross-site"}).status_code == 403
        asked = {
            **evil,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": HEADER.lower(),
        }
        assert "Access-Control-Allow-Origin" not in Client().options("/graphql/", headers=asked)

    def test_the_admin_takes_no_header(self) -> None:
        app = App()
        app.sign_in(make_user(is_staff=True, is_superuser=True))
        page = Client().get("/admin/", headers={HEADER: app.key})
        assert (page.status_code, HEADER in page) == (302, False)

    def test_without_the_header_nothing_is_told(self, api: GraphQLClient) -> None:
        response: Any = api.post(
            "/graphql/",
            {"query": ADD, "variables": {"id": global_id("Product", make_product().pk)}},
            content_type="application/json",
        )
        assert COOKIE in response.cookies
        assert HEADER not in response


class TestFrontEndsOfOtherOrigins:
    def test_may_send_and_read_the_header(self) -> None:
        origin = {"Origin": django_settings.STORE_ORIGINS[0]}
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": HEADER.lower()}
        allowed = Client().options("/graphql/", headers={**origin, **asked})
        assert HEADER.lower() in allowed["Access-Control-Allow-Headers"]
        answer = post(ME, {HEADER: "new", **origin})
        assert HEADER.lower() in answer["Access-Control-Expose-Headers"]
