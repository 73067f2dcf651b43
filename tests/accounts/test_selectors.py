"""Selectors of people: who may see whose e-mail address."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from accounts.selectors import users_seen_by
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db


class TestUsersSeenBy:
    @pytest.fixture(autouse=True)
    def ada(self) -> User:
        return make_user()

    def with_the_right(self, user: User) -> User:
        user.user_permissions.add(Permission.objects.get(codename="view_user"))
        return User.objects.get(pk=user.pk)  # without the permissions that it remembers

    def test_a_guest_sees_nobody(self) -> None:
        assert not users_seen_by(None).exists()

    def test_a_person_sees_nobody_else(self) -> None:
        bob = make_user()
        assert list(users_seen_by(bob)) == [bob]

    def test_the_staff_see_nobody_else_without_the_right(self) -> None:
        clerk = make_user(is_staff=True)
        assert list(users_seen_by(clerk)) == [clerk]

    def test_the_right_does_not_help_who_is_not_staff(self) -> None:
        bob = self.with_the_right(make_user())
        assert list(users_seen_by(bob)) == [bob]

    def test_the_staff_with_the_right_see_everybody(self, ada: User) -> None:
        for clerk in (self.with_the_right(make_user(is_staff=True)), make_staff()):
            assert {ada, clerk} <= set(users_seen_by(clerk))
