"""What an order keeps of people when it is placed: addresses, who the invoice is for, and a note."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest
import stripe
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from orders.models import MAX_NOTE, Order, Payment, Shipping
from orders.payments.gateway import client
from tests.accounts.operations import EXPORT_MY_DATA
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_entry, make_product, make_rate, make_user
from tests.hostile import hostile_strings
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout, nothing_changes, statements
from tests.staff import clerk

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]
BILLING = """billing { company vatId address { id firstName lastName company address city zipCode country email } }
    shipping { id } number note"""
ORDER = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {BILLING} }} }}"
HEAD_OFFICE = {
    "firstName": "Charles",
    "lastName": "Babbage",
    "email": "Books@Example.com",
    "phone": "030 123456",
    "address": "Hauptstraße",
    "buildingNumber": "12",
    "city": "Berlin",
    "zipCode": "D-10115",
    "country": "de",
}


@pytest.fixture
def shopper(api: GraphQLClient) -> GraphQLClient:
    """A guest with something in the cart."""
    add_to_cart(api, make_product(stock=50))
    return api


def read(browser: GraphQLClient, placed: dict[str, Any]) -> Any:
    return browser.run(ORDER, uuid=placed["uuid"])["order"]


def wrong_fields(answer: dict[str, Any]) -> list[str]:
    assert answer["__typename"] == "ValidationError"
    return sorted(error["field"] for error in answer["fields"])


class TestBilling:
    def test_is_null_if_nobody_has_said_so(self, shopper: GraphQLClient) -> None:
        order = read(shopper, checkout(shopper))
        assert (order["billing"], order["note"]) == (None, "")

    def test_to_another_address(self, shopper: GraphQLClient) -> None:
        billing = {"company": " Analytical  Engines Ltd", "vatId": "de 136.695.976", "address": HEAD_OFFICE}
        order = read(shopper, checkout(shopper, billing=billing))
        address = order["billing"]["address"]
        assert order["billing"] == {
            "company": "Analytical Engines Ltd",
            "vatId": "DE136695976",
            "address": {
                "id": address["id"],
                "firstName": "Charles",
                "lastName": "Babbage",
                "company": "",
                "address": "Hauptstraße",
                "city": "Berlin",
                "zipCode": "10115",
                "country": "DE",
                "email": "books@example.com",
            },
        }
        assert address["id"] != order["shipping"]["id"]
        assert Order.objects.get().email == ADDRESS["email"]

    @pytest.mark.parametrize("billing", [{}, {"company": "Lovelace Ltd"}, {"vatId": "ATU13585627"}])
    def test_is_the_shipping_address_where_none_is_given(
        self, shopper: GraphQLClient, billing: dict[str, str]
    ) -> None:
        order = read(shopper, checkout(shopper, billing=billing))
        assert order["billing"]["address"]["id"] == order["shipping"]["id"]
        assert {"company": "", "vatId": "", **billing}.items() <= order["billing"].items()
        assert Shipping.objects.count() == 1

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("EL 094259216", "EL094259216"),
            ("GR094259216", "EL094259216"),
            ("el-094.259.216", "EL094259216"),
            (" FR 40 303 265 045\u00a0", "FR40303265045"),
            ("nl4495445B01", "NL004495445B01"),
            ("\uff24\uff25136695976", None),
            ("DE136695978", None),  # pragma: allowlist secret
            ("EL094259217", None),
            ("136695976", None),
            ("XX123456789", None),
            ("DE", None),
            ("DE136695976" * 1000, None),
            ("1" * 20_000, None),
        ],
    )
    def test_a_vat_id_is_checked_in_form(self, shopper: GraphQLClient, typed: str, kept: str | None) -> None:
        if kept is None:
            with nothing_changes():
                assert wrong_fields(checkout(shopper, billing={"vatId": typed})) == ["billing.vatId"]
            return
        checkout(shopper, billing={"vatId": typed})
        assert Order.objects.get().vat_id == kept

    def test_of_a_greek_company_in_greece(self, shopper: GraphQLClient) -> None:
        """The law has EL for the id, and ISO 3166 has GR for the address."""
        address = {**HEAD_OFFICE, "country": "GR", "zipCode": "10431", "phone": "+302101234567"}
        order = read(shopper, checkout(shopper, billing={"vatId": "EL094259216", "address": address}))
        assert (order["billing"]["vatId"], order["billing"]["address"]["country"]) == ("EL094259216", "GR")

    def test_everything_that_is_wrong_is_named_at_once(self, shopper: GraphQLClient) -> None:
        with nothing_changes():
            answer = checkout(
                shopper,
                shipping={**ADDRESS, "zipCode": "1"},
                billing={
                    "company": "é" * 201,
                    "vatId": "x",
                    "address": {**HEAD_OFFICE, "firstName": "", "country": "XX"},
                },
                note="é" * (MAX_NOTE + 1),
            )
            assert wrong_fields(answer) == [
                *("billing.address.country", "billing.address.firstName"),
                *("billing.company", "billing.vatId", "note", "shipping.zipCode"),
            ]

    def test_is_kept_when_the_address_book_changes(self, signed_in: SignedIn) -> None:
        user = make_user()
        make_entry(user=user)
        browser = signed_in(user)
        add_to_cart(browser, make_product())
        before = read(browser, placed := checkout(browser, billing={"address": HEAD_OFFICE}))
        user.addresses.update(address="Elsewhere")
        user.addresses.all().delete()
        assert read(browser, placed) == before

    def test_of_a_draft(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user())
        product = global_id("Product", make_product().pk)
        [draft] = browser.run("mutation { createOrder { ... on Order { uuid number } } }").values()
        item = "mutation($i: OrderItemInput!) { addOrderItem(input: $i) { __typename } }"
        browser.run(item, i={"orderUuid": draft["uuid"], "productId": product})
        place = f"""mutation($i: PlaceOrderInput!) {{ placeOrder(input: $i) {{ __typename
            ... on Order {{ {BILLING} }} ... on ValidationError {{ fields {{ field }} }} }} }}"""
        input = {"orderUuid": draft["uuid"], "shipping": ADDRESS, "note": "Ring twice"}
        with nothing_changes():
            answer = browser.run(place, i={**input, "billing": {"vatId": "1"}})["placeOrder"]
            assert wrong_fields(answer) == ["billing.vatId"]
        placed = browser.run(place, i={**input, "billing": {"address": HEAD_OFFICE}})["placeOrder"]
        assert (placed["number"], placed["note"]) == (draft["number"], "Ring twice")
        assert placed["billing"]["address"]["city"] == "Berlin"
        order = Order.objects.get()
        assert (order.email, order.language) == (ADDRESS["email"], "en")

    def test_others_see_neither(self, shopper: GraphQLClient, signed_in: SignedIn) -> None:
        order = read(shopper, checkout(shopper, billing={"address": HEAD_OFFICE}))
        node = "query($id: ID!) { node(id: $id) { ... on Shipping { city } } }"
        id = order["billing"]["address"]["id"]
        assert shopper.run(node, id=id)["node"] == {"city": "Berlin"}
        for other in (GraphQLClient(), signed_in(make_user()), signed_in(make_user(is_staff=True))):
            assert other.run(node, id=id) == {"node": None}


class TestReverseCharge:
    """A German shop sells a lamp for 119 with tax."""

    @pytest.fixture(autouse=True)
    def _german(self, settings: Settings, api: GraphQLClient) -> None:
        settings.STORE_COUNTRY, settings.STORE_PRICES_INCLUDE_TAX = "DE", True
        make_rate("DE", "19")
        make_rate("AT", "20")
        add_to_cart(api, make_product(price=Decimal("119.00")))

    AUSTRIAN: ClassVar = {**HEAD_OFFICE, "country": "AT", "zipCode": "1010", "phone": "+43 1 5880000"}

    def outcome(self, browser: GraphQLClient, shipping: dict[str, str], vat_id: str) -> tuple[bool, str]:
        placed = checkout(browser, shipping=shipping, billing={"vatId": vat_id})
        order = Order.objects.get(pk=placed["uuid"])
        assert Payment.objects.get().amount == order.amount
        return order.is_reverse_charge, f"{order.amount:.2f} {order.tax_total:.2f}"

    def test_of_a_company_in_another_country(self, api: GraphQLClient) -> None:
        assert self.outcome(api, self.AUSTRIAN, "atu 13585627") == (True, "100.00 0.00")

    def test_not_without_a_vat_id(self, api: GraphQLClient) -> None:
        assert self.outcome(api, self.AUSTRIAN, "") == (False, "119.00 19.83")

    def test_not_at_home(self, api: GraphQLClient) -> None:
        assert self.outcome(api, HEAD_OFFICE, "DE136695976") == (False, "119.00 19.00")

    def test_a_total_that_was_shown_with_tax_is_asked_again(self, api: GraphQLClient) -> None:
        billing = {"vatId": "ATU13585627"}
        with nothing_changes():
            answer = checkout(api, shipping=self.AUSTRIAN, billing=billing, expectedTotal="119.00")
            assert (answer["__typename"], answer["actual"]["amount"]) == ("TotalChanged", "100.00")
        answer = checkout(api, shipping=self.AUSTRIAN, billing=billing, expectedTotal="100.00")
        assert answer["__typename"] == "Order"


class TestNote:
    def test_is_kept_as_it_is(self, shopper: GraphQLClient) -> None:
        assert read(shopper, checkout(shopper, note=" Ring twice,\nplease <b>! \n"))["note"] == (
            "Ring twice,\nplease <b>!"
        )

    def test_the_longest(self, shopper: GraphQLClient) -> None:
        assert read(shopper, checkout(shopper, note="é" * MAX_NOTE))["note"] == "é" * MAX_NOTE

    def test_hostile_strings(self, api: GraphQLClient) -> None:
        for text in hostile_strings()[::20]:
            if "\0" in text:
                continue
            add_to_cart(api, make_product())
            placed = checkout(api, note=text, billing={"company": text})
            if placed["__typename"] == "Order":
                assert read(api, placed)["note"] == text.strip()
                Order.objects.update(status="cancelled")
            else:
                assert set(wrong_fields(placed)) <= {"note", "billing.company"}


class TestFrozen:
    def test_language_of_the_store(self, shopper: GraphQLClient, settings: Settings) -> None:
        settings.LANGUAGE_CODE = "de"
        checkout(shopper)
        settings.LANGUAGE_CODE = "en"
        assert Order.objects.get().language == "de"

    def test_is_in_the_export(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user())
        add_to_cart(browser, make_product())
        checkout(browser, billing={"vatId": "DE136695976", "address": HEAD_OFFICE}, note="Ring twice")
        [order] = browser.run(EXPORT_MY_DATA)["exportMyData"]["data"]["orders"]
        assert (order["number"], order["note"]) == (Order.objects.get().number, "Ring twice")
        assert order["email"] == ADDRESS["email"]
        assert order["billing"]["vatId"] == "DE136695976"
        assert order["billing"]["address"]["city"] == "Berlin"
        assert order["shipping"]["address2"] == ""

    def test_takes_no_more_statements(self, api: GraphQLClient) -> None:
        counts = []
        for more in ({}, {"billing": {"company": "Ltd", "vatId": "DE136695976", "address": HEAD_OFFICE}}):
            for _ in range(3):
                add_to_cart(api, make_product())
            counts.append(statements(lambda more=more: checkout(api, note="Hello", **more)))  # type: ignore[misc]
        assert counts[0] == counts[1] <= 20

    def test_reading_takes_as_many_for_many_orders(self, signed_in: SignedIn) -> None:
        query = f"{{ me {{ orders(first: 20) {{ nodes {{ {BILLING} }} }} }} }}"
        counts = []
        for orders in (1, 3):
            browser = signed_in(make_user())
            for _ in range(orders):
                add_to_cart(browser, make_product())
                checkout(browser, billing={"address": HEAD_OFFICE})
            counts.append(statements(lambda browser=browser: browser.run(query)))  # type: ignore[misc]
        assert counts[0] == counts[1]


class TestStripe:
    def intent(self, bank: Bank, placed: dict[str, Any]) -> stripe.PaymentIntent:
        return client().v1.payment_intents.retrieve(bank.intent(placed["uuid"]))

    def test_gets_number_and_address(self, shopper: GraphQLClient, bank: Bank) -> None:
        address = {**ADDRESS, "address2": "3rd floor", "lastName": ""}
        intent = self.intent(bank, checkout(shopper, shipping=address, billing={"address": HEAD_OFFICE}))
        order, payment = Order.objects.get(), Payment.objects.get()
        assert intent.description == f"Order {order.number}"
        assert intent.metadata.to_dict() == {
            "payment": str(payment.pk),
            "order": str(order.pk),
            "number": order.number,
        }
        assert intent.shipping
        assert intent.shipping.to_dict() == {
            "name": "Ada",
            "phone": "+14155552671",
            "address": {
                "line1": "1 Market Street",
                "line2": "3rd floor",
                "city": "San Francisco",
                "postal_code": "94105",
                "state": "CA",
                "country": "US",
            },
        }

    def test_gets_no_empty_lines(self, shopper: GraphQLClient, bank: Bank) -> None:
        address = {**ADDRESS, "country": "HK", "state": "Kowloon", "zipCode": "", "city": ""}
        intent = self.intent(bank, checkout(shopper, shipping=address))
        assert intent.shipping
        assert intent.shipping.to_dict()["address"] == {
            "line1": "1 Market Street",
            "state": "Kowloon",
            "country": "HK",
        }

    def test_an_intent_of_an_older_release_is_found(self, shopper: GraphQLClient, bank: Bank) -> None:
        """It was created with the same key and other parameters, and the process died before it was stored."""
        placed = checkout(shopper)
        payment = Payment.objects.get()
        created = payment.intent_id
        Payment.objects.update(intent_id=None, client_secret="")
        Order.objects.update(number="100-000-000")
        retry = "mutation($uuid: UUID!) { retryPayment(input: {uuid: $uuid}) { __typename } }"
        assert shopper.run(retry, uuid=placed["uuid"]) == {"retryPayment": {"__typename": "Order"}}
        assert Payment.objects.get().intent_id == created


class TestAdmin:
    def page(self, browser: Client) -> str:
        return browser.get(reverse("admin:orders_order_change", args=[Order.objects.get().pk])).text

    def test_shows_both_addresses_number_and_note(self, shopper: GraphQLClient) -> None:
        billing = {"company": "Analytical & Co.", "vatId": "DE136695976", "address": HEAD_OFFICE}
        checkout(shopper, billing=billing, note="Ring <script>twice")
        order, page = Order.objects.get(), self.page(clerk("view_order"))
        for text in (
            order.number,
            "1 Market Street",
            "Hauptstraße 12",
            "Analytical &amp; Co.",
            "DE136695976",
        ):
            assert text in page
        assert "Ring &lt;script&gt;twice" in page
        assert "<script>twice" not in page

    def test_says_where_both_addresses_are_one(self, shopper: GraphQLClient) -> None:
        checkout(shopper, billing={"company": "Analytical"})
        assert "The shipping address" in self.page(clerk("view_order"))
