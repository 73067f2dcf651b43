"""The services below the endpoint: the links, their expiry, and simultaneous use."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from django.contrib.auth.signals import user_logged_in
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from accounts import services
from accounts.links import Link, email_verification, password_reset
from accounts.models import Profile, User
from accounts.services import ProfileChanges
from accounts.types import UpdateProfileInput
from core.errors import ValidationError, camel_case
from tests.conftest import GraphQLClient
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "an entirely new password"
LIFETIME = 24 * 60 * 60


def request() -> HttpRequest:
    return RequestFactory().post("/graphql/")


def token_of(link: Link, user: User) -> str:
    body = str(link.mail(user).body)
    return body.partition("token=")[2].split()[0]


def local_time(*, seconds: int) -> datetime:
    """Return the time after the delay, by the clock of Django's tokens."""
    return datetime.now() + timedelta(seconds=seconds)  # noqa: DTZ005


def read_rows(user: User) -> list[Any]:
    return [*User.objects.filter(pk=user.pk).values(), *Profile.objects.filter(user=user).values()]


class TestLogin:
    @pytest.mark.django_db(transaction=True)
    def test_sends_the_signal_outside_of_transactions(self, api: GraphQLClient) -> None:
        """The receiver, which moves the cart, opens a durable transaction."""
        user = make_user()
        seen = []

        def listen(**_: object) -> None:
            seen.append(connection.in_atomic_block)

        user_logged_in.connect(listen)
        try:
            api.run(
                "mutation($input: LoginInput!) { login(input: $input) { __typename } }",
                input={"email": user.email, "password": PASSWORD},
            )
        finally:
            user_logged_in.disconnect(listen)
        assert seen == [False]


class TestUpdateProfile:
    def test_takes_every_field_of_the_input(self) -> None:
        assert ProfileChanges.__annotations__.keys() == UpdateProfileInput.__annotations__.keys()

    @pytest.mark.parametrize("field", sorted(ProfileChanges.__annotations__.keys() - {"avatar"}))
    def test_saves_each_field(self, field: str) -> None:
        user = make_user()
        services.update_profile(user, changes=cast(ProfileChanges, {field: "New"}))
        saved = User.objects.values(field if hasattr(user, field) else f"profile__{field}").get(pk=user.pk)
        assert [*saved.values()] == ["New"]

    @pytest.mark.parametrize("field", sorted(ProfileChanges.__annotations__.keys() - {"avatar"}))
    def test_refuses_null(self, field: str) -> None:
        user = make_user()
        before = read_rows(user)
        with pytest.raises(ValidationError) as refusal:
            services.update_profile(user, changes=cast(ProfileChanges, {field: None}))
        assert [error.field for error in refusal.value.fields] == [camel_case(field)]
        assert read_rows(user) == before

    def test_a_refusal_of_the_rows_leaves_no_file_behind(
        self, picture: Callable[[], SimpleUploadedFile]
    ) -> None:
        user = make_user()
        with pytest.raises(ValidationError):
            services.update_profile(user, changes={"avatar": picture(), "name": ""})
        assert default_storage.listdir("avatars") == ([], [])
        user.profile.refresh_from_db()
        assert not user.profile.avatar


class TestChangePassword:
    def test_of_two_at_once_the_second_is_refused(self) -> None:
        user = make_user()
        same = User.objects.get(pk=user.pk)
        assert services.replace_password(user, NEW_PASSWORD)
        with pytest.raises(ValidationError) as refusal:
            services.change_password(
                request(), user=same, old_password=PASSWORD, new_password="another new password"
            )
        assert [error.field for error in refusal.value.fields] == ["oldPassword"]
        assert User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)


class TestMail:
    def test_says_how_long_the_link_works_in_plain_text(self, settings: Settings) -> None:
        settings.STORE_NAME, settings.PASSWORD_RESET_TIMEOUT = "Ada & Bob's", 90 * 60
        for link in (password_reset, email_verification):
            mail = link.mail(make_user())
            assert mail.subject.endswith(" Ada & Bob's")
            assert "at Ada & Bob's" in mail.body
            assert "within 1\xa0hour, 30\xa0minutes:" in mail.body


class TestPasswordReset:
    def test_a_link_expires(self, monkeypatch: pytest.MonkeyPatch) -> None:
        user = make_user()
        token = token_of(password_reset, user)
        later = local_time(seconds=LIFETIME + 2)
        monkeypatch.setattr(password_reset, "_now", lambda: later)
        with pytest.raises(ValidationError):
            services.reset_password(request(), token=token, new_password=NEW_PASSWORD)
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)

    def test_a_link_lives_until_then(self, monkeypatch: pytest.MonkeyPatch) -> None:
        token = token_of(password_reset, make_user())
        later = local_time(seconds=LIFETIME - 2)
        monkeypatch.setattr(password_reset, "_now", lambda: later)
        services.reset_password(request(), token=token, new_password=NEW_PASSWORD)

    def test_a_link_to_verify_resets_nothing(self) -> None:
        token = token_of(email_verification, make_user())
        with pytest.raises(ValidationError):
            services.reset_password(request(), token=token, new_password=NEW_PASSWORD)

    def test_signing_in_makes_it_void(self, api: GraphQLClient) -> None:
        user = make_user()
        token = token_of(password_reset, user)
        api.force_login(user)
        with pytest.raises(ValidationError):
            services.reset_password(request(), token=token, new_password=NEW_PASSWORD)

    def test_of_two_at_once_the_second_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        user = make_user()
        token = token_of(password_reset, user)

        def meanwhile() -> datetime:
            """Use the link, right after it has been read."""
            User.objects.filter(pk=user.pk).update(password="another's")
            return datetime.now()  # noqa: DTZ005

        monkeypatch.setattr(password_reset, "_now", meanwhile)
        with pytest.raises(ValidationError):
            services.reset_password(request(), token=token, new_password=NEW_PASSWORD)
        assert User.objects.get(pk=user.pk).password == "another's"


class TestVerifyEmail:
    def test_an_address_changed_meanwhile_stays_unverified(self, monkeypatch: pytest.MonkeyPatch) -> None:
        user = make_user()
        token = token_of(email_verification, user)

        def meanwhile() -> datetime:
            User.objects.filter(pk=user.pk).update(email="another@example.com")
            return datetime.now()  # noqa: DTZ005

        monkeypatch.setattr(email_verification, "_now", meanwhile)
        with pytest.raises(ValidationError):
            services.verify_email(token=token)
        assert not User.objects.get(pk=user.pk).email_verified

    def test_a_link_expires(self, monkeypatch: pytest.MonkeyPatch) -> None:
        user = make_user()
        token = token_of(email_verification, user)
        later = local_time(seconds=LIFETIME + 2)
        monkeypatch.setattr(email_verification, "_now", lambda: later)
        with pytest.raises(ValidationError):
            services.verify_email(token=token)

    def test_another_address_makes_it_void(self) -> None:
        user = make_user()
        token = token_of(email_verification, user)
        User.objects.filter(pk=user.pk).update(email="another@example.com")
        with pytest.raises(ValidationError):
            services.verify_email(token=token)
        assert not User.objects.get(pk=user.pk).email_verified

    def test_signing_in_and_a_new_password_do_not(self, api: GraphQLClient) -> None:
        user = make_user()
        token = token_of(email_verification, user)
        api.force_login(user)
        services.replace_password(user, NEW_PASSWORD)
        services.verify_email(token=token)
        assert User.objects.get(pk=user.pk).email_verified

    def test_a_link_to_reset_verifies_nothing(self) -> None:
        user = make_user()
        with pytest.raises(ValidationError):
            services.verify_email(token=token_of(password_reset, user))
        assert not User.objects.get(pk=user.pk).email_verified

    def test_anothers_key_with_ones_own_token(self) -> None:
        victim, attacker = make_user(), make_user()
        own = token_of(email_verification, attacker)
        forged = token_of(email_verification, victim).split("-")[0] + "-" + own.partition("-")[2]
        with pytest.raises(ValidationError):
            services.verify_email(token=forged)

    def test_a_switched_off_account(self) -> None:
        user = make_user(is_active=False)
        with pytest.raises(ValidationError):
            services.verify_email(token=token_of(email_verification, user))
