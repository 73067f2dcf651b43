"""Paying, cancelling and refunding over the API, with Stripe's events at the real endpoint."""

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog.models import Product, StockMovement
from orders import cancellation
from orders.models import Order, OrderStatus, Payment, PaymentStatus, Refund
from orders.payments import gateway, settlement
from orders.payments.gateway import client
from packages.stripe_fake import FaultKind, sign
from packages.stripe_fake.amounts import MINIMUM
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout, nothing_changes, status_of
from tests.tasks import outbox, run_tasks

pytestmark = pytest.mark.django_db

FIELDS = """
    __typename status amount { amount } paidAt shippedAt cancelledAt
    payment { status clientSecret failure refunded { amount } }
"""
RESULT = f"__typename ... on Order {{ {FIELDS} }} ... on UserError {{ code message }}"
ORDER = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {FIELDS} }} }}"
RETRY = f"""
    mutation($uuid: UUID!) {{
      retryPayment(input: {{uuid: $uuid}}) {{ {RESULT} ... on OrderNotEditable {{ order {{ {FIELDS} }} }} }}
    }}
"""
REFRESH = f"mutation($uuid: UUID!) {{ refreshPayment(input: {{uuid: $uuid}}) {{ {RESULT} }} }}"
CANCEL = f"""
    mutation($uuid: UUID!) {{
      cancelOrder(input: {{uuid: $uuid}}) {{
        {RESULT} ... on OrderNotCancellable {{ status order {{ {FIELDS} }} }}
      }}
    }}
"""


def subjects() -> list[str]:
    """Return what the mails are about, without the store's name."""
    return sorted((mail.subject.partition(": ")[2] for mail in outbox), reverse=True)


@pytest.fixture
def lamp() -> Product:
    """A lamp at 10.00. Every order here buys two of five."""
    return make_product(name="Lamp", stock=5)


@pytest.fixture
def uuid(api: GraphQLClient, lamp: Product) -> str:
    """A pending order of a guest."""
    return buy(api, lamp)


def buy(browser: GraphQLClient, product: Product) -> str:
    add_to_cart(browser, product, 2)
    placed: str = checkout(browser)["uuid"]
    return placed


def order(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(ORDER, uuid=uuid)["order"]


def retry(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(RETRY, uuid=uuid)["retryPayment"]


def refresh(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(REFRESH, uuid=uuid)["refreshPayment"]


def cancel(browser: GraphQLClient, uuid: str) -> Any:
    return browser.run(CANCEL, uuid=uuid)["cancelOrder"]


def stock(product: Product) -> int:
    product.refresh_from_db()
    assert product.stock == sum(product.movements.values_list("delta", flat=True))
    return product.stock


def refund_in_dashboard(bank: Bank, uuid: str, units: int | None = None) -> None:
    """Refund an amount in cents, or all, in Stripe's Dashboard. The events are not delivered yet."""
    intent = bank.intent(uuid)
    client().v1.refunds.create(
        {"payment_intent": intent, "amount": units} if units else {"payment_intent": intent}
    )


def deliver_again(bank: Bank, *, backwards: bool = False) -> list[int]:
    """Deliver every event of the past again, with a new signature."""
    events = bank.fake.events()
    bodies = [json.dumps(event) for event in (reversed(events) if backwards else events)]
    return [bank.post(body.encode(), sign(body, secret="whsec_development")) for body in bodies]


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


class TestConfirmationMail:
    def test_one(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        assert outbox == []
        bank.pay(uuid)
        deliver_again(bank)
        refresh(api, uuid)
        [confirmation] = outbox
        assert confirmation.to == [ADDRESS["email"]]
        for part in ("Ada", Order.objects.get(pk=uuid).number, "2 × Lamp, $10.00", "Total: $20.00"):
            assert part in confirmation.body

    def test_none_before_it_is_paid(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        bank.pay(uuid, "declined")
        bank.pay(uuid, "requires_action")
        assert outbox == []

    def test_none_for_an_order_that_was_given_up(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        cancel(api, uuid)
        bank.deliver()
        assert outbox == []

    def test_is_sent_after_the_commit(
        self, api: GraphQLClient, bank: Bank, settings: Settings, transactional_db: None
    ) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.WatchingBackend"
        WatchingBackend.in_transaction.clear()
        uuid = buy(api, make_product())
        bank.pay(uuid)
        free = make_product(discount=Decimal(100))
        buy(api, free)
        run_tasks()
        assert WatchingBackend.in_transaction == [False, False]

    def test_a_mail_server_that_is_down_is_no_failure(
        self, api: GraphQLClient, bank: Bank, uuid: str, settings: Settings
    ) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
        bank.fake.confirm(bank.intent(uuid))
        assert set(bank.deliver()) == {200}
        run_tasks()
        assert order(api, uuid)["status"] == "SHIPPED"


class WatchingBackend(BaseEmailBackend):
    """A mail backend that records whether a transaction is open."""

    in_transaction: list[bool] = []

    def send_messages(self, email_messages: Any) -> int:
        self.in_transaction.append(connection.in_atomic_block)
        return len(email_messages)


class BrokenBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError


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


class TestDashboard:
    """Refunds in Stripe's Dashboard are each counted once."""

    def test_in_parts(self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product) -> None:
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        bank.deliver()
        part = order(api, uuid)
        assert (part["status"], part["payment"]["status"]) == ("SHIPPED", "PARTIALLY_REFUNDED")
        assert part["payment"]["refunded"]["amount"] == "5.00"
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        whole = order(api, uuid)
        assert (whole["status"], whole["payment"]["status"]) == ("REFUNDED", "REFUNDED")
        assert whole["payment"]["refunded"]["amount"] == "20.00"
        assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal(5), Decimal(15)]
        assert stock(lamp) == 3  # shipped goods are only restocked by the staff

    def test_all_of_a_paid_order_brings_the_stock_back_once(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        deliver_again(bank)
        assert order(api, uuid)["status"] == "REFUNDED"
        assert stock(lamp) == 5
        assert StockMovement.objects.filter(reason="returned").count() == 1

    def test_one_that_is_pending_is_counted_when_it_has_succeeded(
        self, api: GraphQLClient, bank: Bank, uuid: str
    ) -> None:
        client().v1.payment_intents.confirm(
            bank.intent(uuid),
            {"payment_method": "pm_card_pendingRefund", "return_url": "https://shop.example/"},
        )
        bank.deliver()
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        waiting = order(api, uuid)
        assert (waiting["status"], waiting["payment"]["refunded"]["amount"]) == ("SHIPPED", "0.00")
        refund_id = Refund.objects.get().refund_id
        assert refund_id
        bank.fake.complete_refund(refund_id, "succeeded")
        bank.deliver()
        assert order(api, uuid)["status"] == "REFUNDED"

    def test_one_that_fails_is_not_counted(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        bank.deliver()
        refund_id = Refund.objects.get().refund_id
        assert refund_id
        bank.fake.complete_refund(refund_id, "failed")
        bank.deliver()
        after = order(api, uuid)
        assert (after["payment"]["status"], after["payment"]["refunded"]["amount"]) == ("SUCCEEDED", "0.00")


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


def test_the_least_amounts_are_stripes() -> None:
    """An amount that Stripe refuses would leave an order that can be neither paid nor cancelled."""
    assert {currency.lower(): units for currency, units in gateway.MINIMUM.items()} == MINIMUM
