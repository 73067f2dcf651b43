"""The admin's pages of people and groups."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import User
from tests.factories import PASSWORD, make_entry, make_staff, make_user
from tests.staff import clerk

pytestmark = pytest.mark.django_db

PEOPLE = reverse("admin:accounts_user_changelist")


def change_page(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def form_of(user: User, **changes: str) -> dict[str, str]:
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "is_active": "on",
        "profile-TOTAL_FORMS": "1",
        "profile-INITIAL_FORMS": "1",
        "profile-0-id": str(user.profile.pk),
        "profile-0-user": str(user.pk),
        "profile-0-name": user.profile.name,
        "addresses-TOTAL_FORMS": "0",
        "addresses-INITIAL_FORMS": "0",
        "orders-TOTAL_FORMS": "0",
        "orders-INITIAL_FORMS": "0",
        **changes,
    }


class TestAddressBook:
    def test_is_shown_to_those_who_may_see_it(self, superuser: Client) -> None:
        user = make_user()
        make_entry(user=user, company="Lovelace Ltd")
        assert "Lovelace Ltd" in superuser.get(change_page(user)).text
        assert "Lovelace Ltd" not in clerk("view_user").get(change_page(user)).text
        assert "Lovelace Ltd" in clerk("view_user", "view_address").get(change_page(user)).text

    def test_is_not_written(self, superuser: Client) -> None:
        user = make_user()
        key = make_entry(user=user)
        fields = {"addresses-TOTAL_FORMS": "1", "addresses-INITIAL_FORMS": "1", "addresses-0-id": str(key)}
        form = form_of(user, **fields, **{"addresses-0-company": "Theirs", "first_name": "New"})
        assert superuser.post(change_page(user), form).status_code == 302
        assert [*user.addresses.values_list("company", flat=True)] == [""]


class TestList:
    def test_shows_and_finds_people(self, superuser: Client) -> None:
        ada, bob = make_user(email="ada@example.com"), make_user(email="bob@example.com", first_name="Bob")
        page = superuser.get(PEOPLE).text
        assert ada.email in page
        assert bob.profile.name in page
        assert bob.email not in superuser.get(PEOPLE, {"q": "ada@"}).text
        assert bob.email in superuser.get(PEOPLE, {"q": "bob love"}).text

    def test_takes_as_many_statements_for_many(self, superuser: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                superuser.get(PEOPLE)
            return len(queries)

        make_user()
        statements()  # the first visit reads content types
        few = statements()
        for _ in range(20):
            make_user()
        assert statements() == few

    def test_is_closed_without_the_right(self) -> None:
        assert clerk().get(PEOPLE).status_code == 403
        assert clerk("view_user").get(PEOPLE).status_code == 200

    def test_the_action_takes_avatars_away(
        self, superuser: Client, picture: Callable[[], SimpleUploadedFile]
    ) -> None:
        user = make_user()
        services.update_profile(user, changes={"avatar": picture()})
        superuser.post(PEOPLE, {"action": "remove_avatars", "_selected_action": [user.pk]})
        user.profile.refresh_from_db()
        assert not user.profile.avatar
        assert default_storage.listdir("avatars") == ([], [])


class TestAdd:
    ADD = reverse("admin:accounts_user_add")

    def test_makes_a_user_with_a_profile(self, superuser: Client) -> None:
        assert superuser.get(self.ADD).status_code == 200
        form = {"email": "ada@example.com", "first_name": "Ada", "last_name": "", "usable_password": "true"}
        superuser.post(self.ADD, {**form, "password1": PASSWORD, "password2": PASSWORD})
        user = User.objects.get(email="ada@example.com")
        assert user.check_password(PASSWORD)
        assert user.profile.name == "Ada"

    def test_refuses_a_taken_email(self, superuser: Client) -> None:
        make_user(email="ada@example.com")
        form = {"email": "ADA@example.com", "usable_password": "true"}
        page = superuser.post(self.ADD, {**form, "password1": PASSWORD, "password2": PASSWORD}).text
        assert "There is already an account with this e-mail address." in page
        assert User.objects.filter(email__iexact="ada@example.com").count() == 1


class TestChange:
    def test_changes_user_and_profile(self, superuser: Client) -> None:
        user = make_user()
        assert superuser.get(change_page(user)).status_code == 200
        superuser.post(change_page(user), form_of(user, last_name="King", **{"profile-0-name": "Countess"}))
        user = User.objects.get(pk=user.pk)
        assert (user.last_name, user.profile.name) == ("King", "Countess")
        assert user.check_password(PASSWORD)

    def test_sets_a_password(self, superuser: Client) -> None:
        user = make_user()
        page = reverse("admin:auth_user_password_change", args=[user.pk])
        assert superuser.get(page).status_code == 200
        form = {"usable_password": "true", "password1": "another password", "password2": "another password"}
        superuser.post(page, form)
        user.refresh_from_db()
        assert user.check_password("another password")

    def test_rights_are_given_by_superusers_alone(self, superuser: Client) -> None:
        user = make_user()
        rights = {"is_staff": "on", "is_superuser": "on"}
        clerk("change_user", "view_user", "change_profile").post(change_page(user), form_of(user, **rights))
        user.refresh_from_db()
        assert (user.is_staff, user.is_superuser) == (False, False)
        superuser.post(change_page(user), form_of(user, **rights))
        user.refresh_from_db()
        assert (user.is_staff, user.is_superuser) == (True, True)

    def test_superusers_are_changed_by_superusers_alone(self) -> None:
        root = make_staff()
        browser = clerk("change_user", "view_user", "delete_user")
        assert browser.post(change_page(root), form_of(root, first_name="Changed")).status_code == 403
        assert (
            browser.post(reverse("admin:accounts_user_delete", args=[root.pk]), {"post": "yes"}).status_code
            == 403
        )
        page = reverse("admin:auth_user_password_change", args=[root.pk])
        form = {"usable_password": "true", "password1": "another password", "password2": "another password"}
        assert browser.post(page, form).status_code == 403
        root.refresh_from_db()
        assert (root.first_name, root.check_password(PASSWORD)) == ("Ada", True)


class TestGroups:
    def test_pages_open(self, superuser: Client) -> None:
        group = Group.objects.create(name="Packers")
        assert "Packers" in superuser.get(reverse("admin:auth_group_changelist")).text
        assert superuser.get(reverse("admin:auth_group_change", args=[group.pk])).status_code == 200
