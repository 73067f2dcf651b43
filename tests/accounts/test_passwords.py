"""Hashing is expensive: every hash is counted, and a process computes one at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import passwords
from accounts.models import User
from core.errors import RateLimited
from tests.accounts.operations import CHANGE_PASSWORD, NEW_PASSWORD, answer_of
from tests.conftest import GraphQLClient
from tests.factories import PASSWORD, make_staff, make_user
from tests.staff import browser_of

pytestmark = pytest.mark.django_db

LOGIN_PAGE = reverse("admin:login")


def sign_in(password: str, *, email: str, address: str = "127.0.0.1") -> int:
    browser = Client(REMOTE_ADDR=address)
    return browser.post(LOGIN_PAGE, {"username": email, "password": password}).status_code


class TestAdmin:
    def test_guesses_at_the_login_page_are_throttled(self) -> None:
        root = make_staff()
        assert [sign_in("wrong", email=root.email) for _ in range(10)] == [200] * 10
        assert sign_in(PASSWORD, email=root.email) == 429
        assert sign_in(PASSWORD, email=root.email.upper()) == 429
        assert sign_in(PASSWORD, email=root.email, address="192.0.2.1") == 302

    def test_they_share_their_counters_with_the_api(self, api: GraphQLClient) -> None:
        root = make_staff()
        login = "mutation($input: LoginInput!) { login(input: $input) { __typename } }"
        for _ in range(5):
            sign_in("wrong", email=root.email)
            assert answer_of(api, login, email=root.email, password="wrong") == {
                "__typename": "InvalidCredentials"
            }
        assert sign_in(PASSWORD, email=root.email) == 429
        assert answer_of(api, login, email=root.email, password=PASSWORD) == {"__typename": "TooManyAttempts"}

    def test_the_page_says_when_to_come_back(self) -> None:
        for _ in range(10):
            sign_in("wrong", email="nobody@example.com")
        answer = Client().post(LOGIN_PAGE, {"username": "nobody@example.com", "password": "wrong"})
        assert 0 < int(answer.headers["Retry-After"]) <= 300
        assert "Too many attempts. Please try again in " in answer.text

    def test_guesses_at_the_old_password_are_throttled(self) -> None:
        root = make_staff()
        browser, page = browser_of(root), reverse("admin:password_change")
        new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
        for _ in range(10):
            assert browser.post(page, {"old_password": "wrong", **new}).status_code == 200
        assert browser.post(page, {"old_password": PASSWORD, **new}).status_code == 429
        root.refresh_from_db()
        assert root.check_password(PASSWORD)

    def test_passwords_set_for_others_count(self) -> None:
        root, user = make_staff(), make_user()
        browser, page = browser_of(root), reverse("admin:auth_user_password_change", args=[user.pk])
        form = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        assert [browser.post(page, form).status_code for _ in range(21)] == [302] * 20 + [429]


class TestChangePassword:
    def test_counts_also_where_it_succeeds(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        user = make_user()
        browser, both = signed_in(user), [PASSWORD, NEW_PASSWORD]
        for number in range(10):  # each checks one and sets one
            old, new = both if number % 2 == 0 else both[::-1]
            assert "User" in str(answer_of(browser, CHANGE_PASSWORD, oldPassword=old, newPassword=new))
        input = {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD}
        assert browser.expect_refusal(CHANGE_PASSWORD, input=input) == "RATE_LIMITED"
        user.refresh_from_db()
        assert user.check_password(PASSWORD)


class TestOneCredentialMutation:
    LOGIN = 'login(input: {email: "ada@example.com", password: "wrong"}) { __typename }'
    RESET = 'resetPassword(input: {token: "1", newPassword: "wrong"}) { __typename }'

    @pytest.mark.parametrize(
        "document",
        [
            f"mutation {{ a: {LOGIN} b: {LOGIN} }}",
            f"mutation {{ {LOGIN} {RESET} }}",
            f"mutation {{ ...F a: {LOGIN} }} fragment F on Mutation {{ {RESET} }}",
            f"mutation {{ ... on Mutation {{ a: {LOGIN} }} ... {{ b: {LOGIN} }} }}",
        ],
    )
    def test_two_are_refused_before_any_runs(
        self, api: GraphQLClient, document: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(User, "check_password", None)
        assert api.expect_refusal(document) == "OPERATION_TOO_LARGE"

    def test_one_beside_others_runs(self, api: GraphQLClient) -> None:
        data = api.run(f"mutation {{ logout {self.LOGIN} }}")
        assert data == {"logout": True, "login": {"__typename": "InvalidCredentials"}}

    def test_a_request_that_goes_on_hashing_is_stopped(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A mutation without a password among its arguments is stopped, too."""
        monkeypatch.setattr("backend.http.limits.MAX_CREDENTIALS", 5)
        again = " ".join(f"a{number}: {self.LOGIN}" for number in range(4))
        assert api.expect_refusal(f"mutation {{ {again} }}") == "OPERATION_TOO_LARGE"


@pytest.fixture
def hasher(settings: Settings) -> passwords.OneAtATime:
    settings.PASSWORD_HASHERS = ["accounts.passwords.OneAtATime"]
    hasher = passwords.OneAtATime()
    hasher.iterations = 1
    return hasher


@contextmanager
def another_hashes() -> Iterator[None]:
    """Let another thread hash during the block."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with passwords.take_turn():
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


class TestOneAtATime:
    def test_one_waits_and_more_are_refused(self, hasher: passwords.OneAtATime) -> None:
        hashed: list[str] = []
        waiter = threading.Thread(target=lambda: hashed.append(hasher.encode("a", "salt")))
        with another_hashes():
            waiter.start()
            while passwords.waiting.acquire(blocking=False):  # until it waits
                passwords.waiting.release()
            with pytest.raises(RateLimited):
                hasher.encode("b", "salt")
            assert hashed == []
        waiter.join()
        assert hasher.verify("a", hashed[0])

    def test_nobody_waits_for_long(
        self, hasher: passwords.OneAtATime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(passwords, "MAX_WAIT", 0.01)
        with another_hashes(), pytest.raises(RateLimited) as refusal:
            hasher.encode("a", "salt")
        assert refusal.value.retry_after_seconds == 1
        hasher.encode("a", "salt")

    def test_hashes_as_django_does(self, hasher: passwords.OneAtATime) -> None:
        assert hasher.encode("a", "salt").startswith("pbkdf2_sha256$1$salt$")

    def test_what_a_busy_server_refuses_does_not_count(
        self, api: GraphQLClient, hasher: passwords.OneAtATime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(passwords, "MAX_WAIT", 0.01)
        login = "mutation($input: LoginInput!) { login(input: $input) { __typename } }"
        input = {"email": "a@example.com", "password": "a"}
        with another_hashes():
            for _ in range(25):
                assert api.expect_refusal(login, input=input) == "RATE_LIMITED"
                assert sign_in(PASSWORD, email="a@example.com") == 429
        assert answer_of(api, login, **input) == {"__typename": "InvalidCredentials"}
