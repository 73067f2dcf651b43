"""Order numbers: unique, sayable, and of no use to anyone who guesses one."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.models import User
from orders.models import Order
from orders.numbers import DRAWS, draw_number, read_number
from orders.services import create_order
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import ADDRESS, add_to_cart, checkout, nothing_changes

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
MIGRATION = import_module("orders.migrations.0004_order_details")


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Decide what is drawn next."""

    def decide(*numbers: str) -> None:
        drawn: Iterator[str] = iter(numbers)
        monkeypatch.setattr(
            "orders.numbers.randbelow", lambda most: int(next(drawn).replace("-", "")) - 100_000_000
        )

    return decide


def test_are_short_and_sayable() -> None:
    numbers = {draw_number() for _ in range(1000)}
    assert len(numbers) > 990
    assert all(re.fullmatch(r"[1-9]\d\d-\d{3}-\d{3}", number) for number in numbers)


@pytest.mark.parametrize(
    "text",
    ["482-917-350", " 482 917 350", "482917350", "#482917350", "Order 482-917-350", "ORDER #482 917-350"],
)
def test_are_found_as_people_say_them(text: str) -> None:
    assert read_number(text) == "482-917-350"


@pytest.mark.parametrize(
    "text", ["", "482-917-35", "4829173500", "482-917-35x", "order", "482.917.350", "1" * 9999]
)
def test_are_not_found_in_other_texts(text: str) -> None:
    assert read_number(text) is None


class TestPlacing:
    def test_a_number_that_is_taken_is_drawn_again(
        self, api: GraphQLClient, draws: Callable[..., None]
    ) -> None:
        product = make_product(stock=10)
        draws("100-000-000", "100-000-000", "100-000-001")
        for _ in range(2):
            add_to_cart(api, product)
            assert checkout(api)["__typename"] == "Order"
        assert {*Order.objects.values_list("number", flat=True)} == {"100-000-000", "100-000-001"}
        product.refresh_from_db()
        assert product.stock == 8

    def test_a_draft_draws_again_too(self, draws: Callable[..., None]) -> None:
        draws("100-000-000", "100-000-000", "100-000-001")
        for _ in range(2):
            create_order(user=make_user(), now=timezone.now())
        assert Order.objects.count() == 2

    def test_gives_up_after_so_many(self, draws: Callable[..., None]) -> None:
        draws(*["100-000-000"] * (DRAWS + 1))
        create_order(user=make_user(), now=timezone.now())
        with pytest.raises(IntegrityError), nothing_changes():
            create_order(user=make_user(), now=timezone.now())

    def test_other_conflicts_are_not_repeated(self, draws: Callable[..., None]) -> None:
        draws("100-000-000")
        with pytest.raises(User.DoesNotExist):
            create_order(user=User(pk=2**31), now=timezone.now())


class TestGuessing:
    def test_nothing_answers_to_a_number_alone(self, api: GraphQLClient, signed_in: SignedIn) -> None:
        add_to_cart(api, make_product())
        checkout(api)
        number = Order.objects.get().number
        for browser in (api, GraphQLClient(), signed_in(make_user())):
            for key in (number, number.replace("-", "")):
                answer = browser.send("query($uuid: UUID!) { order(uuid: $uuid) { status } }", uuid=key)
                assert answer.get("data") is None
                for mutation in ("cancelOrder", "retryPayment", "refreshPayment"):
                    document = (
                        f"mutation($uuid: UUID!) {{ {mutation}(input: {{uuid: $uuid}}) {{ __typename }} }}"
                    )
                    assert browser.expect_refusal(document, uuid=key) == "BAD_USER_INPUT"

    def test_does_not_say_how_many_orders_there_are(self) -> None:
        """Numbers that count tell a competitor how much is sold."""
        numbers = [int(draw_number().replace("-", "")) for _ in range(100)]
        assert numbers != sorted(numbers)
        assert max(numbers) - min(numbers) > 100_000_000


class TestMigration:
    def test_gives_each_order_a_number_and_its_address(self, api: GraphQLClient) -> None:
        product = make_product(stock=10)
        for email in ("ada@example.com", "bob@example.com"):
            add_to_cart(api, product)
            checkout(api, shipping={**ADDRESS, "email": email})
        Order.objects.create(visitor=uuid4(), currency="USD")
        Order.objects.update(email="x@example.com")
        before = {*Order.objects.values_list("number", flat=True)}
        MIGRATION.fill_in(apps, SimpleNamespace(connection=connection))
        numbers = [*Order.objects.values_list("number", flat=True)]
        assert len({*numbers}) == 3
        assert not before & {*numbers}
        assert all(read_number(number) == number for number in numbers)
        for order in Order.objects.exclude(shipping=None).select_related("shipping"):
            assert order.shipping
            assert (order.email, order.language) == (order.shipping.email, "en")
