"""Cancelling over the API, and what Stripe says late."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog.models import Product
from orders import cancellation
from orders.models import Order, OrderStatus, Payment, PaymentStatus, Refund
from orders.payments.gateway import client
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import Bank, add_to_cart, nothing_changes, status_of
from tests.orders.payments.conftest import (
    buy,
    cancel,
    deliver_again,
    order,
    refresh,
    refund_in_dashboard,
    retry,
    stock,
    subjects,
)
from tests.tasks import outbox

pytestmark = pytest.mark.django_db


class TestCancelOrder:
    def test_a_draft(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        browser = signed_in(make_user())
        uuid = browser.run("mutation { createOrder { ... on Order { uuid } } }")["createOrder"]["uuid"]
        assert cancel(browser, uuid)["status"] == "CANCELLED"

    def test_a_pending_order(self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product) -> None:
        intent = bank.intent(uuid)
        assert stock(lamp) == 3
        cancelled = cancel(api, uuid)
        assert (cancelled["status"], cancelled["payment"]["status"]) == ("CANCELLED", "CANCELLED")
        assert cancelled["cancelledAt"]
        assert cancelled["payment"]["clientSecret"] is None
        assert stock(lamp) == 5
        lamp.refresh_from_db()
        assert lamp.sold_count == 0
        assert client().v1.payment_intents.retrieve(intent).status == "canceled"

    def test_a_second_time(self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product) -> None:
        cancelled = cancel(api, uuid)
        bank.deliver()
        with nothing_changes():
            assert cancel(api, uuid) == cancelled

    def test_one_that_was_paid_a_moment_ago(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        bank.fake.confirm(bank.intent(uuid))  # no event of it has arrived
        answer = cancel(api, uuid)
        assert (answer["__typename"], answer["status"]) == ("OrderNotCancellable", "SHIPPED")
        assert answer["order"] == order(api, uuid)  # the client still had it as pending
        assert answer["order"]["paidAt"]
        assert stock(lamp) == 3
        assert len(outbox) == 1

    def test_answers_with_all_that_it_changes(self, api: GraphQLClient, uuid: str, lamp: Product) -> None:
        document = """
            mutation($uuid: UUID!) {
              cancelOrder(input: {uuid: $uuid}) {
                ... on Order { status expiresAt payment { status } items { product { stock } } }
              }
            }
        """
        assert stock(lamp) == 3
        assert api.run(document, uuid=uuid)["cancelOrder"] == {
            "status": "CANCELLED",
            "expiresAt": None,
            "payment": {"status": "CANCELLED"},
            "items": [{"product": {"stock": 5}}],
        }

    def test_one_whose_payment_is_processing(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        bank.pay(uuid, "processing")
        before = order(api, uuid)
        answer = cancel(api, uuid)
        assert (answer["__typename"], answer["code"]) == ("OrderNotCancellable", "ORDER_NOT_CANCELLABLE")
        assert order(api, uuid) == before
        assert stock(lamp) == 3
        assert answer["message"] == "The payment is being processed. Please try again later."
        bank.fake.complete(bank.intent(uuid), "declined")
        bank.deliver()
        assert cancel(api, uuid)["status"] == "CANCELLED"

    @pytest.mark.parametrize("match", ["*", "POST /v1/payment_intents/*", "GET /v1/*"])
    def test_stripe_is_down(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, match: str
    ) -> None:
        bank.fake.inject("server_error", times=None, match=match)
        answer = cancel(api, uuid)
        assert (answer["__typename"], answer["status"]) == ("OrderNotCancellable", "PENDING")
        assert order(api, uuid)["status"] == "PENDING"
        assert stock(lamp) == 3
        bank.fake.clear_faults()
        assert cancel(api, uuid)["status"] == "CANCELLED"

    def test_one_that_never_reached_stripe(self, api: GraphQLClient, bank: Bank, lamp: Product) -> None:
        bank.fake.inject("timeout", times=None)
        uuid = buy(api, lamp)
        with nothing_changes():
            assert cancel(api, uuid)["__typename"] == "OrderNotCancellable"
        bank.fake.clear_faults()
        assert cancel(api, uuid)["status"] == "CANCELLED"
        assert stock(lamp) == 5

    def test_a_shipped_order(self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product) -> None:
        bank.pay(uuid)
        with nothing_changes():
            answer = cancel(api, uuid)
        assert (answer["__typename"], answer["status"]) == ("OrderNotCancellable", "SHIPPED")

    def test_an_order_that_was_refunded(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        with nothing_changes():
            assert cancel(api, uuid)["status"] == "REFUNDED"
            assert cancel(api, uuid)["__typename"] == "OrderNotCancellable"

    def test_a_paid_order_is_refunded(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        cancelled = cancel(api, uuid)
        assert cancelled["status"] == "REFUNDED"
        assert cancelled["cancelledAt"]
        assert cancelled["payment"]["status"] == "REFUNDED"
        assert cancelled["payment"]["refunded"]["amount"] == "20.00"
        assert stock(lamp) == 5
        bank.deliver()
        with nothing_changes():
            deliver_again(bank)
        assert cancel(api, uuid) == cancelled
        [refund] = Refund.objects.all()
        assert (refund.status, refund.amount) == ("succeeded", Decimal("20.00"))

    def test_the_refund_is_promised_in_the_same_transaction(
        self, bank: Bank, uuid: str, settings: Settings
    ) -> None:
        """A crash right after the transaction loses no refund."""
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        payment = Payment.objects.get()
        cancellation.close(payment.order_id, from_statuses=cancellation.CANCELLABLE, now=timezone.now())
        refund = Refund.objects.get()
        assert (refund.payment, refund.amount, refund.status) == (payment, Decimal("20.00"), "pending")

    def test_the_refund_is_made_up_for(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        bank.fake.inject("timeout", times=None, match="POST /v1/refunds")
        assert cancel(api, uuid)["status"] == "CANCELLED"
        assert stock(lamp) == 5
        bank.fake.clear_faults()
        assert refresh(api, uuid)["status"] == "REFUNDED"
        assert stock(lamp) == 5
        assert Refund.objects.count() == 1

    def test_a_paid_order_of_which_a_part_was_refunded(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        bank.deliver()
        cancelled = cancel(api, uuid)
        assert (cancelled["status"], cancelled["payment"]["refunded"]["amount"]) == ("REFUNDED", "20.00")
        assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal(5), Decimal(15)]

    def test_a_part_was_refunded_of_which_no_event_has_arrived(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        cancelled = cancel(api, uuid)
        assert (cancelled["status"], cancelled["payment"]["refunded"]["amount"]) == ("REFUNDED", "20.00")
        assert set(bank.deliver()) == {200}
        assert stock(lamp) == 5
        assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal(5), Decimal(15)]

    def test_nothing_to_pay_back(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        free = make_product(discount=Decimal(100), stock=5)
        uuid = buy(api, free)
        assert cancel(api, uuid)["status"] == "CANCELLED"
        assert stock(free) == 5


class TestLateSuccess:
    """Money that arrives for a cancelled order is refunded, once."""

    @pytest.fixture
    def given_up(self, uuid: str, lamp: Product) -> str:
        """An order that was closed although its payment can still succeed."""
        payment = Payment.objects.get()
        Payment.objects.update(status=PaymentStatus.CANCELLED)
        cancellation.close(
            payment.order_id, from_statuses=frozenset({OrderStatus.PENDING}), now=timezone.now()
        )
        Payment.objects.update(status=PaymentStatus.PENDING)
        assert stock(lamp) == 5
        return uuid

    def test_is_refunded_once(self, api: GraphQLClient, bank: Bank, given_up: str, lamp: Product) -> None:
        bank.pay(given_up)
        late = order(api, given_up)
        assert (late["status"], late["payment"]["status"]) == ("REFUNDED", "REFUNDED")
        assert late["shippedAt"] is None
        assert Refund.objects.count() == 1
        assert (stock(lamp), subjects()) == (5, ["$20.00 refunded"])
        with nothing_changes():
            deliver_again(bank)
        assert refresh(api, given_up) == late
        assert Refund.objects.count() == 1

    def test_wakes_even_an_attempt_that_was_cancelled(
        self, api: GraphQLClient, bank: Bank, given_up: str
    ) -> None:
        bank.fake.confirm(bank.intent(given_up))
        Payment.objects.update(status=PaymentStatus.CANCELLED)
        bank.deliver()
        assert order(api, given_up)["status"] == "REFUNDED"

    def test_stays_cancelled_until_the_refund_has_succeeded(
        self, api: GraphQLClient, bank: Bank, given_up: str
    ) -> None:
        bank.fake.inject("timeout", times=None, match="POST /v1/refunds")
        bank.pay(given_up)
        late = order(api, given_up)
        assert (late["status"], late["payment"]["refunded"]["amount"]) == ("CANCELLED", "0.00")
        bank.fake.clear_faults()
        assert refresh(api, given_up)["status"] == "REFUNDED"
        assert Refund.objects.count() == 1


class TestExpire:
    def test_gives_up_what_was_not_paid(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        row = Order.objects.get()
        assert cancellation.expire(row.pk, now=timezone.now() + timedelta(hours=1))
        assert (status_of(uuid), stock(lamp)) == ("cancelled", 5)

    @pytest.mark.parametrize("outcome", ["succeeded", "processing"])
    def test_never_what_was_paid_or_is_being_paid(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, outcome: Any
    ) -> None:
        bank.fake.confirm(bank.intent(uuid), outcome)
        assert not cancellation.expire(Order.objects.get().pk, now=timezone.now())
        assert status_of(uuid) == ("shipped" if outcome == "succeeded" else "pending")
        assert stock(lamp) == 3


class TestStrangers:
    def test_another_persons_order_is_not_there(
        self, api: GraphQLClient, uuid: str, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        visitor = GraphQLClient()
        add_to_cart(visitor, make_product())
        staff = signed_in(make_user(is_staff=True, is_superuser=True))
        for stranger, act in itertools.product((GraphQLClient(), visitor, staff), (retry, refresh, cancel)):
            with nothing_changes():
                assert act(stranger, uuid)["code"] == "NOT_FOUND"
                assert act(stranger, str(uuid4()))["code"] == "NOT_FOUND"
