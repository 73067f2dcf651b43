"""Exporting a person's data, and deleting the account."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Address, Profile, User
from accounts.signals import account_closing
from catalog.models import Favourite, Product, StockNotice
from catalog.notices import subscribe
from catalog.services import add_favourite
from orders.audit import differences
from orders.fulfilment import ship
from orders.models import Cart, CartItem, Order, OrderItem, Shipping
from orders.services import create_order
from reviews.models import Comment, Report
from reviews.services import report_comment
from tests.accounts.operations import (
    DELETE_ACCOUNT,
    EXPORT_MY_DATA,
    LOGIN,
    REGISTER,
    UPDATE_PROFILE,
    answer_of,
    email_of,
    wrong_fields,
)
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    PASSWORD,
    make_comment,
    make_entry,
    make_picture,
    make_product,
    make_staff,
    make_user,
    variant_of,
)
from tests.orders.conftest import Bank, add_to_cart, bank, checkout  # noqa: F401  # a fixture
from tests.reviews.sums import assert_sums
from tests.rights.shop import whole_database

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
DONE = {"__typename": "Done", "ok": True}
CREATE_ORDER = "mutation { createOrder { ... on Order { uuid } } }"


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = whole_database()
    yield
    assert whole_database() == before


@pytest.fixture
def user() -> User:
    return make_user(email="ada.secret@example.com", first_name="Adasgivenname", email_verified=True)


def buy(browser: GraphQLClient, product: Product, bank: Bank) -> str:  # noqa: F811
    """Buy something, and return the uuid of the paid order."""
    add_to_cart(browser, product)
    uuid = str(checkout(browser)["uuid"])
    bank.pay(uuid)
    return uuid


def export(browser: GraphQLClient) -> Any:
    answer = browser.run(EXPORT_MY_DATA)["exportMyData"]
    return answer["data"] if answer["__typename"] == "MyData" else answer["__typename"]


def fill(user: User, browser: GraphQLClient, bank: Bank, *, things: int = 1) -> None:  # noqa: F811
    """Give the user `things` of everything that a person can have, except unpaid orders."""
    now = timezone.now()
    for _ in range(things):
        product = make_product(name="Lamp", stock=50)
        buy(browser, product, bank)
        create_order(user=user, now=now)
        add_favourite(user=user, product_pk=product.pk, now=now)
        subscribe(variant_pk=variant_of(make_product(name="Desk", stock=0)).pk, email=user.email, now=now)
        make_entry(user=user)
        make_comment(user=user, product=product, rating=4, body="Shines")
        make_comment(user=user, product=product, active=False)
        report_comment(user=user, comment_pk=make_comment().pk, reason="Rude", now=now)
    for _ in range(things):
        add_to_cart(browser, make_product(name="Rug"))


class TestExportMyData:
    def test_has_all_that_is_kept(self, signed_in: SignedIn, user: User, bank: Bank) -> None:  # noqa: F811
        browser = signed_in(user)
        fill(user, browser, bank)
        data = export(browser)
        assert data["account"]["email"] == user.email
        assert data["profile"]["name"] == "Adasgivenname Lovelace"
        [address] = data["addresses"]
        assert (address["address"], address["address2"], address["isDefault"]) == ("Market Street", "", True)
        assert [line["product"] for line in data["favourites"]] == ["Lamp"]
        assert [(line["product"], line["email"]) for line in data["stockNotices"]] == [("Desk", user.email)]
        assert [(line["product"], line["quantity"]) for line in data["cart"]] == [("Rug", 1)]
        draft, order = sorted(data["orders"], key=lambda order: str(order["status"]))
        assert (draft["status"], draft["items"], draft["shipping"]) == ("draft", [], None)
        assert (order["status"], order["amount"], order["currency"]) == ("shipped", "10.00", "USD")
        assert order["items"] == [
            {
                "name": "Lamp",
                "variant": "",
                "sku": "",
                "quantity": 1,
                "unitPrice": "10.00",
                "discount": "0.00",
                "tax": "0.00",
            }
        ]
        assert order["shipping"]["email"] == Shipping.objects.get().email
        assert [payment["status"] for payment in order["payments"]] == ["succeeded"]
        assert [(comment["rating"], comment["active"]) for comment in data["comments"]] == [
            (None, False),
            (4, True),
        ]
        assert [report["reason"] for report in data["reports"]] == ["Rude"]

    def test_has_nothing_of_others_and_no_secret(
        self,
        signed_in: SignedIn,
        user: User,
        bank: Bank,  # noqa: F811
    ) -> None:
        browser = signed_in(user)
        fill(user, browser, bank)
        assert (
            export(signed_in(make_user())).items()
            >= {
                "addresses": [],
                "favourites": [],
                "stockNotices": [],
                "cart": [],
                "orders": [],
                "comments": [],
                "reports": [],
            }.items()
        )
        text = json.dumps(export(browser))
        user.refresh_from_db()
        assert user.password not in text
        assert "_secret_" not in text

    def test_knows_every_table_that_names_people(self) -> None:
        """A new table fails here until it is exported, and deleted or released with the account."""
        naming = {
            f"{model._meta.label}.{field.name}"
            for model in apps.get_models()
            for field in model._meta.get_fields()
            if field.is_relation and field.concrete and field.related_model in (User, Profile)
        }
        exported = {
            *("accounts.Address.user", "accounts.Profile.user"),
            *("catalog.Favourite.user", "orders.Cart.user", "orders.Order.user"),
            *("reviews.Comment.user", "reviews.Report.user"),
        }
        of_staff = {
            *("admin.LogEntry.user", "orders.OrderEvent.user"),
            *("otp_static.StaticDevice.user", "otp_totp.TOTPDevice.user"),
        }
        of_the_shop = {"catalog.Product.user"}
        assert naming == exported | of_staff | of_the_shop

    def test_changes_nothing(self, signed_in: SignedIn, user: User, bank: Bank) -> None:  # noqa: F811
        browser = signed_in(user)
        fill(user, browser, bank)
        with nothing_changes():
            export(browser)

    def test_too_often(self, signed_in: SignedIn, user: User) -> None:
        answers = [export(signed_in(user)) for _ in range(6)]
        assert [answer == "TooManyAttempts" for answer in answers] == [False] * 5 + [True]

    def test_a_guest_is_refused(self, api: GraphQLClient) -> None:
        assert api.expect_refusal(EXPORT_MY_DATA) == "UNAUTHENTICATED"

    def test_an_address_that_is_not_verified_may_be_another_persons(self, signed_in: SignedIn) -> None:
        user, sold_out = make_user(), make_product(stock=0)
        subscribe(variant_pk=variant_of(sold_out).pk, email=user.email, now=timezone.now())
        browser = signed_in(user)
        assert export(browser)["stockNotices"] == []
        assert answer_of(browser, DELETE_ACCOUNT, password=PASSWORD) == DONE
        assert StockNotice.objects.count() == 1


class TestDeleteAccount:
    def test_leaves_nothing_of_the_person(
        self,
        signed_in: SignedIn,
        user: User,
        bank: Bank,  # noqa: F811
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        browser = signed_in(user)
        fill(user, browser, bank)
        answer_of(browser, UPDATE_PROFILE, {"input.avatar": make_picture()})
        with django_capture_on_commit_callbacks(execute=True):
            assert answer_of(browser, DELETE_ACCOUNT, password=PASSWORD) == DONE
        assert not User.objects.filter(pk=user.pk).exists()
        assert not Profile.objects.filter(user_id=user.pk).exists()
        for table in (Address, Favourite, Comment, Report, Cart):
            assert not table._base_manager.filter(user_id=user.pk).exists()
        assert not CartItem.objects.exists()
        rows = json.dumps(whole_database(), default=str)
        assert user.email not in rows
        assert user.first_name not in rows
        assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]

    def test_placed_orders_stay_as_nobodys(
        self,
        signed_in: SignedIn,
        user: User,
        bank: Bank,  # noqa: F811
    ) -> None:
        browser, product = signed_in(user), make_product()
        uuid = buy(browser, product, bank)
        browser.run(CREATE_ORDER)
        assert answer_of(browser, DELETE_ACCOUNT, password=PASSWORD) == DONE
        order = Order.objects.get()
        assert (str(order.pk), order.user, order.status) == (uuid, None, "shipped")
        assert order.visitor
        assert order.shipping
        assert order.shipping.email
        assert OrderItem.objects.get().order == order
        assert list(differences(now=timezone.now())) == []
        query = "query($uuid: UUID!) { order(uuid: $uuid) { uuid } }"
        assert browser.run(query, uuid=uuid) == {"order": None}

    def test_a_paid_order_is_still_shipped(
        self,
        signed_in: SignedIn,
        user: User,
        bank: Bank,  # noqa: F811
        settings: Settings,
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        browser = signed_in(user)
        uuid = buy(browser, make_product(), bank)
        answer_of(browser, DELETE_ACCOUNT, password=PASSWORD)
        ship(Order.objects.get(), now=timezone.now())
        node = "query($id: ID!) { node(id: $id) { ... on Order { status user { id } } } }"
        seen = signed_in(make_staff()).run(node, id=global_id("Order", uuid))
        assert seen == {"node": {"status": "SHIPPED", "user": None}}

    def test_ratings_leave_the_sums(self, signed_in: SignedIn, user: User) -> None:
        rated, hidden = make_product(), make_product()
        make_comment(product=rated, rating=4)
        make_comment(product=rated, rating=2, user=user)
        make_comment(product=rated, user=user)
        make_comment(product=hidden, rating=5, user=user, active=False)
        answer_of(signed_in(user), DELETE_ACCOUNT, password=PASSWORD)
        assert_sums(rated, [0, 0, 0, 1, 0])
        assert_sums(hidden, [0, 0, 0, 0, 0])
        assert Comment.objects.count() == 1

    def test_every_session_ends(self, signed_in: SignedIn, user: User) -> None:
        here, elsewhere = signed_in(user), signed_in(user)
        answer_of(here, DELETE_ACCOUNT, password=PASSWORD)
        assert (email_of(here), email_of(elsewhere)) == (None, None)
        assert Session.objects.count() == 1  # the other browser's, whose account no longer exists

    def test_the_address_is_free_again(self, api: GraphQLClient, signed_in: SignedIn, user: User) -> None:
        answer_of(signed_in(user), DELETE_ACCOUNT, password=PASSWORD)
        assert answer_of(api, LOGIN, email=user.email, password=PASSWORD)["__typename"] == (
            "InvalidCredentials"
        )
        answer = answer_of(api, REGISTER, email=user.email, password=PASSWORD)
        assert answer["__typename"] == "User"

    def test_the_staffs_log_forgets_the_address(self, signed_in: SignedIn, user: User) -> None:
        LogEntry.objects.create(
            user=make_staff(),
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(user.pk),
            object_repr=str(user),
            action_flag=CHANGE,
        )
        answer_of(signed_in(user), DELETE_ACCOUNT, password=PASSWORD)
        assert LogEntry.objects.get().object_repr == "A deleted account"

    @pytest.mark.parametrize("password", ["wrong", ""])
    def test_by_a_wrong_password(self, signed_in: SignedIn, user: User, password: str) -> None:
        browser = signed_in(user)
        with nothing_changes():
            assert wrong_fields(answer_of(browser, DELETE_ACCOUNT, password=password)) == ["password"]
        assert email_of(browser) == user.email

    def test_too_many_wrong_passwords(self, signed_in: SignedIn, user: User) -> None:
        browser = signed_in(user)
        for _ in range(10):
            answer_of(browser, DELETE_ACCOUNT, password="wrong")
        assert answer_of(browser, DELETE_ACCOUNT, password=PASSWORD)["__typename"] == "TooManyAttempts"
        assert User.objects.filter(pk=user.pk).exists()

    def test_a_password_that_was_changed_meanwhile(self, signed_in: SignedIn, user: User) -> None:
        """A new password locks an intruder out, so the intruder's last request must not delete the account."""
        browser = signed_in(user)

        def change(**_: Any) -> None:
            User.objects.filter(pk=user.pk).update(password="another")

        with while_closing(change), nothing_changes():
            assert wrong_fields(answer_of(browser, DELETE_ACCOUNT, password=PASSWORD)) == ["password"]

    def test_something_that_was_added_meanwhile(self, signed_in: SignedIn, user: User) -> None:
        browser, product = signed_in(user), make_product()

        def add(**_: Any) -> None:
            Comment.objects.create(user=user, product=product, body="Late", slug="late")

        with while_closing(add), nothing_changes():
            assert self.refusal(browser).startswith("Something has just been added")

    def test_an_unpaid_order_is_in_the_way(self, signed_in: SignedIn, user: User) -> None:
        """Only its owner can pay or cancel it, so the owner must stay."""
        browser = signed_in(user)
        add_to_cart(browser, make_product())
        uuid = checkout(browser)["uuid"]
        with nothing_changes():
            assert "have an unpaid order" in self.refusal(browser)
        browser.run("mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }", uuid=uuid)
        assert answer_of(browser, DELETE_ACCOUNT, password=PASSWORD) == DONE
        assert Order.objects.get().status == "cancelled"

    def test_products_are_in_the_way(self, signed_in: SignedIn, user: User) -> None:
        make_product(user=user)
        browser = signed_in(user)
        with nothing_changes():
            assert "sold under your name" in self.refusal(browser)

    @pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
    def test_not_the_staff(self, signed_in: SignedIn, right: str) -> None:
        browser = signed_in(make_user(**{right: True}))
        with nothing_changes():
            assert "belongs to the staff" in self.refusal(browser)

    def test_a_guest_is_refused(self, api: GraphQLClient) -> None:
        assert api.expect_refusal(DELETE_ACCOUNT, input={"password": PASSWORD}) == "UNAUTHENTICATED"

    @staticmethod
    def refusal(browser: GraphQLClient) -> str:
        answer = answer_of(browser, DELETE_ACCOUNT, password=PASSWORD)
        assert wrong_fields(answer) == [""]
        return str(answer["message"])


@contextmanager
def while_closing(late: Callable[..., None]) -> Iterator[None]:
    """Run `late` after the receivers and before the account is deleted."""
    account_closing.connect(late)
    yield
    account_closing.disconnect(late)


class TestStatements:
    def count_statements(self, signed_in: SignedIn, bank: Bank, *, things: int) -> dict[str, int]:  # noqa: F811
        user = make_user(email=f"{uuid4()}@example.com", email_verified=True)
        browser = signed_in(user)
        fill(user, browser, bank, things=things)
        operations: dict[str, Callable[[], Any]] = {
            "exportMyData": lambda: export(browser),
            "deleteAccount": lambda: answer_of(browser, DELETE_ACCOUNT, password=PASSWORD),
        }
        counts = {}
        for name, run in operations.items():
            with CaptureQueriesContext(connection) as queries:
                run()
            counts[name] = len(queries)
        return counts

    @pytest.mark.slow
    def test_are_as_many_for_much(self, signed_in: SignedIn, bank: Bank) -> None:  # noqa: F811
        few = self.count_statements(signed_in, bank, things=1)
        assert self.count_statements(signed_in, bank, things=8) == few
