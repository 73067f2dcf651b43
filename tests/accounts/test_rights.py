"""No member of the staff can raise their own rights, or take over an account with more."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.test_admin import PEOPLE, change_page, form_of
from tests.factories import make_user
from tests.staff import browser_of

pytestmark = pytest.mark.django_db

PEOPLE_RIGHTS = (
    *(
        "view_user",
        "add_user",
        "change_user",
        "delete_user",
        "change_profile",
        "view_profile",
        "delete_profile",
    ),
    *("view_group", "add_group", "change_group", "delete_group", "view_order"),
)
NEW = "an entirely new password"


def permissions(*codenames: str) -> list[Permission]:
    found = list(Permission.objects.filter(codename__in=codenames))
    assert len(found) == len(codenames)
    return found


def group(name: str, *codenames: str) -> Group:
    made = Group.objects.create(name=name)
    made.permissions.set(permissions(*codenames))
    return made


@pytest.fixture
def member() -> User:
    """A member of the staff who manages people, without other important rights."""
    user = make_user(email="member@example.com", is_staff=True)
    user.user_permissions.set(permissions(*PEOPLE_RIGHTS))
    return user


@pytest.fixture
def browser(member: User) -> Client:
    return browser_of(member)


def superuser() -> User:
    return make_user(is_staff=True, is_superuser=True)


def inactive_superuser() -> User:
    return make_user(is_staff=True, is_superuser=True, is_active=False)


def clerk() -> User:
    user = make_user(is_staff=True)
    user.user_permissions.set(permissions("change_order"))
    return user


def clerk_by_group() -> User:
    user = make_user(is_staff=True)
    user.groups.add(group("Clerks", "change_order"))
    return user


def inactive_clerk() -> User:
    """An inactive clerk. Django's backend ignores the permissions, which `is_active` would bring back."""
    user = clerk_by_group()
    user.is_active = False
    user.save()
    return user


def no_longer_staff() -> User:
    user = clerk()
    user.is_staff = False
    user.save()
    return user


BEYOND = [superuser, inactive_superuser, clerk, clerk_by_group, inactive_clerk, no_longer_staff]


def change_email(browser: Client, user: User) -> Any:
    return browser.post(change_page(user), form_of(user, email="taken@example.com"))


def deactivate(browser: Client, user: User) -> Any:
    form = form_of(user)
    del form["is_active"]
    return browser.post(change_page(user), form)


def rename_profile(browser: Client, user: User) -> Any:
    return browser.post(change_page(user), form_of(user, **{"profile-0-name": "Another"}))


def set_password(browser: Client, user: User) -> Any:
    page = reverse("admin:auth_user_password_change", args=[user.pk])
    return browser.post(page, {"usable_password": "true", "password1": NEW, "password2": NEW})


def delete(browser: Client, user: User) -> Any:
    return browser.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"})


def delete_by_action(browser: Client, user: User) -> Any:
    return browser.post(PEOPLE, {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})


def remove_avatar(browser: Client, user: User) -> Any:
    return browser.post(PEOPLE, {"action": "remove_avatars", "_selected_action": [user.pk]})


CHANGES = [
    change_email,
    deactivate,
    rename_profile,
    set_password,
    delete,
    delete_by_action,
    remove_avatar,
]


def state(user: User) -> Any:
    user = User.objects.get(pk=user.pk)
    values = (user.email, user.password, user.is_active, user.is_staff, user.is_superuser)
    return *values, user.profile.name, user.profile.avatar.name


@pytest.mark.parametrize("make", BEYOND)
@pytest.mark.parametrize("change", CHANGES)
def test_somebody_with_more_rights_is_out_of_reach(
    browser: Client, make: Callable[[], User], change: Callable[[Client, User], Any]
) -> None:
    user = make()
    user.profile.avatar = "avatars/a.webp"
    user.profile.save()
    before = state(user)
    assert change(browser, user).status_code in (200, 302, 403)
    assert state(user) == before


@pytest.mark.parametrize("change", CHANGES[:-1])
def test_somebody_without_is_within(browser: Client, change: Callable[[Client, User], Any]) -> None:
    user = make_user()
    before = state(user)
    assert change(browser, user).status_code == 302
    assert not User.objects.filter(pk=user.pk).exists() or state(user) != before


def test_an_action_on_many_spares_who_is_out_of_reach(browser: Client) -> None:
    user, beyond = make_user(), clerk()
    browser.post(
        PEOPLE, {"action": "delete_selected", "_selected_action": [user.pk, beyond.pk], "post": "yes"}
    )
    assert User.objects.filter(pk__in=[user.pk, beyond.pk]).count() == 2


@pytest.mark.parametrize("own", [True, False])
def test_rights_of_users_are_given_by_superusers_alone(browser: Client, member: User, own: bool) -> None:
    user = member if own else make_user()
    chosen = {
        "is_staff": "on",
        "is_superuser": "on",
        "groups": str(group("All", "change_order").pk),
        "user_permissions": str(permissions("change_order")[0].pk),
    }
    assert browser.post(change_page(user), form_of(user, **chosen)).status_code == 302
    user = User.objects.get(pk=user.pk)
    assert (user.is_superuser, user.is_staff, user.groups.count()) == (False, own, 0)
    assert not user.has_perm("orders.change_order")


def test_a_new_user_has_no_rights(browser: Client) -> None:
    form = {"email": "new@example.com", "usable_password": "true", "password1": NEW, "password2": NEW}
    rights = {
        "is_staff": "on",
        "is_superuser": "on",
        "user_permissions": str(permissions("change_order")[0].pk),
    }
    browser.post(reverse("admin:accounts_user_add"), {**form, **rights})
    user = User.objects.get(email="new@example.com")
    assert (user.is_staff, user.is_superuser, user.user_permissions.count()) == (False, False, 0)


class TestGroups:
    def save(self, browser: Client, changed: Group | None, *codenames: str) -> int:
        page = (
            reverse("admin:auth_group_change", args=[changed.pk])
            if changed
            else reverse("admin:auth_group_add")
        )
        form = {"name": "Named", "permissions": [each.pk for each in permissions(*codenames)]}
        return browser.post(page, form).status_code

    def test_a_member_does_not_raise_their_own_group(self, browser: Client, member: User) -> None:
        own = group("Own", "view_order")
        member.groups.add(own)
        assert self.save(browser, own, "view_order", "change_order") == 200
        assert [each.codename for each in own.permissions.all()] == ["view_order"]
        assert self.save(browser, own, "view_order", "view_user") == 302
        assert own.permissions.count() == 2

    def test_a_new_group_has_no_more_than_its_maker(self, browser: Client) -> None:
        assert self.save(browser, None, "change_order") == 200
        assert not Group.objects.filter(name="Named").exists()
        assert self.save(browser, None, "view_order") == 302

    def test_a_group_with_more_rights_is_out_of_reach(self, browser: Client) -> None:
        beyond = group("Beyond", "change_order")
        assert self.save(browser, beyond, "view_order") == 403
        assert self.delete(browser, beyond) == [403, 403]
        assert Group.objects.get(pk=beyond.pk).permissions.count() == 1

    @pytest.mark.parametrize("make", BEYOND)
    def test_a_group_with_such_a_member_too(self, browser: Client, make: Callable[[], User]) -> None:
        shared = group("Shared", "view_order")
        make().groups.add(shared)
        assert self.save(browser, shared) == 403
        assert self.delete(browser, shared)[0] == 403
        assert Group.objects.get(pk=shared.pk).permissions.count() == 1

    def delete(self, browser: Client, doomed: Group) -> list[int]:
        page = reverse("admin:auth_group_delete", args=[doomed.pk])
        action = {"action": "delete_selected", "_selected_action": [doomed.pk], "post": "yes"}
        return [
            browser.post(page, {"post": "yes"}).status_code,
            browser.post(reverse("admin:auth_group_changelist"), action).status_code,
        ]

    def test_a_superuser_grants_all(self) -> None:
        assert self.save(browser_of(superuser()), None, "change_order", "delete_user") == 302
