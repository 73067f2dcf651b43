"""Users and their profiles, which are created together in every way."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection

from accounts.models import Profile, User
from accounts.services import update_profile
from tests.factories import FILES_OF_A_PICTURE, PASSWORD, make_user

pytestmark = pytest.mark.django_db


class TestUser:
    def test_the_email_is_unique_whatever_its_case(self) -> None:
        make_user(email="ada@example.com")
        with pytest.raises(IntegrityError):
            make_user(email="ADA@example.com")

    @pytest.mark.parametrize("written", ["ADA@example.com", "ada@EXAMPLE.com "])
    def test_every_way_to_write_keeps_one_spelling(self, written: str) -> None:
        user = make_user(email="bob@example.com")
        User.objects.filter(pk=user.pk).update(email=written)
        assert User.objects.filter(email="ada@example.com").count() == 1
        user.email = written
        user.save()
        assert User.objects.values_list("email", flat=True).get() == "ada@example.com"

    def test_the_database_refuses_another_spelling(self) -> None:
        user = make_user()
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET email = 'ADA@example.com' WHERE id = %s", [user.pk])

    def test_nobody_has_an_address_that_cannot_be_mailed(self) -> None:
        with pytest.raises(DjangoValidationError):
            make_user(email="İ@example.com")
        assert not User.objects.with_email("İ@example.com").exists()

    def test_is_found_whatever_the_case(self) -> None:
        user = make_user(email="Ada@example.com")
        assert User.objects.get_by_natural_key("aDA@EXAMPLE.com") == user

    def test_createsuperuser_makes_a_profile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
        call_command("createsuperuser", email="root@example.com", interactive=False, stdout=StringIO())
        user = User.objects.get()
        assert (user.is_staff, user.is_superuser, user.check_password(PASSWORD)) == (True, True, True)
        assert (user.profile.name, user.profile.slug) == ("Customer", "customer")


class TestProfile:
    def test_equal_names_get_slugs_of_their_own(self) -> None:
        slugs = [make_user(first_name="Ada", last_name="Lovelace").profile.slug for _ in range(3)]
        assert slugs[0] == "ada-lovelace"
        assert len(set(slugs)) == 3
        assert all(slug.startswith("ada-lovelace-") for slug in slugs[1:])

    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("李小龍", "李小龍"),
            ("Ünal Şahin", "ünal-şahin"),
            ("Ирина", "ирина"),
            ("🦄", "profile"),
            ("  ", "customer"),
        ],
    )
    def test_a_slug_keeps_letters_of_any_script(self, name: str, slug: str) -> None:
        assert make_user(first_name=name, last_name="").profile.slug == slug

    def test_the_longest_names_fit(self) -> None:
        profile = make_user(first_name="a" * 100, last_name="b" * 100).profile
        profile.full_clean()
        assert profile.name == "a" * 100 + " " + "b" * 99

    def test_nothing_of_the_email_shows(self) -> None:
        profile = make_user(email="secret@hidden.example", first_name="", last_name="").profile
        assert (profile.name, profile.slug) == ("Customer", "customer")

    def test_a_deleted_user_leaves_no_picture(
        self,
        picture: Callable[[], SimpleUploadedFile],
        django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
    ) -> None:
        user = make_user()
        update_profile(user, changes={"avatar": picture()})
        with django_capture_on_commit_callbacks() as callbacks:
            user.delete()
        assert (
            len(default_storage.listdir("avatars")[1]) == FILES_OF_A_PICTURE
        )  # the deletion may still be rolled back
        callbacks[0]()
        assert default_storage.listdir("avatars") == ([], [])

    def test_a_user_saved_again_has_no_second_profile(self) -> None:
        user = make_user()
        user.save()
        assert Profile.objects.count() == 1
