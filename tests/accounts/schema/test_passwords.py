"""Changing a password, and the mailed links."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from pytest_django import Settings

from accounts.models import User
from tests.accounts.operations import (
    CHANGE_PASSWORD,
    LOGIN,
    NEW_PASSWORD,
    REGISTER,
    REQUEST_PASSWORD_RESET,
    RESET_PASSWORD,
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


class TestChangePassword:
    def test_replaces_the_password(self, signed_in: SignedIn) -> None:
        user = make_user()
        answer = answer_of(signed_in(user), CHANGE_PASSWORD, oldPassword=PASSWORD, newPassword=NEW_PASSWORD)
        assert (answer["__typename"], answer["email"]) == ("User", user.email)
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)

    def test_other_sessions_end_and_this_one_stays(self, signed_in: SignedIn) -> None:
        user = make_user()
        here, elsewhere = signed_in(user), signed_in(user)
        before = session_key(here)
        answer_of(here, CHANGE_PASSWORD, oldPassword=PASSWORD, newPassword=NEW_PASSWORD)
        assert email_of(here) == user.email
        assert session_key(here) != before
        assert email_of(elsewhere) is None

    @pytest.mark.parametrize(
        ("old", "new", "fields"),
        [
            ("wrong", NEW_PASSWORD, ["oldPassword"]),
            ("", NEW_PASSWORD, ["oldPassword"]),
            (PASSWORD, "short1$", ["newPassword"]),
            (PASSWORD, "x" * 4097, ["newPassword"]),
        ],
    )
    def test_bad_input_changes_nothing(
        self, signed_in: SignedIn, old: str, new: str, fields: list[str]
    ) -> None:
        user = make_user()
        here, elsewhere = signed_in(user), signed_in(user)
        assert wrong_fields(answer_of(here, CHANGE_PASSWORD, oldPassword=old, newPassword=new)) == fields
        assert (email_of(here), email_of(elsewhere)) == (user.email, user.email)
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_a_guest_is_refused(self, api: GraphQLClient) -> None:
        input = {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD}
        assert api.expect_refusal(CHANGE_PASSWORD, input=input) == "UNAUTHENTICATED"

    def test_too_many_wrong_old_passwords(self, signed_in: SignedIn) -> None:
        user = make_user()
        browser = signed_in(user)
        for _ in range(10):
            answer_of(browser, CHANGE_PASSWORD, oldPassword="wrong", newPassword=NEW_PASSWORD)
        input = {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD}
        [error] = browser.send(CHANGE_PASSWORD, input=input)["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert 0 < error["extensions"]["retryAfterSeconds"] <= 300
        user.refresh_from_db()
        assert user.check_password(PASSWORD)


class TestRequestPasswordReset:
    DONE = {"__typename": "Done", "ok": True}

    def test_mails_one_link_to_the_address_of_the_account(
        self, api: GraphQLClient, mailoutbox: Mails
    ) -> None:
        make_user(email="ada@example.com")
        assert answer_of(api, REQUEST_PASSWORD_RESET, email="ADA@EXAMPLE.com") == self.DONE
        [mail] = mailoutbox
        assert mail.to == ["ada@example.com"]
        assert "http://localhost:3000/reset-password?token=" in mail.body

    def test_the_front_ends_address_is_a_setting(
        self, api: GraphQLClient, mailoutbox: Mails, settings: Settings
    ) -> None:
        settings.STORE_FRONTEND_URL = "https://shop.example/"
        answer_of(api, REQUEST_PASSWORD_RESET, email=make_user().email)
        assert "https://shop.example/reset-password?token=" in mailoutbox[0].body

    def test_answers_the_same_where_there_is_no_account(self, api: GraphQLClient, mailoutbox: Mails) -> None:
        assert answer_of(api, REQUEST_PASSWORD_RESET, email="nobody@example.com") == self.DONE
        assert mailoutbox == []

    def test_answers_the_same_where_the_account_is_switched_off(
        self, api: GraphQLClient, mailoutbox: Mails
    ) -> None:
        user = make_user(is_active=False)
        assert answer_of(api, REQUEST_PASSWORD_RESET, email=user.email) == self.DONE
        assert mailoutbox == []

    def test_answers_the_same_where_the_account_has_no_password(
        self, api: GraphQLClient, mailoutbox: Mails
    ) -> None:
        user = make_user(password=None)
        assert answer_of(api, REQUEST_PASSWORD_RESET, email=user.email) == self.DONE
        assert mailoutbox == []

    def test_answers_the_same_where_the_mail_server_fails(
        self, api: GraphQLClient, settings: Settings
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        assert answer_of(api, REQUEST_PASSWORD_RESET, email=make_user().email) == self.DONE

    def test_hostile_emails(self, api: GraphQLClient, mailoutbox: Mails) -> None:
        for text in hostile_strings():
            assert wrong_fields(answer_of(api, REQUEST_PASSWORD_RESET, email=text)) == ["email"]
        assert mailoutbox == []

    @pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
    def test_too_often_for_one_account_or_none(
        self, api: GraphQLClient, mailoutbox: Mails, email: str
    ) -> None:
        make_user(email="ada@example.com")
        for _ in range(5):
            assert answer_of(api, REQUEST_PASSWORD_RESET, email=email) == self.DONE
        sent = len(mailoutbox)
        assert answer_of(api, REQUEST_PASSWORD_RESET, email=email)["__typename"] == "TooManyAttempts"
        assert len(mailoutbox) == sent

    def test_too_often_from_one_address(self, api: GraphQLClient) -> None:
        for number in range(50):
            answer_of(api, REQUEST_PASSWORD_RESET, email=f"nobody{number}@example.com")
        answer = answer_of(api, REQUEST_PASSWORD_RESET, email="ada@example.com")
        assert answer["__typename"] == "TooManyAttempts"


class TestResetPassword:
    @pytest.fixture
    def user(self) -> User:
        return make_user(email="ada@example.com")

    @pytest.fixture
    def token(self, user: User, api: GraphQLClient, mailoutbox: Mails) -> str:
        answer_of(api, REQUEST_PASSWORD_RESET, email=user.email)
        return token_in(mailoutbox[0])

    def test_replaces_the_password_and_signs_nobody_in(
        self, api: GraphQLClient, user: User, token: str
    ) -> None:
        answer = answer_of(api, RESET_PASSWORD, token=token, newPassword=NEW_PASSWORD)
        assert answer == {"__typename": "Done", "ok": True}
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)
        assert not user.email_verified
        assert email_of(api) is None
        assert answer_of(api, LOGIN, email=user.email, password=NEW_PASSWORD)["__typename"] == "User"

    def test_all_sessions_end(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        browsers = [signed_in(user), signed_in(user)]
        answer_of(api, REQUEST_PASSWORD_RESET, email=user.email)
        answer_of(browsers[0], RESET_PASSWORD, token=token_in(mailoutbox[0]), newPassword=NEW_PASSWORD)
        assert [email_of(browser) for browser in browsers] == [None, None]

    def test_a_link_works_once(self, api: GraphQLClient, user: User, token: str) -> None:
        answer_of(api, RESET_PASSWORD, token=token, newPassword=NEW_PASSWORD)
        again = answer_of(api, RESET_PASSWORD, token=token, newPassword="yet another password")
        assert wrong_fields(again) == ["token"]
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)

    def test_a_weak_password_does_not_use_the_link_up(
        self, api: GraphQLClient, user: User, token: str
    ) -> None:
        assert set(wrong_fields(answer_of(api, RESET_PASSWORD, token=token, newPassword="weak"))) == {
            "newPassword"
        }
        user.refresh_from_db()
        assert user.check_password(PASSWORD)
        assert answer_of(api, RESET_PASSWORD, token=token, newPassword=NEW_PASSWORD)["__typename"] == "Done"

    @pytest.mark.parametrize(
        "broken", ["", "-", "1", "1-", "1-abc-def", "x" * 5000, "1" * 13 + "-abc-def", "٣-abc-def"]
    )
    def test_a_broken_token(self, api: GraphQLClient, user: User, token: str, broken: str) -> None:
        assert wrong_fields(answer_of(api, RESET_PASSWORD, token=broken, newPassword=NEW_PASSWORD)) == [
            "token"
        ]
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_a_changed_token(self, api: GraphQLClient, user: User, token: str) -> None:
        changed = token[:-1] + ("0" if token[-1] != "0" else "1")
        assert wrong_fields(answer_of(api, RESET_PASSWORD, token=changed, newPassword=NEW_PASSWORD)) == [
            "token"
        ]

    def test_hostile_tokens(self, api: GraphQLClient, user: User) -> None:
        for text in hostile_strings():
            cache.clear()
            assert wrong_fields(answer_of(api, RESET_PASSWORD, token=text, newPassword=NEW_PASSWORD)) == [
                "token"
            ]

    def test_too_many_broken_tokens(self, api: GraphQLClient, user: User, token: str) -> None:
        for _ in range(50):
            answer_of(api, RESET_PASSWORD, token="broken", newPassword=NEW_PASSWORD)
        answer = answer_of(api, RESET_PASSWORD, token=token, newPassword=NEW_PASSWORD)
        assert answer["__typename"] == "TooManyAttempts"
        user.refresh_from_db()
        assert user.check_password(PASSWORD)


class TestVerifyEmail:
    @pytest.fixture
    def token(self, mailoutbox: Mails) -> str:
        answer_of(GraphQLClient(), REGISTER, email="ada@example.com", password=PASSWORD)
        return token_in(mailoutbox[0])

    def test_verifies_once_and_signs_nobody_in(self, api: GraphQLClient, token: str) -> None:
        assert answer_of(api, VERIFY_EMAIL, token=token) == {"__typename": "Done", "ok": True}
        assert User.objects.get().email_verified
        assert email_of(api) is None
        assert wrong_fields(answer_of(api, VERIFY_EMAIL, token=token)) == ["token"]

    def test_hostile_tokens(self, api: GraphQLClient, token: str) -> None:
        for text in hostile_strings():
            assert wrong_fields(answer_of(api, VERIFY_EMAIL, token=text)) == ["token"]
        assert not User.objects.get().email_verified
