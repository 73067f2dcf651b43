"""manage.py expire_orders, with the intent in every state."""

import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import stripe
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Product
from orders.models import Order, Payment
from orders.payments.gateway import client
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout, status_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sdk_that_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)


@pytest.fixture
def product() -> Product:
    return make_product(stock=10)


@pytest.fixture
def order(api: GraphQLClient, product: Product) -> str:
    """An overdue order of 3 units."""
    return overdue(api, product)


def overdue(api: GraphQLClient, product: Product) -> str:
    add_to_cart(api, product, 3)
    uuid: str = checkout(api)["uuid"]
    let_time_pass(uuid)
    return uuid


def let_time_pass(uuid: str) -> None:
    """Move the clock beyond the time of any order, even one that the shopper has tried to pay."""
    Order.objects.filter(pk=uuid).update(expires_at=timezone.now() - timedelta(seconds=1))
    Payment.objects.filter(order_id=uuid).update(created_at=timezone.now() - timedelta(minutes=31))


def expire_orders() -> str:
    out = StringIO()
    call_command("expire_orders", stdout=out)
    return out.getvalue().strip()


def intent(bank: Bank, uuid: str) -> str:
    return client().v1.payment_intents.retrieve(bank.intent(uuid)).status


def stock(product: Product) -> int:
    return Product.objects.get(pk=product.pk).stock


class TestExpireOrders:
    def test_gives_up_what_is_overdue(self, order: str, product: Product, bank: Bank) -> None:
        intent_id = bank.intent(order)
        assert stock(product) == 7
        assert expire_orders() == "1 of 1 overdue orders expired."
        assert status_of(order) == "cancelled"
        assert Order.objects.get().cancelled_at
        assert Payment.objects.get().status == "cancelled"
        assert client().v1.payment_intents.retrieve(intent_id).status == "canceled"
        assert stock(product) == 10

    def test_run_twice(self, order: str, product: Product, bank: Bank) -> None:
        expire_orders()
        assert expire_orders() == "0 of 0 overdue orders expired."
        assert bank.deliver() == [200, 200]
        assert status_of(order) == "cancelled"
        assert stock(product) == 10

    def test_leaves_what_has_time(self, order: str, product: Product) -> None:
        Order.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
        assert expire_orders() == "0 of 0 overdue orders expired."
        assert status_of(order) == "pending"
        assert stock(product) == 7

    def test_paid_meanwhile(self, order: str, product: Product, bank: Bank) -> None:
        """The payment has succeeded, but its webhook has not arrived."""
        bank.fake.confirm(bank.intent(order))
        assert expire_orders() == "0 of 1 overdue orders expired."
        assert status_of(order) == "shipped"
        assert stock(product) == 7
        assert bank.deliver() == [200, 200]
        assert status_of(order) == "shipped"

    def test_paid_and_not_yet_shipped(
        self, order: str, product: Product, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.fake.confirm(bank.intent(order))
        expire_orders()
        assert status_of(order) == "paid"
        assert client().v1.refunds.list().data == []
        assert stock(product) == 7

    @pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
    def test_while_processing(self, order: str, product: Product, bank: Bank, told: bool) -> None:
        bank.fake.confirm(bank.intent(order), "processing")
        if told:
            bank.deliver()
        assert expire_orders() == "0 of 1 overdue orders expired."
        assert (status_of(order), intent(bank, order)) == ("pending", "processing")
        assert stock(product) == 7
        bank.fake.complete(bank.intent(order))
        assert expire_orders() == "0 of 1 overdue orders expired."
        assert status_of(order) == "shipped"

    def test_after_processing_in_vain(self, order: str, product: Product, bank: Bank) -> None:
        bank.pay(order, "processing")
        bank.fake.complete(bank.intent(order), "declined")
        bank.deliver()
        assert expire_orders() == "1 of 1 overdue orders expired."
        assert stock(product) == 10

    @pytest.mark.parametrize("outcome", ["declined", "requires_action"])
    def test_shopper_who_gave_up(self, order: str, product: Product, bank: Bank, outcome: Any) -> None:
        bank.pay(order, outcome)
        expire_orders()
        assert status_of(order) == "cancelled"
        assert stock(product) == 10

    @pytest.mark.parametrize("fault", ["timeout", "lost_reply", "rate_limit", "server_error"])
    def test_stripe_out_of_reach(self, order: str, product: Product, bank: Bank, fault: Any) -> None:
        bank.fake.inject(fault, times=None)
        assert expire_orders() == "0 of 1 overdue orders expired."
        assert status_of(order) == "pending"
        assert stock(product) == 7
        bank.fake.clear_faults()
        assert expire_orders() == "1 of 1 overdue orders expired."
        assert stock(product) == 10

    def test_intent_of_which_we_do_not_know(self, api: GraphQLClient, product: Product, bank: Bank) -> None:
        """The reply that created the intent was lost. The intent is found, and cancelled too."""
        bank.fake.inject("lost_reply", times=None)
        uuid = overdue(api, product)
        assert Payment.objects.get().intent_id is None
        bank.fake.clear_faults()
        assert expire_orders() == "1 of 1 overdue orders expired."
        assert status_of(uuid) == "cancelled"
        assert [found.status for found in client().v1.payment_intents.list().data] == ["canceled"]

    def test_killed_after_cancelling_the_intent(self, order: str, product: Product, bank: Bank) -> None:
        client().v1.payment_intents.cancel(bank.intent(order))
        assert status_of(order) == "pending"
        assert expire_orders() == "1 of 1 overdue orders expired."
        assert status_of(order) == "cancelled"
        assert stock(product) == 10

    def test_killed_before_the_order_was_cancelled(self, order: str, product: Product, bank: Bank) -> None:
        client().v1.payment_intents.cancel(bank.intent(order))
        bank.deliver()
        assert (status_of(order), Payment.objects.get().status) == ("pending", "cancelled")
        assert expire_orders() == "1 of 1 overdue orders expired."
        assert stock(product) == 10

    def test_one_failure_does_not_stop_the_others(
        self,
        api: GraphQLClient,
        product: Product,
        bank: Bank,
        settings: Settings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        spoilt, sound = overdue(api, product), overdue(api, product)
        with closing(sqlite3.connect(settings.STRIPE_FAKE_DB)) as db, db:
            db.execute(
                "UPDATE objects SET body = json_set(body, '$.status', 'a status of tomorrow') WHERE id = ?",
                [bank.intent(spoilt)],
            )
        with (
            caplog.at_level(logging.ERROR),
            pytest.raises(CommandError, match=r"1 of 2 .* 1 failed"),
        ):
            call_command("expire_orders")
        assert spoilt in caplog.text
        assert (status_of(spoilt), status_of(sound)) == ("pending", "cancelled")
        assert stock(product) == 7
