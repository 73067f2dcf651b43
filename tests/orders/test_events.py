"""The record of what happens to an order."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from core.errors import ValidationError
from orders.admin.timeline import describe_event
from orders.events import SHOP, add_note, staff
from orders.models import MAX_NOTE, Order, OrderEvent
from orders.payments.settlement import settle
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_staff
from tests.orders.conftest import Bank, add_to_cart, checkout, nothing_changes, statements
from tests.staff import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(api: GraphQLClient, settings: Settings) -> Order:
    """A pending order of one unit, 10.00."""
    settings.STORE_SHIP_ON_PAYMENT = False
    add_to_cart(api, make_product())
    return Order.objects.get(pk=checkout(api)["uuid"])


@pytest.fixture
def clerk() -> User:
    return make_staff()


@pytest.fixture
def browser(clerk: User) -> Client:
    return browser_of(clerk)


def history(order: Order) -> list[tuple[str, str]]:
    return list(order.events.values_list("kind", "by"))


def press(browser: Client, name: str, order: Order, **fields: Any) -> None:
    page = reverse(f"admin:orders_order_{name}_this", args=[order.pk])
    assert browser.post(page, {"_form_submitted": "True", **fields}).status_code == 200


class TestHistory:
    def test_of_an_order_that_is_declined_paid_and_refunded(
        self, order: Order, bank: Bank, browser: Client
    ) -> None:
        assert history(order) == []  # its own time tells when it was placed
        bank.pay(str(order.pk), "declined")
        bank.pay(str(order.pk))
        press(browser, "ship", order)
        press(browser, "refund", order, amount="10.00")
        assert history(order) == [
            ("payment_failed", "shop"),
            ("paid", "shop"),
            ("shipped", "staff"),
            ("refund_begun", "staff"),
            ("refunded", "shop"),
        ]

    def test_is_not_written_again_by_a_repetition(self, order: Order, bank: Bank) -> None:
        bank.pay(str(order.pk))
        settle(bank.intent(str(order.pk)), now=timezone.now())
        assert history(order) == [("paid", "shop")]

    def test_names_who_cancelled(self, order: Order, browser: Client, clerk: User) -> None:
        press(browser, "cancel", order)
        event = OrderEvent.objects.get()
        assert (event.kind, event.by, event.user) == ("cancelled", "staff", clerk)

    def test_of_a_customer_who_cancels(self, order: Order, api: GraphQLClient) -> None:
        query = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }"
        api.run(query, uuid=str(order.pk))
        assert history(order) == [("cancelled", "customer")]

    def test_of_a_dispute(self, order: Order, bank: Bank) -> None:
        bank.pay(str(order.pk))
        dispute = bank.fake.dispute(bank.intent(str(order.pk)))
        bank.deliver()
        bank.fake.close_dispute(dispute["id"], "won")
        bank.deliver()
        assert [kind for kind, _ in history(order)] == ["paid", "disputed", "dispute_closed"]

    def test_of_a_refund_that_stripe_refuses(self, order: Order, bank: Bank, browser: Client) -> None:
        bank.pay(str(order.pk))
        bank.fake.inject("server_error_stored", times=3, match="POST /v1/refunds")
        press(browser, "refund", order, amount="1.00")
        assert [kind for kind, _ in history(order)] == ["paid", "refund_begun", "refund_failed"]


class TestNote:
    def test_is_kept_with_its_author(self, order: Order, browser: Client, clerk: User) -> None:
        press(browser, "note", order, note=" Ring twice. ")
        event = OrderEvent.objects.get()
        assert (event.kind, event.user, event.data) == ("note", clerk, {"text": "Ring twice."})

    @pytest.mark.parametrize("text", ["", " ", "x" * (MAX_NOTE + 1)])
    def test_refuses_a_text_that_is_empty_or_too_long(self, order: Order, text: str) -> None:
        with nothing_changes(), pytest.raises(ValidationError):
            add_note(order, text=text, by=SHOP, now=timezone.now())


class TestPage:
    def test_shows_the_history_in_a_constant_number_of_statements(
        self, order: Order, browser: Client, clerk: User
    ) -> None:
        page = reverse("admin:orders_order_change", args=[order.pk])
        browser.get(page)  # the first request reads what stays in memory
        counts = []
        for text in ("Once", "Twice", "Thrice"):
            add_note(order, text=text, by=staff(clerk), now=timezone.now())
            counts.append(statements(lambda: browser.get(page)))
        assert len({*counts}) == 1
        shown = browser.get(page).text
        assert "Note: Thrice" in shown
        assert clerk.email in shown

    def test_describes_amounts_and_reasons(self, order: Order) -> None:
        event = OrderEvent(
            order=order, kind="payment_failed", by="shop", data={"amount": "5", "reason": "No."}
        )
        assert describe_event(event) == "Payment failed: $5.00, No."

    def test_writes_the_admins_log_too(self, order: Order, browser: Client, clerk: User) -> None:
        press(browser, "cancel", order)
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id, entry.get_change_message()) == (
            clerk,
            str(order.pk),
            "Cancelled",
        )
