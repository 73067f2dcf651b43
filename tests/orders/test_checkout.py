"""Checkout over the API: the order's contents, its owner, and refusals that change nothing."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from catalog.models import Product, StockMovement
from orders.models import MAX_LINES, CartItem, Order, Payment
from packages.stripe_fake import FakeStripe, FaultKind
from tests import factories
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_user, set_stock
from tests.orders.conftest import (
    ADDRESS,
    CHECKOUT,
    ORDER,
    Bank,
    add_to_cart,
    checkout,
    nothing_changes,
    statements,
)
from tests.tasks import outbox

pytestmark = pytest.mark.django_db

RETRY_PAYMENT = """
    mutation($uuid: UUID!) {
      retryPayment(input: {uuid: $uuid}) {
        __typename ... on Order { payment { clientSecret } } ... on UserError { code }
      }
    }
"""
INTENTS = "POST /v1/payment_intents"


def reprice(product: Product, price: str) -> None:
    factories.reprice(product, price=Decimal(price))


def restock(product: Product, stock: int) -> None:
    set_stock(product, stock)


def wrong_fields(answer: dict[str, Any]) -> list[str]:
    assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
    return [error["field"] for error in answer["fields"]]


class TestCheckout:
    def test_the_order_to_the_cent(self, api: GraphQLClient) -> None:
        clip = make_product(name="Clip", price=Decimal("0.67"), discount=Decimal(50))  # 0.335, so 0.34
        lamp = make_product(name="Lamp", price=Decimal("9.99"), discount=Decimal(10))  # 8.991, so 8.99
        add_to_cart(api, clip, 3)
        add_to_cart(api, lamp, 7)
        before = timezone.now()
        order = checkout(api)
        assert order["__typename"] == "Order"
        assert order["status"] == "PENDING"
        assert order["items"] == [
            {
                "name": "Clip",
                "quantity": 3,
                "unitPrice": {"amount": "0.34"},
                "total": {"amount": "1.02"},
                "product": {"id": global_id("Product", clip.pk)},
            },
            {
                "name": "Lamp",
                "quantity": 7,
                "unitPrice": {"amount": "8.99"},
                "total": {"amount": "62.93"},
                "product": {"id": global_id("Product", lamp.pk)},
            },
        ]
        assert order["amount"] == {"amount": "63.95"}
        assert order["payment"]["amount"] == {"minorUnits": 6395}
        assert order["payment"]["status"] == "PENDING"
        assert order["payment"]["clientSecret"]
        assert order["shipping"] == {"firstName": "Ada", "phone": "+14155552671"}
        row = Order.objects.get()
        assert row.expires_at is not None
        assert timedelta(minutes=10) <= row.expires_at - before < timedelta(minutes=11)

    @pytest.mark.slow
    def test_the_most_that_a_cart_holds(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_HOLD_SHARE = 100
        settings.STORE_HOLD_UNITS = settings.STORE_HOLD_ADDRESS_UNITS = 100_000
        category, seller = make_category(), make_user()
        for cents in range(1, MAX_LINES + 1):
            product = make_product(category=category, user=seller, price=Decimal(cents) / 100, stock=999)
            add_to_cart(api, product, 999)
        assert checkout(api)["amount"]["amount"] == "50449.50"

    def test_stripe_is_asked_for_the_same_amount(self, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product(price=Decimal("19.99")), 2)
        order = checkout(api)
        [created] = bank.fake.events()
        intent = created["data"]["object"]
        payment = Payment.objects.get()
        assert (intent["amount"], intent["currency"]) == (3998, "usd")
        assert intent["metadata"].items() >= {"payment": str(payment.pk), "order": order["uuid"]}.items()
        assert intent["client_secret"] == order["payment"]["clientSecret"]

    def test_takes_the_stock_and_leaves_a_movement(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(stock=5), make_product(stock=1)
        add_to_cart(api, lamp, 2)
        add_to_cart(api, rug, 1)
        order = checkout(api)
        for product, stock, sold in ((lamp, 3, 2), (rug, 0, 1)):
            product.refresh_from_db()
            assert (product.stock, product.sold_count) == (stock, sold)
            [movement] = StockMovement.objects.filter(product=product, reason="sold")
            assert (movement.delta, str(movement.order_uuid)) == (-sold, order["uuid"])

    def test_empties_this_cart_alone(self, api: GraphQLClient) -> None:
        lamp = make_product()
        stranger = GraphQLClient()
        add_to_cart(stranger, lamp)
        add_to_cart(api, lamp)
        checkout(api)
        assert api.run("{ cart { totalQuantity } }")["cart"]["totalQuantity"] == 0
        assert stranger.run("{ cart { totalQuantity } }")["cart"]["totalQuantity"] == 1

    def test_name_and_price_stay_as_they_were_bought(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        add_to_cart(api, lamp)
        uuid = checkout(api)["uuid"]
        document = """
            query($uuid: UUID!) {
              order(uuid: $uuid) { amount { amount } items { name unitPrice { amount } product { name } } }
            }
        """
        Product.objects.update(name="Lantern")
        reprice(lamp, "99.00")
        order = api.run(document, uuid=uuid)["order"]
        [item] = order["items"]
        assert (item["name"], item["unitPrice"]["amount"], item["product"]["name"]) == (
            "Lamp",
            "10.00",
            "Lantern",
        )
        lamp.delete()
        order = api.run(document, uuid=uuid)["order"]
        assert order["amount"]["amount"] == "10.00"
        assert order["items"] == [{"name": "Lamp", "unitPrice": {"amount": "10.00"}, "product": None}]

    def test_sells_at_the_price_of_now_where_no_total_is_expected(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp, 2)
        reprice(lamp, "12.00")
        assert checkout(api)["amount"]["amount"] == "24.00"

    def test_keeps_the_address_as_it_was_given(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        fields = " ".join(ADDRESS)
        shipping = api.run(
            f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ shipping {{ {fields} }} }} }}", uuid=uuid
        )["order"]["shipping"]
        assert shipping == {**ADDRESS, "phone": "+14155552671"}

    def test_a_signed_in_person(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        user = make_user()
        browser = signed_in(user)
        add_to_cart(browser, make_product())
        uuid = checkout(browser)["uuid"]
        row = Order.objects.get(pk=uuid)
        assert (row.user, row.visitor) == (user, None)

    def test_no_transaction_is_open_while_stripe_is_asked(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch, transactional_db: None
    ) -> None:
        """Watch the real calls, which still happen."""
        in_transaction: list[bool] = []
        request = FakeStripe.request

        def watch(self: FakeStripe, *arguments: Any, **options: Any) -> Any:
            in_transaction.append(connection.in_atomic_block)
            return request(self, *arguments, **options)

        monkeypatch.setattr(FakeStripe, "request", watch)
        add_to_cart(api, make_product())
        assert checkout(api)["payment"]["clientSecret"]
        assert in_transaction == [False]


class TestExpectedTotal:
    def test_the_same(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(price=Decimal("9.99"), discount=Decimal(10)), 2)
        assert checkout(api, expectedTotal="17.98")["status"] == "PENDING"

    def test_another(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp, 2)
        reprice(lamp, "12.00")
        with nothing_changes():
            answer = checkout(api, expectedTotal="20.00")
        assert (answer["__typename"], answer["code"]) == ("TotalChanged", "TOTAL_CHANGED")
        assert (answer["expected"]["amount"], answer["actual"]["amount"]) == ("20.00", "24.00")
        assert checkout(api, expectedTotal="24")["status"] == "PENDING"

    @pytest.mark.parametrize("total", ["-0.01", "20.001", "1000000.00", "9" * 40, "0." + "0" * 37 + "1"])
    def test_what_no_total_can_be(self, api: GraphQLClient, total: str) -> None:
        add_to_cart(api, make_product(), 2)
        with nothing_changes():
            assert wrong_fields(checkout(api, expectedTotal=total)) == ["expectedTotal"]

    @pytest.mark.parametrize("total", ["", "NaN", "Infinity", "1e1", "ten", True])
    def test_no_number(self, api: GraphQLClient, total: object) -> None:
        add_to_cart(api, make_product(), 2)
        with nothing_changes():
            input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4()), "expectedTotal": total}
            assert api.expect_refusal(CHECKOUT, input=input) == "BAD_USER_INPUT"


class TestIdempotencyKey:
    def test_the_same_order_even_after_the_cart_was_filled_again(self, api: GraphQLClient) -> None:
        key, lamp = str(uuid4()), make_product()
        add_to_cart(api, lamp)
        order = checkout(api, idempotencyKey=key)
        with nothing_changes():
            assert checkout(api, idempotencyKey=key) == order
        add_to_cart(api, lamp, 3)
        with nothing_changes():
            assert checkout(api, idempotencyKey=key, expectedTotal="30.00") == order

    def test_the_same_order_once_it_is_paid(self, api: GraphQLClient, bank: Bank) -> None:
        key = str(uuid4())
        add_to_cart(api, make_product())
        order = checkout(api, idempotencyKey=key)
        bank.pay(order["uuid"])
        with nothing_changes():
            answer = checkout(api, idempotencyKey=key)
        assert (answer["uuid"], answer["status"]) == (order["uuid"], "SHIPPED")

    def test_another_key_is_another_order(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        first = checkout(api)
        add_to_cart(api, lamp)
        assert checkout(api)["uuid"] != first["uuid"]

    def test_anothers_key_is_another_key(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        key, lamp = str(uuid4()), make_product()
        browsers = [api, GraphQLClient(), signed_in(make_user()), signed_in(make_user())]
        for browser in browsers:
            add_to_cart(browser, lamp)
        assert len({checkout(browser, idempotencyKey=key)["uuid"] for browser in browsers}) == 4

    def test_a_refusal_does_not_use_it_up(self, api: GraphQLClient) -> None:
        key, lamp = str(uuid4()), make_product(stock=2)
        add_to_cart(api, lamp, 2)
        restock(lamp, 1)
        assert checkout(api, idempotencyKey=key)["__typename"] == "InsufficientStock"
        restock(lamp, 2)
        assert checkout(api, idempotencyKey=key)["status"] == "PENDING"

    def test_no_uuid(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        with nothing_changes():
            input = {"shipping": ADDRESS, "idempotencyKey": "1"}
            assert api.expect_refusal(CHECKOUT, input=input) == "BAD_USER_INPUT"


class TestRefusals:
    def test_an_empty_cart(self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]) -> None:
        with nothing_changes():
            answer = checkout(api)
        assert (answer["__typename"], answer["code"]) == ("CartEmpty", "CART_EMPTY")
        assert not api.cookies
        browser = signed_in(make_user())
        with nothing_changes():
            assert checkout(browser)["__typename"] == "CartEmpty"

    def test_less_stock_than_wanted(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(name="Lamp", stock=5), make_product(stock=5)
        add_to_cart(api, rug, 5)
        add_to_cart(api, lamp, 5)
        restock(lamp, 4)
        with nothing_changes():
            answer = checkout(api)
        assert (answer["__typename"], answer["code"]) == ("InsufficientStock", "INSUFFICIENT_STOCK")
        assert (answer["requested"], answer["available"], answer["product"]["name"]) == (5, 4, "Lamp")

    def test_a_deleted_product(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(name="Lamp"), make_product()
        add_to_cart(api, rug)
        add_to_cart(api, lamp)
        pk = lamp.pk
        lamp.delete()
        with nothing_changes():
            answer = checkout(api)
        assert (answer["__typename"], answer["code"]) == ("ProductUnavailable", "PRODUCT_UNAVAILABLE")
        assert (answer["productId"], answer["name"]) == (global_id("Product", pk), "Lamp")

    def test_an_address_that_is_none(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        shipping = {**ADDRESS, "zipCode": "ABC", "email": "nobody", "firstName": " ", "phone": "1"}
        with nothing_changes():
            fields = wrong_fields(checkout(api, shipping=shipping))
        assert sorted(fields) == [
            "shipping.email",
            "shipping.firstName",
            "shipping.phone",
            "shipping.zipCode",
        ]

    def test_less_than_stripe_takes(self, api: GraphQLClient) -> None:
        clip = make_product(price=Decimal("0.49"))
        add_to_cart(api, clip)
        with nothing_changes():
            answer = checkout(api)
        assert (answer["__typename"], answer["code"]) == ("PaymentUnavailable", "PAYMENT_UNAVAILABLE")
        assert answer["message"] == "A payment must be at least $0.50. Please order more."
        reprice(clip, "0.50")
        assert checkout(api)["payment"]["clientSecret"]

    def test_more_than_stripe_takes(self, api: GraphQLClient) -> None:
        palace, clip = make_product(price=Decimal("999998.99")), make_product(price=Decimal("1.00"))
        add_to_cart(api, palace)
        add_to_cart(api, clip)
        reprice(clip, "1.01")  # one cent too much, because the price has risen since
        with nothing_changes():
            answer = checkout(api)
        assert answer["__typename"] == "PaymentUnavailable"
        assert answer["message"] == "At most $999,999.99 can be paid in one payment. Please order less."
        reprice(clip, "1.00")
        assert checkout(api)["payment"]["amount"]["minorUnits"] == 99_999_999

    def test_four_pending_orders(self, api: GraphQLClient, bank: Bank) -> None:
        lamp = make_product()
        uuids = []
        for _ in range(3):
            add_to_cart(api, lamp)
            uuids.append(checkout(api)["uuid"])
        add_to_cart(api, lamp)
        with nothing_changes():
            refused = checkout(api)
        assert (refused["__typename"], refused["code"]) == ("TooManyOpenOrders", "TOO_MANY_OPEN_ORDERS")
        assert [order["uuid"] for order in refused["orders"]] == uuids
        bank.pay(uuids[0])
        assert checkout(api)["status"] == "PENDING"

    def test_the_pending_orders_of_others_do_not_count(self, api: GraphQLClient) -> None:
        lamp = make_product()
        for browser in [GraphQLClient() for _ in range(3)]:
            add_to_cart(browser, lamp)
            checkout(browser)
        add_to_cart(api, lamp)
        assert checkout(api)["status"] == "PENDING"


class TestGuests:
    def test_where_they_may_not_buy(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient], settings: Settings
    ) -> None:
        settings.STORE_GUEST_CHECKOUT = False
        lamp = make_product()
        add_to_cart(api, lamp)
        with nothing_changes():
            input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4())}
            assert api.expect_refusal(CHECKOUT, input=input) == "UNAUTHENTICATED"
        browser = signed_in(make_user())
        add_to_cart(browser, lamp)
        assert checkout(browser)["status"] == "PENDING"

    def test_the_order_is_read_from_the_same_session_only(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        uuid = checkout(api)["uuid"]
        assert api.run(ORDER, uuid=uuid)["order"]["status"] == "PENDING"
        another_visitor = GraphQLClient()
        add_to_cart(another_visitor, lamp)
        staff = signed_in(make_user(is_staff=True, is_superuser=True))
        namesake = signed_in(make_user(email=ADDRESS["email"]))
        for browser in (GraphQLClient(), another_visitor, staff, namesake):
            assert browser.run(ORDER, uuid=uuid)["order"] is None


class TestNothingToPay:
    @pytest.fixture
    def free(self) -> Product:
        return make_product(discount=Decimal(100), stock=5)

    @pytest.mark.parametrize("ship", [True, False])
    def test_is_paid_at_once(
        self, api: GraphQLClient, bank: Bank, free: Product, settings: Settings, ship: bool
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = ship
        add_to_cart(api, free, 2)
        order = checkout(api, expectedTotal="0")
        assert order["status"] == ("SHIPPED" if ship else "PAID")
        assert order["payment"] is None
        assert order["amount"]["amount"] == "0.00"
        row = Order.objects.get()
        assert row.paid_at is not None
        assert (row.shipped_at is not None) == ship
        assert bank.fake.events() == []
        free.refresh_from_db()
        assert free.stock == 3

    def test_is_confirmed_by_mail_once(
        self,
        api: GraphQLClient,
        free: Product,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        key = str(uuid4())
        add_to_cart(api, free)
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                checkout(api, idempotencyKey=key)
        [confirmation] = outbox
        assert confirmation.to == [ADDRESS["email"]]


class TestStripeIsDown:
    @pytest.mark.parametrize("fault", ["timeout", "server_error", "rate_limit", "lost_reply"])
    def test_the_order_stands_and_the_same_key_resumes(
        self, api: GraphQLClient, bank: Bank, fault: FaultKind
    ) -> None:
        key = str(uuid4())
        lamp = make_product(stock=5)
        bank.fake.inject(fault, times=None, match=INTENTS)
        add_to_cart(api, lamp, 2)
        order = checkout(api, idempotencyKey=key)
        assert (order["status"], order["payment"]["status"]) == ("PENDING", "PENDING")
        assert order["payment"]["clientSecret"] is None
        lamp.refresh_from_db()
        assert lamp.stock == 3
        bank.fake.clear_faults()
        resumed = checkout(api, idempotencyKey=key)
        assert resumed["uuid"] == order["uuid"]
        assert resumed["payment"]["clientSecret"]
        assert [event["type"] for event in bank.fake.events()] == ["payment_intent.created"]
        bank.pay(order["uuid"])
        assert api.run(ORDER, uuid=order["uuid"])["order"]["status"] == "SHIPPED"

    def test_retry_payment_resumes_too(self, api: GraphQLClient, bank: Bank) -> None:
        bank.fake.inject("timeout", times=None, match=INTENTS)
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        with nothing_changes():
            answer = api.run(RETRY_PAYMENT, uuid=uuid)["retryPayment"]
        assert answer == {"__typename": "PaymentUnavailable", "code": "PAYMENT_UNAVAILABLE"}
        bank.fake.clear_faults()
        assert api.run(RETRY_PAYMENT, uuid=uuid)["retryPayment"]["payment"]["clientSecret"]
        assert Payment.objects.count() == 1

    def test_nothing_is_repeated_within_a_request(self, api: GraphQLClient, bank: Bank) -> None:
        key = str(uuid4())
        bank.fake.inject("lost_reply", match=INTENTS)
        add_to_cart(api, make_product())
        assert checkout(api, idempotencyKey=key)["payment"]["clientSecret"] is None
        assert checkout(api, idempotencyKey=key)["payment"]["clientSecret"]
        assert len(bank.fake.events()) == 1


class TestStatements:
    def test_as_many_for_a_cart_of_50(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        category, seller = make_category(), make_user()
        products = [make_product(category=category, user=seller) for _ in range(50)]
        counts = {}
        for lines in (1, 3, 50):
            browser = signed_in(make_user())
            for product in products[:lines]:
                add_to_cart(browser, product)
            counts[lines] = statements(lambda browser=browser: checkout(browser))  # type: ignore[misc]
            assert not CartItem.objects.exists()
        # Session and user; the transaction with 10 of its own; the intent; the answer's 2.
        assert counts == {1: 17, 3: 17, 50: 17}

    def test_a_guests(self, api: GraphQLClient) -> None:
        for _ in range(3):
            add_to_cart(api, make_product())
        assert statements(lambda: checkout(api)) == 16
