"""Paying over the API, with Stripe's events at the real endpoint."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Product
from orders.models import Payment, Refund
from orders.payments import gateway, settlement
from orders.payments.gateway import client
from packages.stripe_fake import FaultKind, sign
from packages.stripe_fake.amounts import MINIMUM
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, nothing_changes
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
from tests.tasks import outbox, run_tasks

pytestmark = pytest.mark.django_db


class TestPaying:
    def test_success(self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product) -> None:
        bank.pay(uuid)
        paid = order(api, uuid)
        assert paid["status"] == "SHIPPED"
        assert paid["paidAt"] is not None
        assert paid["shippedAt"] is not None
        assert paid["payment"] == {
            "status": "SUCCEEDED",
            "clientSecret": None,
            "failure": None,
            "refunded": {"amount": "0.00"},
        }
        assert stock(lamp) == 3

    def test_the_staff_ship(self, api: GraphQLClient, bank: Bank, uuid: str, settings: Settings) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        paid = order(api, uuid)
        assert (paid["status"], paid["shippedAt"]) == ("PAID", None)

    def test_a_decline_and_then_success(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        bank.pay(uuid, "declined")
        declined = order(api, uuid)
        assert declined["status"] == "PENDING"
        assert declined["payment"]["status"] == "FAILED"
        assert declined["payment"]["failure"] == "Your card was declined."
        assert declined["payment"]["clientSecret"]
        bank.pay(uuid)
        paid = order(api, uuid)
        assert (paid["status"], paid["payment"]["status"], paid["payment"]["failure"]) == (
            "SHIPPED",
            "SUCCEEDED",
            None,
        )
        assert Payment.objects.count() == 1

    @pytest.mark.parametrize(
        ("outcome", "status", "payable"),
        [("requires_action", "REQUIRES_ACTION", True), ("processing", "PROCESSING", False)],
    )
    @pytest.mark.parametrize("succeeds", [True, False])
    def test_two_steps(
        self,
        api: GraphQLClient,
        bank: Bank,
        uuid: str,
        outcome: Any,
        status: str,
        payable: bool,
        succeeds: bool,
    ) -> None:
        bank.pay(uuid, outcome)
        between = order(api, uuid)
        assert (between["status"], between["payment"]["status"]) == ("PENDING", status)
        assert bool(between["payment"]["clientSecret"]) == payable
        bank.fake.complete(bank.intent(uuid), "succeeded" if succeeds else "declined")
        if succeeds:
            bank.deliver()
            assert order(api, uuid)["status"] == "SHIPPED"
            return
        bank.deliver()
        failed = order(api, uuid)
        assert (failed["status"], failed["payment"]["status"]) == ("PENDING", "FAILED")
        assert failed["payment"]["failure"]
        assert failed["payment"]["clientSecret"]

    @pytest.mark.parametrize("attribute", ["amount", "currency"])
    def test_another_amount_than_was_asked_for(
        self, api: GraphQLClient, bank: Bank, uuid: str, attribute: str
    ) -> None:
        changed: Any = {"amount": 50} if attribute == "amount" else {"currency": "eur"}
        client().v1.payment_intents.update(bank.intent(uuid), changed)
        bank.fake.confirm(bank.intent(uuid))
        assert set(bank.deliver()) == {200}
        assert order(api, uuid)["status"] == "PENDING"
        assert outbox == []


class TestEvents:
    """The books are the same when events are replayed, reordered, duplicated, late or lost."""

    @pytest.mark.parametrize("backwards", [False, True])
    def test_replays_change_nothing(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, backwards: bool
    ) -> None:
        bank.pay(uuid, "declined")
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        bank.deliver()
        with nothing_changes():
            assert set(deliver_again(bank, backwards=backwards)) == {200}

    def test_every_order_of_arrival_ends_the_same(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        bank.fake.confirm(bank.intent(uuid), "declined")
        bank.fake.confirm(bank.intent(uuid))
        refund_in_dashboard(bank, uuid, 500)
        events = bank.fake.events()
        assert len(events) > 3
        for event in reversed(events):
            body = json.dumps(event)
            assert bank.post(body.encode(), sign(body, secret="whsec_development")) == 200
        settled = order(api, uuid)
        assert (settled["status"], settled["payment"]["status"]) == ("SHIPPED", "PARTIALLY_REFUNDED")
        assert settled["payment"]["refunded"]["amount"] == "5.00"
        assert stock(lamp) == 3
        assert subjects() == ["your order", "$5.00 refunded"]

    @pytest.mark.parametrize("fault", ["event_duplicated", "event_reordered"])
    def test_faults_of_delivery(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, fault: FaultKind
    ) -> None:
        bank.fake.inject(fault, times=None)
        bank.pay(uuid)
        run_tasks()
        refund_in_dashboard(bank, uuid)
        assert set(bank.deliver()) == {200}
        assert order(api, uuid)["status"] == "REFUNDED"
        assert Refund.objects.count() == 1
        assert subjects() == ["your order", "$20.00 refunded"]

    def test_a_stale_look_does_not_move_backwards(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        """A state fetched before a success or a cancellation may be applied after it."""
        stale = settlement.fetch_state(bank.intent(uuid))
        assert stale is not None
        bank.pay(uuid)
        settlement.apply(stale, now=timezone.now())
        assert order(api, uuid)["payment"]["status"] == "SUCCEEDED"
        other = buy(api, lamp)
        stale = settlement.fetch_state(bank.intent(other))
        assert stale is not None
        cancel(api, other)
        bank.deliver()
        with nothing_changes():
            settlement.apply(stale, now=timezone.now())


class TestRetryPayment:
    def test_answers_with_the_live_attempt(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        secret = order(api, uuid)["payment"]["clientSecret"]
        bank.pay(uuid, "declined")
        with nothing_changes():
            answer = retry(api, uuid)
        assert (answer["payment"]["status"], answer["payment"]["clientSecret"]) == ("FAILED", secret)

    def test_makes_a_new_one_where_the_last_was_cancelled(
        self, api: GraphQLClient, bank: Bank, uuid: str
    ) -> None:
        secret = order(api, uuid)["payment"]["clientSecret"]
        client().v1.payment_intents.cancel(bank.intent(uuid))
        bank.deliver()
        cancelled = order(api, uuid)
        assert (cancelled["status"], cancelled["payment"]["status"]) == ("PENDING", "CANCELLED")
        assert cancelled["payment"]["clientSecret"] is None
        again = retry(api, uuid)
        assert again["payment"]["status"] == "PENDING"
        assert again["payment"]["clientSecret"] not in (None, secret)
        bank.pay(uuid)
        assert order(api, uuid)["status"] == "SHIPPED"
        assert sorted(Payment.objects.values_list("status", flat=True)) == ["cancelled", "succeeded"]

    @pytest.mark.parametrize("outcome", ["succeeded", "cancelled"])
    def test_an_order_that_is_not_pending(
        self, api: GraphQLClient, bank: Bank, uuid: str, outcome: str
    ) -> None:
        if outcome == "succeeded":
            bank.pay(uuid)
        else:
            cancel(api, uuid)
        with nothing_changes():
            refused = retry(api, uuid)
        assert refused["__typename"] == "OrderNotEditable"
        assert refused["order"] == order(api, uuid)


class TestRefreshPayment:
    def test_asks_stripe(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        """The shopper may return to the page before the event arrives, if it ever does."""
        bank.fake.inject("event_dropped", times=None)
        assert refresh(api, uuid)["status"] == "PENDING"
        bank.fake.confirm(bank.intent(uuid))
        assert refresh(api, uuid)["status"] == "SHIPPED"
        assert len(outbox) == 1

    def test_the_event_that_follows_changes_nothing_more(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product
    ) -> None:
        bank.fake.confirm(bank.intent(uuid))
        before = refresh(api, uuid)
        bank.deliver()
        assert order(api, uuid) == before
        assert len(outbox) == 1

    def test_stripe_is_down(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        bank.fake.inject("timeout", times=None)
        with nothing_changes():
            assert refresh(api, uuid)["code"] == "PAYMENT_UNAVAILABLE"

    def test_starts_what_was_cut_off(self, api: GraphQLClient, bank: Bank, lamp: Product) -> None:
        bank.fake.inject("timeout", times=None)
        uuid = buy(api, lamp)
        with nothing_changes():
            assert refresh(api, uuid)["code"] == "PAYMENT_UNAVAILABLE"
        bank.fake.clear_faults()
        assert refresh(api, uuid)["payment"]["clientSecret"]

    def test_an_order_with_nothing_to_pay(self, api: GraphQLClient) -> None:
        uuid = buy(api, make_product(discount=Decimal(100)))
        with nothing_changes():
            assert refresh(api, uuid)["payment"] is None


def test_the_least_amounts_are_stripes() -> None:
    """An amount that Stripe refuses would leave an order that can be neither paid nor cancelled."""
    assert {currency.lower(): units for currency, units in gateway.MINIMUM.items()} == MINIMUM
