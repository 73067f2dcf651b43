"""Refunds by item, and returns."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from core.errors import NotFound, ValidationError
from orders.audit import differences
from orders.errors import ReturnNotPossible
from orders.events import SHOP
from orders.models import Fulfilment, Order, OrderItem, Payment, Refund, RefundLine, Return, ReturnStatus
from orders.owners import Owner
from orders.payments.refunds import refunds_of
from orders.refunding import refund, refund_items
from orders.returns import decide, last_moment, receive, refund_return, request_return
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode, TaxRate
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_rate, make_user
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout, nothing_changes

pytestmark = pytest.mark.django_db

REQUEST = """
    mutation($input: RequestReturnInput!) {
      requestReturn(input: $input) {
        __typename
        ... on Order { returns { status reason items { quantity item { name } } } }
        ... on UserError { code message }
        ... on ValidationError { fields { field } }
      }
    }
"""
GERMAN = {**ADDRESS, "country": "DE", "zipCode": "10115", "city": "Berlin", "state": ""}


def buy(bank: Bank, *goods: tuple[str, int], code: str = "") -> Order:
    """Buy goods by price and quantity, and pay for them."""
    browser = GraphQLClient()
    for price, quantity in goods:
        add_to_cart(browser, make_product(price=Decimal(price), stock=100), quantity)
    if code:
        apply = "mutation($code: String!) { applyDiscountCode(input: {code: $code}) { __typename } }"
        browser.run(apply, code=code)
    uuid = checkout(browser, shipping=GERMAN)["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def give_back(order: Order, *quantities: int, delivery: bool = False) -> Decimal:
    """Refund quantities of the items in their order, and return the amount."""
    keys = order.items.values_list("pk", flat=True)
    wanted = dict(zip(keys, quantities, strict=False))
    refund_items(order_uuid=order.pk, quantities=wanted, with_delivery=delivery, now=timezone.now())
    return Refund.objects.latest("created_at").amount


@pytest.fixture
def gross(settings: Settings) -> None:
    settings.STORE_PRICES_INCLUDE_TAX = True
    settings.STORE_COUNTRY = "DE"
    make_rate("DE", "20")


class TestRefundOfItems:
    def test_the_last_unit_takes_the_remainder(self, gross: None, bank: Bank) -> None:
        DiscountCode.objects.create(code="QUARTER", percent=25)
        order = buy(bank, ("23.90", 10), code="QUARTER")
        assert order.amount == Decimal("179.25")
        amounts = [give_back(order, quantity) for quantity in (1, 2, 3, 4)]
        assert sum(amounts) == order.amount
        lines = RefundLine.objects.all()
        assert sum(line.tax for line in lines) == order.tax_total
        order.refresh_from_db()
        assert order.status == "refunded"
        assert list(differences(now=timezone.now())) == []

    def test_two_of_three_less_a_tenth(self, gross: None, bank: Bank) -> None:
        DiscountCode.objects.create(code="TENTH", percent=10)
        order = buy(bank, ("100", 3), code="TENTH")
        assert give_back(order, 2) == Decimal("180.00")

    def test_twenty_of_a_hundred_asks_the_provider_for_twenty(self, bank: Bank) -> None:
        order = buy(bank, ("20", 5))
        assert give_back(order, 1) == Decimal("20.00")
        intent = Payment.objects.get().intent_id or ""
        assert [sent.amount for sent in refunds_of(intent)] == [2000]

    def test_delivery_and_its_tax_stay_unless_they_are_chosen(self, gross: None, bank: Bank) -> None:
        DeliveryRate.objects.create(method=DeliveryMethod.objects.create(name="Post"), price=5)
        order = buy(bank, ("100", 1))
        assert order.amount == Decimal("105.00")
        assert give_back(order, 1) == Decimal("100.00")
        assert give_back(order, 0, delivery=True) == Decimal("5.00")
        assert sum(line.tax for line in RefundLine.objects.all()) == order.tax_total
        with nothing_changes(), pytest.raises(ValidationError):
            give_back(order, 0, delivery=True)

    def test_is_taxed_by_the_rate_that_was_paid(self, bank: Bank, settings: Settings) -> None:
        settings.STORE_PRICES_INCLUDE_TAX, settings.STORE_COUNTRY = True, "DE"
        rate = make_rate("DE", "19")
        order = buy(bank, ("119", 2))
        TaxRate.objects.filter(pk=rate.pk).update(percent=20)
        assert give_back(order, 1) == Decimal("119.00")
        assert [line.tax for line in RefundLine.objects.all()] == [Decimal("19.00")]
        assert list(differences(now=timezone.now())) == []

    @pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "HUF"])
    @pytest.mark.parametrize("included", [True, False])
    def test_parts_add_up_in_each_currency(
        self, bank: Bank, settings: Settings, currency: str, included: bool
    ) -> None:
        settings.STORE_CURRENCY = currency
        settings.STORE_PRICES_INCLUDE_TAX = included
        settings.STORE_COUNTRY = "DE"
        make_rate("DE", "19")
        make_rate("DE", "3.3", name="Levy", level=2)
        DiscountCode.objects.create(code="ODD", percent=Decimal("7.7"))
        order = buy(bank, ("333", 7), ("1001", 3), code="ODD")
        for quantities in ((3, 1), (1, 1), (3, 1)):
            give_back(order, *quantities)
        order.refresh_from_db()
        assert order.status == "refunded"
        assert sum(line.tax for line in RefundLine.objects.all()) == order.tax_total
        assert list(differences(now=timezone.now())) == []

    @pytest.mark.parametrize("quantities", [(3,), (-1,), (0,)])
    def test_refuses_what_was_not_bought(self, bank: Bank, quantities: tuple[int, ...]) -> None:
        order = buy(bank, ("10", 2))
        with nothing_changes(), pytest.raises(ValidationError):
            give_back(order, *quantities)

    def test_refuses_more_than_is_left_of_the_payment(self, bank: Bank) -> None:
        order = buy(bank, ("10", 2))
        refund(order_uuid=order.pk, amount=Decimal(15), now=timezone.now())
        with nothing_changes(), pytest.raises(ValidationError, match="at most 5"):
            give_back(order, 1)

    def test_can_be_made_again_after_stripe_has_refused(self, bank: Bank) -> None:
        order = buy(bank, ("10", 2))
        bank.fake.inject("server_error_stored", times=3, match="POST /v1/refunds")
        give_back(order, 2)
        assert OrderItem.objects.get().refunded == 0
        bank.fake.clear_faults()
        give_back(order, 2)
        order.refresh_from_db()
        assert order.status == "refunded"
        assert list(differences(now=timezone.now())) == []


@pytest.fixture
def shipped(bank: Bank) -> Order:
    """A shipped order of 3 for 10.00 each, by an account."""
    order = buy(bank, ("10", 3))
    Order.objects.update(user=make_user(), visitor=None)
    order.refresh_from_db()
    return order


def owner_of(order: Order) -> Owner:
    assert order.user
    return Owner(user=order.user)


def ask(order: Order, quantity: int = 1, **options: Any) -> Return:
    given = {"reason": "", "now": timezone.now(), **options}
    given.setdefault("owner", Owner(user=order.user, visitor=order.visitor))
    request_return(order_uuid=order.pk, quantities=[(order.items.get().pk, quantity)], **given)
    return Return.objects.latest("pk")


class TestRequestReturn:
    def test_needs_no_reason(self, shipped: Order) -> None:
        browser = GraphQLClient()
        assert shipped.user
        browser.force_login(shipped.user)
        item = {"orderItemId": global_id("OrderItem", shipped.items.get().pk), "quantity": 2}
        answer = browser.run(REQUEST, input={"orderUuid": str(shipped.pk), "items": [item]})["requestReturn"]
        [asked] = answer["returns"]
        assert (asked["status"], asked["reason"], asked["items"][0]["quantity"]) == ("REQUESTED", "", 2)
        assert shipped.events.filter(kind="return_requested", by="customer").exists()
        assert list(differences(now=timezone.now())) == []

    def test_ends_with_the_day(self, shipped: Order, settings: Settings) -> None:
        settings.TIME_ZONE = "Europe/Berlin"
        sent = Fulfilment.objects.get().shipped_at
        end = last_moment(shipped)
        assert end
        assert timezone.localdate(end) - timezone.localdate(sent) == timedelta(days=15)
        with nothing_changes(), pytest.raises(ReturnNotPossible, match="over"):
            ask(shipped, now=end)
        ask(shipped, now=end - timedelta(seconds=1))

    def test_no_more_than_was_shipped(self, shipped: Order) -> None:
        ask(shipped, 2)
        for quantity in (2, 0, -1):
            with nothing_changes(), pytest.raises(ValidationError):
                ask(shipped, quantity)

    def test_each_item_once(self, shipped: Order) -> None:
        key = shipped.items.get().pk
        for quantities in ([], [(key, 1), (key, 1)], [(key + 1, 1)]):
            with nothing_changes(), pytest.raises(ValidationError):
                request_return(
                    owner=owner_of(shipped),
                    order_uuid=shipped.pk,
                    quantities=quantities,
                    reason="",
                    now=timezone.now(),
                )

    def test_refuses_a_reason_that_is_too_long(self, shipped: Order) -> None:
        with nothing_changes(), pytest.raises(ValidationError):
            ask(shipped, reason="x" * 1001)

    def test_not_somebody_elses(self, shipped: Order) -> None:
        with nothing_changes(), pytest.raises(NotFound):
            ask(shipped, owner=Owner(user=make_user()))

    def test_not_while_the_payment_is_disputed(self, shipped: Order) -> None:
        Order.objects.update(disputed_at=timezone.now())
        with nothing_changes(), pytest.raises(ReturnNotPossible, match="disputed"):
            ask(shipped)

    def test_not_before_it_is_shipped(self, bank: Bank, settings: Settings) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        order = buy(bank, ("10", 1))
        with nothing_changes(), pytest.raises(ReturnNotPossible, match="paid"):
            ask(order, owner=Owner(visitor=order.visitor))


class TestReturn:
    def test_from_the_request_to_the_refund(self, shipped: Order, superuser: Client) -> None:
        asked = ask(shipped, 2)
        item = shipped.items.get()
        for name, fields in (
            ("approve", {}),
            ("receive", {f"item_{item.pk}": "1"}),
            ("refund", {}),
        ):
            page = reverse(f"admin:orders_return_{name}_this", args=[asked.pk])
            superuser.post(page, {"_form_submitted": "True", **fields})
        asked.refresh_from_db()
        item.refresh_from_db()
        assert asked.status == "refunded"
        assert asked.refund
        assert (asked.refund.amount, item.restocked, item.refunded) == (Decimal(20), 1, 2)
        assert item.product
        assert item.product.stock == 98
        assert [event.kind for event in shipped.events.all()][-5:] == [
            *("return_requested", "return_approved", "return_received", "refund_begun", "refunded")
        ]
        assert list(differences(now=timezone.now())) == []

    def test_declined_can_be_asked_for_again(self, shipped: Order) -> None:
        decide(ask(shipped, 3), to=ReturnStatus.DECLINED, now=timezone.now(), by=SHOP)
        ask(shipped, 3)
        assert list(differences(now=timezone.now())) == []

    def test_goes_no_step_twice(self, shipped: Order) -> None:
        asked = ask(shipped)
        receive(asked, back={}, now=timezone.now(), by=SHOP)
        refund_return(asked, with_delivery=False, now=timezone.now(), by=SHOP)
        with nothing_changes(), pytest.raises(ReturnNotPossible, match="refunded already"):
            refund_return(asked, with_delivery=False, now=timezone.now(), by=SHOP)
        with nothing_changes(), pytest.raises(ReturnNotPossible):
            receive(asked, back={}, now=timezone.now(), by=SHOP)

    def test_puts_back_no_more_than_came(self, shipped: Order) -> None:
        asked = ask(shipped)
        with nothing_changes(), pytest.raises(ValidationError):
            receive(asked, back={shipped.items.get().pk: 2}, now=timezone.now(), by=SHOP)

    def test_is_open_again_when_the_refund_fails(self, shipped: Order, bank: Bank) -> None:
        asked = ask(shipped)
        receive(asked, back={}, now=timezone.now(), by=SHOP)
        bank.fake.inject("server_error_stored", times=3, match="POST /v1/refunds")
        refund_return(asked, with_delivery=False, now=timezone.now(), by=SHOP)
        asked.refresh_from_db()
        assert (asked.status, asked.refund) == ("received", None)

    def test_has_a_list_for_the_staff(self, shipped: Order, superuser: Client) -> None:
        asked = ask(shipped, reason="Too small")
        assert shipped.number in superuser.get(reverse("admin:orders_return_changelist")).text
        page = superuser.get(reverse("admin:orders_return_change", args=[asked.pk])).text
        assert "Too small" in page
        assert reverse("admin:orders_return_approve_this", args=[asked.pk]) in page
