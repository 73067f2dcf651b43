"""Signing up, in and out."""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.cache import cache

from accounts.models import Profile, User
from tests.accounts.operations import (
    LOGIN,
    LOGOUT,
    REGISTER,
    VERIFY_EMAIL,
    answer_of,
    email_of,
    session_key,
    token_in,
    wrong_fields,
)
from tests.conftest import GraphQLClient
from tests.factories import PASSWORD, make_user
from tests.hostile import hostile_strings
from tests.tasks import Outbox

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
Mails = Outbox


class TestRegister:
    INPUT = {"email": "ada@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}

    def test_opens_an_account_and_signs_in(self, api: GraphQLClient) -> None:
        answer = answer_of(api, REGISTER, **self.INPUT)
        assert (answer["__typename"], answer["email"], answer["emailVerified"]) == (
            "User",
            "ada@example.com",
            False,
        )
        assert answer["profile"]["name"] == "Ada Lovelace"
        assert email_of(api) == "ada@example.com"
        assert User.objects.get().check_password(PASSWORD)
        assert not User.objects.get().is_staff

    def test_names_may_be_left_out_and_never_come_from_the_email(self, api: GraphQLClient) -> None:
        answer = answer_of(api, REGISTER, email="secret@hidden.example", password=PASSWORD)
        assert (answer["profile"]["name"], answer["profile"]["slug"]) == ("Customer", "customer")

    def test_mails_one_link_that_verifies(self, api: GraphQLClient, mailoutbox: Mails) -> None:
        answer_of(api, REGISTER, **self.INPUT)
        [mail] = mailoutbox
        assert mail.to == ["ada@example.com"]
        assert "http://localhost:3000/verify-email?token=" in mail.body
        assert (
            "Ada" not in f"{mail.subject}{mail.body}"
        )  # otherwise the store could be made to mail anyone's text to anyone
        assert answer_of(GraphQLClient(), VERIFY_EMAIL, token=token_in(mail)) == {
            "__typename": "Done",
            "ok": True,
        }

    @pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM"])
    def test_a_taken_email_is_refused(self, api: GraphQLClient, mailoutbox: Mails, email: str) -> None:
        make_user(email="ada@example.com")
        assert wrong_fields(answer_of(api, REGISTER, **{**self.INPUT, "email": email})) == ["email"]
        self.assert_nothing_happened(api, mailoutbox, users=1)

    @pytest.mark.parametrize(
        ("changed", "fields"),
        [
            ({"email": "no address"}, ["email"]),
            ({"email": ""}, ["email"]),
            ({"email": "a" * 250 + "@example.com"}, ["email"]),
            ({"email": "ada@example.com\nBcc: all@example.com"}, ["email"]),
            ({"password": "short"}, ["password"]),
            ({"password": "password123"}, ["password"]),
            ({"password": "7391846205"}, ["password"]),
            ({"password": "ada@example.com"}, ["password"]),
            ({"password": "x" * 4097}, ["password"]),
            ({"firstName": "x" * 101}, ["firstName"]),
            ({"email": "", "lastName": "x" * 101, "password": "short"}, ["email", "lastName", "password"]),
        ],
    )
    def test_bad_input_is_refused(
        self, api: GraphQLClient, mailoutbox: Mails, changed: dict[str, str], fields: list[str]
    ) -> None:
        answer = answer_of(api, REGISTER, **{**self.INPUT, **changed})
        assert sorted(wrong_fields(answer)) == fields
        self.assert_nothing_happened(api, mailoutbox, users=0)

    def test_a_password_of_the_greatest_length(self, api: GraphQLClient) -> None:
        password = "correct horse " * 300
        assert answer_of(api, REGISTER, **{**self.INPUT, "password": password[:4096]})["__typename"] == "User"
        assert (
            answer_of(api, LOGIN, email="ada@example.com", password=password[:4096])["__typename"] == "User"
        )

    def test_too_often_from_one_address(self, api: GraphQLClient, mailoutbox: Mails) -> None:
        for number in range(20):
            answer_of(GraphQLClient(), REGISTER, **{**self.INPUT, "email": f"ada{number}@example.com"})
        mailoutbox.clear()
        answer = answer_of(api, REGISTER, **self.INPUT)
        assert (answer["__typename"], answer["code"]) == ("TooManyAttempts", "TOO_MANY_ATTEMPTS")
        assert 0 < answer["retryAfterSeconds"] <= 3600
        self.assert_nothing_happened(api, mailoutbox, users=20)

    def test_a_form_that_is_refused_does_not_count(self, api: GraphQLClient) -> None:
        for _ in range(25):
            answer_of(api, REGISTER, **{**self.INPUT, "password": "short"})
        assert answer_of(api, REGISTER, **self.INPUT)["__typename"] == "User"

    @pytest.mark.parametrize("email", ["a@" + "ü" * 60 + ".com", "İ@example.com", "a@ex ample.com"])
    def test_an_address_that_cannot_be_mailed(
        self, api: GraphQLClient, mailoutbox: Mails, email: str
    ) -> None:
        assert wrong_fields(answer_of(api, REGISTER, **{**self.INPUT, "email": email})) == ["email"]
        self.assert_nothing_happened(api, mailoutbox, users=0)

    @pytest.mark.parametrize(
        "spelling",
        [
            "Ada@MÜNCHEN.example ",
            "ada@xn--mnchen-3ya.example\u200b",
            "\uff41\uff44\uff41@mu\u0308nchen.example",
        ],
    )
    def test_another_spelling_is_the_same_account(
        self, api: GraphQLClient, mailoutbox: Mails, spelling: str
    ) -> None:
        make_user(email="ada@münchen.example")
        assert wrong_fields(answer_of(api, REGISTER, **{**self.INPUT, "email": spelling})) == ["email"]
        self.assert_nothing_happened(api, mailoutbox, users=1)
        answer = answer_of(api, LOGIN, email=spelling, password=PASSWORD)
        assert answer["email"] == "ada@xn--mnchen-3ya.example"

    def test_hostile_emails(self, api: GraphQLClient) -> None:
        for text in hostile_strings():
            cache.clear()
            assert wrong_fields(answer_of(api, REGISTER, **{**self.INPUT, "email": text}))[0] == "email"
        assert not User.objects.exists()

    def assert_nothing_happened(self, browser: GraphQLClient, mails: Mails, *, users: int) -> None:
        assert (User.objects.count(), Profile.objects.count()) == (users, users)
        assert email_of(browser) is None
        assert mails == []


class TestLogin:
    def test_signs_in_whatever_the_case_of_the_email(self, api: GraphQLClient) -> None:
        make_user(email="ada@example.com")
        answer = answer_of(api, LOGIN, email="ADA@example.com", password=PASSWORD)
        assert (answer["__typename"], answer["email"]) == ("User", "ada@example.com")
        assert email_of(api) == "ada@example.com"

    def test_the_sessions_key_changes(self, api: GraphQLClient, signed_in: SignedIn) -> None:
        ada, bob = make_user(), make_user()
        browser = signed_in(ada)
        before = session_key(browser)
        answer_of(browser, LOGIN, email=bob.email, password=PASSWORD)
        assert session_key(browser) not in (None, before)
        assert not Session.objects.filter(session_key=before).exists()
        assert email_of(browser) == bob.email

    def test_a_visitors_session_goes_on_under_another_key(self, api: GraphQLClient) -> None:
        user = make_user()
        session = api.session
        session["kept"] = "yes"
        session.save()
        before = session_key(api)
        answer_of(api, LOGIN, email=user.email, password=PASSWORD)
        assert session_key(api) not in (None, before)
        assert not Session.objects.filter(session_key=before).exists()
        assert api.session["kept"] == "yes"

    @pytest.mark.parametrize(
        ("email", "password", "active"),
        [
            ("ada@example.com", "wrong", True),
            ("ada@example.com", "", True),
            ("ada@example.com", PASSWORD.upper(), True),
            ("nobody@example.com", PASSWORD, True),
            ("", PASSWORD, True),
            ("ada@example.com", PASSWORD, False),
        ],
    )
    def test_refusals_are_all_alike(
        self, api: GraphQLClient, email: str, password: str, active: bool
    ) -> None:
        make_user(email="ada@example.com", is_active=active)
        assert answer_of(api, LOGIN, email=email, password=password) == {
            "__typename": "InvalidCredentials",
            "code": "INVALID_CREDENTIALS",
            "message": "The e-mail address or the password is wrong.",
        }
        assert email_of(api) is None
        assert session_key(api) is None
        assert User.objects.get().last_login is None

    @pytest.mark.parametrize(
        ("email", "active"),
        [("ada@example.com", True), ("ada@example.com", False), ("nobody@example.com", True)],
    )
    def test_one_password_is_hashed_also_for_nobody(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch, email: str, active: bool
    ) -> None:
        make_user(email="ada@example.com", is_active=active)
        hashed: list[str] = []
        encode = MD5PasswordHasher.encode

        def count_attempts(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
            hashed.append(password)
            return encode(hasher, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", count_attempts)
        answer_of(api, LOGIN, email=email, password="a guess")
        assert len(hashed) == 1

    @pytest.mark.slow
    def test_hostile_strings(self, api: GraphQLClient) -> None:
        make_user()
        for text in hostile_strings():
            cache.clear()
            answer = answer_of(api, LOGIN, email=text, password=text)
            assert answer["__typename"] == "InvalidCredentials"

    def fail(self, email: str, *, times: int, address: str = "127.0.0.1") -> list[str]:
        browser = GraphQLClient(REMOTE_ADDR=address)
        return [answer_of(browser, LOGIN, email=email, password="wrong")["__typename"] for _ in range(times)]

    def sign_in(self, email: str, *, address: str = "127.0.0.1") -> str:
        answer = answer_of(GraphQLClient(REMOTE_ADDR=address), LOGIN, email=email, password=PASSWORD)
        name: str = answer["__typename"]
        return name

    def test_after_too_many_failures_even_the_right_password_waits(self, api: GraphQLClient) -> None:
        user = make_user()
        assert self.fail(user.email, times=10) == ["InvalidCredentials"] * 10
        answer = answer_of(api, LOGIN, email=user.email.upper(), password=PASSWORD)
        assert (answer["__typename"], answer["code"]) == ("TooManyAttempts", "TOO_MANY_ATTEMPTS")
        assert 0 < answer["retryAfterSeconds"] <= 300
        assert email_of(api) is None

    def test_a_strangers_failures_do_not_keep_the_owner_out(self) -> None:
        user = make_user()
        self.fail(user.email, times=12, address="192.0.2.1")
        assert self.sign_in(user.email) == "User"

    def test_one_address_cannot_try_many_accounts(self) -> None:
        for number in range(5):
            self.fail(f"person{number}@example.com", times=10)
        assert self.sign_in(make_user().email) == "TooManyAttempts"
        assert self.sign_in(make_user().email, address="192.0.2.1") == "User"

    def test_many_addresses_cannot_try_one_account(self) -> None:
        user = make_user()
        for number in range(10):
            self.fail(user.email, times=10, address=f"192.0.2.{number}")
        assert self.sign_in(user.email, address="192.0.2.100") == "TooManyAttempts"

    @pytest.mark.parametrize("exists", [True, False])
    def test_no_spelling_gets_around_the_limit(self, exists: bool) -> None:
        if exists:
            make_user(email="ki@example.com")
        self.fail("ki@example.com", times=4)
        self.fail(" KI@Example.com", times=3)
        self.fail("\u212ai@example.com\u200b", times=3)
        assert self.sign_in("ki@example.com") == "TooManyAttempts"
        assert self.sign_in("\u212aİ@example.com") == "InvalidCredentials"

    def test_hashes_count_also_where_they_succeed(self) -> None:
        user = make_user()
        assert [self.sign_in(user.email) for _ in range(21)] == ["User"] * 20 + ["TooManyAttempts"]
        assert self.sign_in(user.email, address="192.0.2.1") == "User"

    def test_successes_are_no_guesses(self) -> None:
        user = make_user()
        assert {self.sign_in(user.email) for _ in range(12)} == {"User"}
        assert self.fail(user.email, times=1) == ["InvalidCredentials"]


class TestLogout:
    def test_ends_the_session(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user())
        before = session_key(browser)
        assert browser.run(LOGOUT) == {"logout": True}
        assert session_key(browser) != before
        assert not Session.objects.exists()
        browser.cookies["sessionid"] = before or ""
        assert email_of(browser) is None

    def test_a_guest_keeps_the_session(self, api: GraphQLClient) -> None:
        session = api.session
        session["kept"] = "yes"
        session.save()
        assert api.run(LOGOUT) == {"logout": True}
        assert api.session["kept"] == "yes"
