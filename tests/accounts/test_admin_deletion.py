"""Deleting accounts in the admin: what an account that deletes itself leaves, these leave, too."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from catalog.models import StockNotice
from catalog.notices import subscribe
from orders.models import Order
from orders.services import create_order
from reviews.models import Comment
from tests.conftest import GraphQLClient
from tests.factories import make_comment, make_entry, make_product, make_staff, make_user, variant_of
from tests.orders.conftest import Bank, add_to_cart, bank, checkout, nothing_changes  # noqa: F401  # a fixture
from tests.reviews.sums import assert_sums
from tests.rights.shop import whole_database
from tests.staff import clerk

pytestmark = pytest.mark.django_db

PEOPLE = reverse("admin:accounts_user_changelist")
Delete = Callable[..., Any]


def delete_one(browser: Client, *users: User) -> str:
    [user] = users
    page = reverse("admin:accounts_user_delete", args=[user.pk])
    return browser.post(page, {"post": "yes"}, follow=True).text


def delete_chosen(browser: Client, *users: User) -> str:
    chosen = [user.pk for user in users]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    return browser.post(PEOPLE, form, follow=True).text


def log_change_of(user: User) -> None:
    LogEntry.objects.create(
        user=make_staff(),
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=str(user),
        action_flag=CHANGE,
    )


@pytest.fixture
def user() -> User:
    return make_user(email="ada.secret@example.com", email_verified=True)


@pytest.mark.parametrize("delete", [delete_one, delete_chosen])
class TestDeletion:
    def test_leaves_nothing_of_the_person(
        self,
        superuser: Client,
        user: User,
        signed_in: Callable[[User], GraphQLClient],
        bank: Bank,  # noqa: F811
        delete: Delete,
    ) -> None:
        now, browser, product = timezone.now(), signed_in(user), make_product(stock=5)
        add_to_cart(browser, product)
        bank.pay(str(checkout(browser)["uuid"]))
        create_order(user=user, now=now)
        subscribe(variant_pk=variant_of(make_product(stock=0)).pk, email=user.email, now=now)
        make_comment(user=user, product=product, rating=4)
        make_entry(user=user)
        add_to_cart(browser, product)
        log_change_of(user)
        delete(superuser, user)
        assert not User.objects.filter(pk=user.pk).exists()
        assert not StockNotice.objects.exists()
        assert not Comment.objects.exists()
        assert_sums(product, [0, 0, 0, 0, 0])
        assert [(order.status, order.user) for order in Order.objects.all()] == [("shipped", None)]
        assert user.email not in json.dumps(whole_database(), default=str)

    def test_is_in_the_log_without_the_address(self, superuser: Client, user: User, delete: Delete) -> None:
        log_change_of(user)
        delete(superuser, user)
        entries = LogEntry.objects.filter(object_id=str(user.pk)).order_by("pk")
        assert [(entry.action_flag, entry.object_repr) for entry in entries] == [
            (CHANGE, "A deleted account"),
            (DELETION, "A deleted account"),
        ]

    def test_products_are_in_the_way(self, superuser: Client, user: User, delete: Delete) -> None:
        make_product(user=user)
        self.assert_refused(superuser, user, delete, "Products are sold under your name.")

    def test_an_unpaid_order_is_in_the_way(
        self,
        superuser: Client,
        user: User,
        signed_in: Callable[[User], GraphQLClient],
        bank: Bank,  # noqa: F811
        delete: Delete,
    ) -> None:
        add_to_cart(signed_in(user), make_product())
        checkout(signed_in(user))
        self.assert_refused(superuser, user, delete, "You have an unpaid order.")

    def test_not_the_staff(self, superuser: Client, delete: Delete) -> None:
        self.assert_refused(superuser, make_staff(), delete, "This account belongs to the staff.")

    def assert_refused(self, browser: Client, user: User, delete: Delete, why: str) -> None:
        log_change_of(user)
        with nothing_changes():
            before = list(LogEntry.objects.values())
            page = delete(browser, user)
            assert f"The account {user} would be told: {why}" in page
            assert "uccessfully" not in page
            assert list(LogEntry.objects.values()) == before
        assert User.objects.filter(pk=user.pk).exists()


class TestMany:
    def test_one_that_is_refused_keeps_all(self, superuser: Client, user: User) -> None:
        seller = make_product().user
        before = whole_database()
        assert str(seller) in delete_chosen(superuser, user, seller)
        assert whole_database() == before

    def test_all_of_them_go(self, superuser: Client, user: User) -> None:
        other = make_user()
        assert "Successfully deleted 2 users" in delete_chosen(superuser, user, other)
        assert not User.objects.filter(pk__in=[user.pk, other.pk]).exists()


class TestPage:
    def test_says_what_happens_and_needs_one_right(self, user: User) -> None:
        make_comment(user=user)
        browser = clerk("view_user", "delete_user")
        page = browser.get(reverse("admin:accounts_user_delete", args=[user.pk])).text
        assert "Placed orders stay, without an owner." in page
        delete_one(browser, user)
        assert not User.objects.filter(pk=user.pk).exists()

    def test_takes_as_many_statements_for_much(self, superuser: Client, user: User) -> None:
        def statements(victim: User) -> int:
            with CaptureQueriesContext(connection) as queries:
                delete_one(superuser, victim)
            return len(queries)

        other = make_user(email_verified=True)
        statements(make_user(email_verified=True))  # the first visit reads content types
        for things, person in ((1, user), (6, other)):
            for _ in range(things):
                make_comment(user=person, rating=3)
                make_entry(user=person)
                log_change_of(person)
        assert statements(user) == statements(other)

    def test_of_nobody(self, superuser: Client) -> None:
        for key in ("999999", "x"):
            page = reverse("admin:accounts_user_delete", args=[key])
            assert superuser.get(page).status_code == 302
