"""The number of SQL statements of each operation."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.accounts.operations import (
    CHANGE_EMAIL,
    CHANGE_PASSWORD,
    LOGIN,
    LOGOUT,
    ME,
    NEW_PASSWORD,
    PROFILE,
    REGISTER,
    REQUEST_PASSWORD_RESET,
    RESEND_VERIFICATION,
    RESET_PASSWORD,
    UPDATE_PROFILE,
    VERIFY_EMAIL,
    answer_of,
    token_in,
)
from tests.conftest import GraphQLClient
from tests.factories import PASSWORD, make_user
from tests.tasks import Outbox

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
Mails = Outbox


class TestStatements:
    """The number of SQL statements does not depend on the number of rows."""

    def count_statements(self, run: Callable[[], Any]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run()
        return len(queries)

    def all_operations(self, signed_in: SignedIn, mailoutbox: Mails) -> dict[str, int]:
        user = make_user(first_name="Measured", last_name="")
        browser, guest, other = signed_in(user), GraphQLClient(), GraphQLClient()
        counts = {
            "me": self.count_statements(lambda: browser.run(ME)),
            "profile": self.count_statements(lambda: guest.run(PROFILE, slug=user.profile.slug)),
            "updateProfile": self.count_statements(
                lambda: answer_of(browser, UPDATE_PROFILE, firstName="New")
            ),
            "changePassword": self.count_statements(
                lambda: answer_of(browser, CHANGE_PASSWORD, oldPassword=PASSWORD, newPassword=NEW_PASSWORD)
            ),
            "logout": self.count_statements(lambda: browser.run(LOGOUT)),
            "login": self.count_statements(
                lambda: answer_of(guest, LOGIN, email=user.email, password=NEW_PASSWORD)
            ),
            "requestPasswordReset": self.count_statements(
                lambda: answer_of(other, REQUEST_PASSWORD_RESET, email=user.email)
            ),
        }
        token = token_in(mailoutbox[-1])
        counts["resetPassword"] = self.count_statements(
            lambda: answer_of(other, RESET_PASSWORD, token=token, newPassword=PASSWORD)
        )
        email = f"new{user.pk}@example.com"
        counts["register"] = self.count_statements(
            lambda: answer_of(other, REGISTER, email=email, password=PASSWORD, firstName=f"New{user.pk}")
        )
        token = token_in(mailoutbox[-1])
        counts["resendVerification"] = self.count_statements(lambda: other.run(RESEND_VERIFICATION))
        counts["verifyEmail"] = self.count_statements(
            lambda: answer_of(GraphQLClient(), VERIFY_EMAIL, token=token)
        )
        new = f"newer{user.pk}@example.com"
        counts["changeEmail"] = self.count_statements(
            lambda: answer_of(other, CHANGE_EMAIL, password=PASSWORD, newEmail=new)
        )
        token = token_in(mailoutbox[-1])
        counts["verifyEmail of a change"] = self.count_statements(
            lambda: answer_of(GraphQLClient(), VERIFY_EMAIL, token=token)
        )
        return counts

    def test_are_as_many_for_many_people(self, signed_in: SignedIn, mailoutbox: Mails) -> None:
        make_user(first_name="Measured", last_name="")
        few = self.all_operations(signed_in, mailoutbox)
        for _ in range(30):
            make_user(first_name="Measured", last_name="")
        assert self.all_operations(signed_in, mailoutbox) == few

    def test_a_reset_takes_as_many_for_nobody(self, api: GraphQLClient) -> None:
        user = make_user()
        known = self.count_statements(lambda: answer_of(api, REQUEST_PASSWORD_RESET, email=user.email))
        assert known == self.count_statements(
            lambda: answer_of(api, REQUEST_PASSWORD_RESET, email="nobody@example.com")
        )
