"""Asking for the link again, and changing the e-mail address."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from accounts.models import User
from tests.accounts.operations import (
    CHANGE_EMAIL,
    CHANGE_PASSWORD,
    LOGIN,
    NEW_PASSWORD,
    REQUEST_PASSWORD_RESET,
    RESEND_VERIFICATION,
    RESET_PASSWORD,
    VERIFY_EMAIL,
    answer_of,
    email_of,
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
DONE = {"__typename": "Done", "ok": True}
NEW = "new@example.org"


def resend(browser: GraphQLClient) -> str:
    return str(browser.run(RESEND_VERIFICATION)["resendVerification"]["__typename"])


class TestResendVerification:
    def test_mails_a_link_that_verifies(
        self, api: GraphQLClient, signed_in: SignedIn, mailoutbox: Mails
    ) -> None:
        user = make_user()
        assert resend(signed_in(user)) == "Done"
        [mail] = mailoutbox
        assert mail.to == [user.email]
        assert answer_of(api, VERIFY_EMAIL, token=token_in(mail)) == DONE
        user.refresh_from_db()
        assert user.email_verified

    def test_is_in_the_language_of_the_request(self, signed_in: SignedIn, mailoutbox: Mails) -> None:
        browser = signed_in(make_user())
        for accepted in ("de-AT", "fr"):
            browser.defaults["HTTP_ACCEPT_LANGUAGE"] = accepted
            resend(browser)
        german, other = mailoutbox
        assert german.subject == "Bestätigen Sie Ihre E-Mail-Adresse bei Store"
        assert "Link (er gilt 1\xa0Tag)" in german.body
        assert other.subject == "Confirm your e-mail address at Store"

    def test_mails_nothing_where_it_is_verified(self, signed_in: SignedIn, mailoutbox: Mails) -> None:
        browser = signed_in(make_user(email_verified=True))
        assert [resend(browser) for _ in range(10)] == ["Done"] * 10
        assert mailoutbox == []

    def test_too_often_for_one_account(self, signed_in: SignedIn, mailoutbox: Mails) -> None:
        user = make_user()
        assert [resend(signed_in(user)) for _ in range(4)] == ["Done"] * 3 + ["TooManyAttempts"]
        assert len(mailoutbox) == 3
        assert resend(signed_in(make_user())) == "Done"

    def test_too_often_to_one_recipient(
        self, api: GraphQLClient, signed_in: SignedIn, mailoutbox: Mails, settings: Settings
    ) -> None:
        """All links count together."""
        settings.STORE_MAILS_PER_HOUR = 2
        user = make_user()
        for _ in range(2):
            answer_of(api, REQUEST_PASSWORD_RESET, email=user.email)
        assert resend(signed_in(user)) == "Done"
        assert len(mailoutbox) == 2

    def test_strangers_cannot_use_up_the_links(
        self, api: GraphQLClient, signed_in: SignedIn, mailoutbox: Mails, settings: Settings
    ) -> None:
        """Each of them asks for the person's address as their own, of which the person is told."""
        settings.STORE_MAILS_PER_HOUR = 2
        user = make_user()
        for _ in range(3):
            stranger = signed_in(make_user())
            assert answer_of(stranger, CHANGE_EMAIL, password=PASSWORD, newEmail=user.email) == DONE
        assert [mail.to for mail in mailoutbox].count([user.email]) == 2
        answer_of(api, REQUEST_PASSWORD_RESET, email=user.email)
        assert resend(signed_in(user)) == "Done"
        assert [mail.to for mail in mailoutbox].count([user.email]) == 4

    def test_a_guest_is_refused(self, api: GraphQLClient, mailoutbox: Mails) -> None:
        assert api.expect_refusal(RESEND_VERIFICATION) == "UNAUTHENTICATED"
        assert mailoutbox == []


class TestChangeEmail:
    @pytest.fixture
    def user(self) -> User:
        return make_user(email="ada@example.com", email_verified=True)

    def test_tells_both_addresses_and_changes_nothing_yet(
        self, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        browser = signed_in(user)
        assert answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=" NEW@Example.org") == DONE
        notice, link = mailoutbox
        assert (notice.to, link.to) == ([user.email], [NEW])
        assert "http://localhost:3000/verify-email?token=" in link.body
        assert "token=" not in notice.body
        assert "example.org" not in f"{notice.subject}{notice.body}"
        assert email_of(browser) == user.email

    def test_the_link_changes_it_and_signs_nobody_in(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        User.objects.update(email_verified=False)
        browser = signed_in(user)
        answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        assert answer_of(api, VERIFY_EMAIL, token=token_in(mailoutbox[-1])) == DONE
        assert email_of(api) is None
        assert email_of(browser) == NEW
        user.refresh_from_db()
        assert user.email_verified
        assert answer_of(api, LOGIN, email=NEW, password=PASSWORD)["__typename"] == "User"
        assert answer_of(api, LOGIN, email="ada@example.com", password=PASSWORD)["__typename"] == (
            "InvalidCredentials"
        )

    def test_a_link_works_once(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        answer_of(signed_in(user), CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        token = token_in(mailoutbox[-1])
        answer_of(api, VERIFY_EMAIL, token=token)
        User.objects.update(email="third@example.com")
        assert wrong_fields(answer_of(api, VERIFY_EMAIL, token=token)) == ["token"]
        assert User.objects.get().email == "third@example.com"

    def test_two_changes_at_once(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        """The link that is opened first counts, and the other becomes invalid."""
        for address in (NEW, "newer@example.org"):
            answer_of(signed_in(user), CHANGE_EMAIL, password=PASSWORD, newEmail=address)
        first, second = (token_in(mail) for mail in mailoutbox if "token=" in mail.body)
        assert answer_of(api, VERIFY_EMAIL, token=second) == DONE
        assert wrong_fields(answer_of(api, VERIFY_EMAIL, token=first)) == ["token"]
        assert User.objects.get().email == "newer@example.org"

    def test_another_password_voids_the_link(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        """The notice to the old address promises this."""
        browser = signed_in(user)
        answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        token = token_in(mailoutbox[-1])
        answer_of(browser, CHANGE_PASSWORD, oldPassword=PASSWORD, newPassword=NEW_PASSWORD)
        assert wrong_fields(answer_of(api, VERIFY_EMAIL, token=token)) == ["token"]
        assert User.objects.get().email == user.email

    def test_another_password_voids_the_link_that_is_still_to_be_mailed(
        self, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        browser = signed_in(user)
        answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        answer_of(browser, CHANGE_PASSWORD, oldPassword=PASSWORD, newPassword=NEW_PASSWORD)
        assert [mail.to for mail in mailoutbox] == [[user.email]]

    def test_links_to_the_old_address_are_void_after_it(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        answer_of(api, REQUEST_PASSWORD_RESET, email=user.email)
        reset = token_in(mailoutbox[-1])
        answer_of(signed_in(user), CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        answer_of(api, VERIFY_EMAIL, token=token_in(mailoutbox[-1]))
        assert wrong_fields(answer_of(api, RESET_PASSWORD, token=reset, newPassword=NEW_PASSWORD)) == [
            "token"
        ]

    def test_the_address_in_the_token_is_signed(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        for address in (NEW, "newer@example.org"):
            answer_of(signed_in(user), CHANGE_EMAIL, password=PASSWORD, newEmail=address)
        first, second = (token_in(mail).split(".") for mail in mailoutbox if "token=" in mail.body)
        for forged in (
            f"{first[0]}.{second[1]}",
            f".{first[1]}",
            first[1],
            f"%.{first[1]}",
            f"_w.{first[1]}",
        ):
            assert wrong_fields(answer_of(api, VERIFY_EMAIL, token=forged)) == ["token"]
        assert User.objects.get().email == user.email

    def test_never_tells_whether_an_account_has_the_address(
        self, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        other = make_user(email=NEW)
        assert answer_of(signed_in(user), CHANGE_EMAIL, password=PASSWORD, newEmail=NEW) == DONE
        notice, mail = mailoutbox
        assert (notice.to, mail.to) == ([user.email], [other.email])
        assert "already is an account" in mail.body
        assert "token=" not in mail.body

    def test_an_address_that_was_taken_meanwhile(
        self, api: GraphQLClient, signed_in: SignedIn, user: User, mailoutbox: Mails
    ) -> None:
        answer_of(signed_in(user), CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        token = token_in(mailoutbox[-1])
        make_user(email=NEW)
        answer = answer_of(api, VERIFY_EMAIL, token=token)
        assert wrong_fields(answer) == ["token"]
        assert "already an account" in answer["message"]
        user.refresh_from_db()
        assert user.email == "ada@example.com"

    @pytest.mark.parametrize(
        ("password", "address", "fields"),
        [
            ("wrong", NEW, ["password"]),
            ("", NEW, ["password"]),
            (PASSWORD, "no address", ["newEmail"]),
            (PASSWORD, "ADA@example.com", ["newEmail"]),
        ],
    )
    def test_bad_input_mails_nothing(
        self,
        signed_in: SignedIn,
        user: User,
        mailoutbox: Mails,
        password: str,
        address: str,
        fields: list[str],
    ) -> None:
        answer = answer_of(signed_in(user), CHANGE_EMAIL, password=password, newEmail=address)
        assert wrong_fields(answer) == fields
        assert mailoutbox == []

    @pytest.mark.slow
    def test_hostile_addresses(self, signed_in: SignedIn, user: User, mailoutbox: Mails) -> None:
        browser = signed_in(user)
        for text in hostile_strings():
            answer = answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=text)
            assert wrong_fields(answer) == ["newEmail"]
        assert mailoutbox == []

    def test_too_many_wrong_passwords(self, signed_in: SignedIn, user: User, mailoutbox: Mails) -> None:
        """These guesses count together with all others at the account."""
        browser = signed_in(user)
        for _ in range(10):
            answer_of(browser, CHANGE_EMAIL, password="wrong", newEmail=NEW)
        answer = answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=NEW)
        assert answer["__typename"] == "TooManyAttempts"
        assert answer_of(GraphQLClient(), LOGIN, email=user.email, password=PASSWORD)["__typename"] == (
            "TooManyAttempts"
        )
        assert mailoutbox == []

    def test_too_often(self, signed_in: SignedIn, user: User, mailoutbox: Mails) -> None:
        browser = signed_in(user)
        answers = [
            answer_of(browser, CHANGE_EMAIL, password=PASSWORD, newEmail=f"new{number}@example.org")
            for number in range(6)
        ]
        assert [answer["__typename"] for answer in answers] == ["Done"] * 5 + ["TooManyAttempts"]
        assert len(mailoutbox) == 10

    def test_is_one_mutation_with_a_password(self, signed_in: SignedIn, user: User) -> None:
        twice = """mutation($input: ChangeEmailInput!, $password: DeleteAccountInput!) {
            changeEmail(input: $input) { __typename } deleteAccount(input: $password) { __typename } }"""
        input = {"password": PASSWORD, "newEmail": NEW}
        code = signed_in(user).expect_refusal(twice, input=input, password={"password": PASSWORD})
        assert code == "OPERATION_TOO_LARGE"
        assert User.objects.get().email == user.email

    def test_a_guest_is_refused(self, api: GraphQLClient, mailoutbox: Mails) -> None:
        input = {"password": PASSWORD, "newEmail": NEW}
        assert api.expect_refusal(CHANGE_EMAIL, input=input) == "UNAUTHENTICATED"
        assert mailoutbox == []
