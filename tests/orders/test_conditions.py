"""Delivery and discount codes of carts, and what checkout makes of them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog.models import Product, TaxClass
from orders import audit, cancellation
from orders.models import Cart, Order
from pricing.models import CodeScope, DeliveryMethod, DeliveryRate, DiscountCode, TaxRate
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_entry, make_product, make_user
from tests.orders.conftest import ADDRESS, add_to_cart, nothing_changes, statements

pytestmark = pytest.mark.django_db

FIELDS = """
    destination { country zipCode state }
    deliveryOptions { method { id name } cost { amount } } delivery { method { name } cost { amount } }
    discountCode { code amount { amount } applies message }
    subtotal { amount } discountTotal { amount } deliveryTotal { amount } taxTotal { amount } total { amount }
"""
ERRORS = """
    ... on UserError { code message } ... on ValidationError { fields { field } }
"""
READ = f"{{ cart {{ {FIELDS} }} }}"
SET_DELIVERY = f"""
    mutation($input: CartDeliveryInput!) {{ setCartDelivery(input: $input) {{
      __typename ... on Cart {{ {FIELDS} }} {ERRORS}
      ... on DeliveryUnavailable {{ deliveryOptions {{ method {{ name }} cost {{ amount }} }} }}
    }} }}
"""
APPLY = f"""
    mutation($code: String!) {{ applyDiscountCode(input: {{code: $code}}) {{
      __typename ... on Cart {{ {FIELDS} }} ... on UserError {{ code message }}
      ... on DiscountCodeRefused {{ reason }} ... on TooManyAttempts {{ retryAfterSeconds }}
    }} }}
"""
REMOVE = f"mutation {{ removeDiscountCode {{ __typename ... on Cart {{ {FIELDS} }} }} }}"
CHECKOUT = f"""
    mutation($input: CheckoutInput!) {{ checkout(input: $input) {{
      __typename {ERRORS}
      ... on Order {{
        uuid amount {{ amount }} subtotal {{ amount }} discountTotal {{ amount }} discountCode
        delivery {{ name cost {{ amount }} }} deliveryTotal {{ amount }} taxTotal {{ amount }}
        items {{ discount {{ amount }} tax {{ amount }} }} payment {{ clientSecret amount {{ amount }} }}
      }}
      ... on DeliveryUnavailable {{ deliveryOptions {{ method {{ name }} }} }}
      ... on DiscountCodeRefused {{ reason }}
      ... on TotalChanged {{ actual {{ amount }} }}
    }} }}
"""
IN_THE_US = {"country": "US", "zipCode": "94105", "state": "CA"}


def make_method(name: str = "Post", price: str = "5", **fields: Any) -> DeliveryMethod:
    method = DeliveryMethod.objects.create(name=name)
    DeliveryRate.objects.create(method=method, price=Decimal(price), **fields)
    return method


def make_code(code: str = "SPRING", **fields: Any) -> DiscountCode:
    gives = fields if {"amount", "percent", "free_delivery"} & fields.keys() else {"percent": 10, **fields}
    return DiscountCode.objects.create(code=code, **gives)


def set_delivery(api: GraphQLClient, method: DeliveryMethod | None = None, **place: Any) -> Any:
    chosen = {"methodId": global_id("DeliveryMethod", method.pk)} if method else {}
    return api.run(SET_DELIVERY, input={**(place or IN_THE_US), **chosen})["setCartDelivery"]


def apply_code(api: GraphQLClient, code: str = "SPRING") -> Any:
    return api.run(APPLY, code=code)["applyDiscountCode"]


def checkout(api: GraphQLClient, **input: Any) -> Any:
    input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4()), **input}
    return api.run(CHECKOUT, input=input)["checkout"]


def read(api: GraphQLClient) -> Any:
    return api.run(READ)["cart"]


def amount(value: Any) -> str:
    text: str = value["amount"]
    return text


def names(options: Any) -> list[str]:
    return [option["method"]["name"] for option in options]


@pytest.fixture
def product() -> Product:
    return make_product(price=Decimal("20.00"))


@pytest.fixture
def shopper(api: GraphQLClient, product: Product) -> GraphQLClient:
    """A guest with one product of 20.00 in the cart."""
    add_to_cart(api, product)
    return api


class TestCartDelivery:
    def test_a_store_without_methods_delivers_for_nothing(self, shopper: GraphQLClient) -> None:
        cart = set_delivery(shopper)
        assert (cart["deliveryOptions"], cart["delivery"], amount(cart["total"])) == ([], None, "20.00")
        assert cart["destination"] == IN_THE_US
        assert amount(checkout(shopper)["amount"]) == "20.00"

    def test_nothing_is_offered_while_the_destination_is_unknown(self, shopper: GraphQLClient) -> None:
        make_method()
        cart = read(shopper)
        assert (cart["destination"], cart["deliveryOptions"], cart["delivery"]) == (None, [], None)

    def test_the_country_alone_is_enough(self, shopper: GraphQLClient) -> None:
        make_method(countries="DE")
        cart = set_delivery(shopper, country="de")
        assert cart["destination"] == {"country": "DE", "zipCode": "", "state": ""}
        assert names(cart["deliveryOptions"]) == ["Post"]

    def test_the_cheapest_until_another_is_chosen(self, shopper: GraphQLClient) -> None:
        make_method("Post", "5")
        courier = make_method("Courier", "12.50")
        cart = set_delivery(shopper)
        assert names(cart["deliveryOptions"]) == ["Post", "Courier"]
        assert (cart["delivery"]["method"]["name"], amount(cart["total"])) == ("Post", "25.00")
        cart = set_delivery(shopper, courier)
        assert (amount(cart["deliveryTotal"]), amount(cart["total"])) == ("12.50", "32.50")
        assert read(shopper) == {key: value for key, value in cart.items() if key != "__typename"}

    def test_another_country_drops_the_method(self, shopper: GraphQLClient) -> None:
        make_method("Post", "5")
        set_delivery(shopper, make_method("Courier", "12"))
        assert set_delivery(shopper, country="DE")["delivery"]["method"]["name"] == "Post"

    @pytest.mark.parametrize(
        ("place", "field"),
        [
            ({"country": "XX"}, "country"),
            ({"country": ""}, "country"),
            ({"country": "US", "zipCode": "nowhere"}, "zipCode"),
            ({"country": "US", "state": "Bavaria"}, "state"),
            ({"country": "U" * 10_000}, "country"),
        ],
    )
    def test_a_place_that_does_not_exist(
        self, shopper: GraphQLClient, place: dict[str, Any], field: str
    ) -> None:
        with nothing_changes():
            answer = set_delivery(shopper, **place)
        assert answer["__typename"] == "ValidationError"
        assert [error["field"] for error in answer["fields"]] == [field]

    def test_nothing_goes_there(self, shopper: GraphQLClient) -> None:
        make_method(countries="DE")
        with nothing_changes():
            answer = set_delivery(shopper)
        assert (answer["code"], answer["deliveryOptions"]) == ("DELIVERY_UNAVAILABLE", [])

    def test_the_method_does_not_go_there(self, shopper: GraphQLClient) -> None:
        make_method("Post")
        german = make_method("Bike", countries="DE")
        with nothing_changes():
            answer = set_delivery(shopper, german)
        assert (answer["code"], names(answer["deliveryOptions"])) == ("DELIVERY_UNAVAILABLE", ["Post"])

    def test_a_method_that_does_not_exist(self, shopper: GraphQLClient) -> None:
        with nothing_changes():
            answer = set_delivery(shopper, DeliveryMethod(pk=999))
        assert answer["code"] == "DELIVERY_UNAVAILABLE"

    def test_a_switched_off_method_and_one_without_rates_are_not_offered(
        self, shopper: GraphQLClient
    ) -> None:
        make_method("Post")
        DeliveryMethod.objects.create(name="Empty")
        DeliveryMethod.objects.filter(pk=make_method("Old").pk).update(is_active=False)
        assert names(set_delivery(shopper)["deliveryOptions"]) == ["Post"]

    def test_the_weight_of_all_units(self, api: GraphQLClient) -> None:
        heavy = make_product(variants=[{"weight_grams": 600}])
        add_to_cart(api, heavy, 2)
        make_method("Letter", "1", to_weight=1_000)
        make_method("Post", "5", to_weight=2_000)
        assert names(set_delivery(api)["deliveryOptions"]) == ["Post"]

    @pytest.mark.parametrize(("when", "cost"), [("before", "0.00"), ("after", "5.00")])
    def test_free_from_50_before_or_after_the_code(
        self, api: GraphQLClient, settings: Settings, when: str, cost: str
    ) -> None:
        settings.STORE_DELIVERY_TOTAL = when
        add_to_cart(api, make_product(price=Decimal(50)))
        make_method(free_from=Decimal(50))
        make_code(amount=10)
        apply_code(api)
        assert amount(set_delivery(api)["deliveryTotal"]) == cost


class TestCode:
    def test_in_any_spelling(self, shopper: GraphQLClient) -> None:
        make_code()
        cart = apply_code(shopper, " sp ring")
        assert cart["discountCode"] == {
            "code": "SPRING",
            "amount": {"amount": "2.00"},
            "applies": True,
            "message": None,
        }
        assert (amount(cart["discountTotal"]), amount(cart["total"])) == ("2.00", "18.00")
        assert read(shopper)["discountCode"] == cart["discountCode"]

    def test_another_takes_its_place_and_it_can_be_taken_off(self, shopper: GraphQLClient) -> None:
        make_code()
        make_code("SUMMER", percent=20)
        apply_code(shopper)
        assert amount(apply_code(shopper, "SUMMER")["total"]) == "16.00"
        cart = shopper.run(REMOVE)["removeDiscountCode"]
        assert (cart["discountCode"], amount(cart["total"])) == (None, "20.00")

    def test_taking_off_none_makes_no_cart(self, api: GraphQLClient) -> None:
        assert api.run(REMOVE)["removeDiscountCode"]["discountCode"] is None
        assert not Cart.objects.exists()

    def test_500_off_20_is_never_negative(self, shopper: GraphQLClient) -> None:
        make_code(amount=500)
        assert amount(apply_code(shopper)["total"]) == "0.00"

    def test_free_delivery(self, shopper: GraphQLClient) -> None:
        make_method()
        make_code(free_delivery=True)
        set_delivery(shopper)
        cart = apply_code(shopper)
        assert amount(cart["deliveryTotal"]) == "5.00"
        assert (amount(cart["discountCode"]["amount"]), amount(cart["total"])) == ("5.00", "20.00")

    def test_only_the_goods_in_its_scope(self, shopper: GraphQLClient) -> None:
        shirts = make_category(parent=make_category("Clothes"))
        add_to_cart(shopper, make_product(category=shirts, price=Decimal(30)))
        code = make_code(percent=50, is_scoped=True)
        CodeScope.objects.create(code=code, category=shirts.parent)
        assert amount(apply_code(shopper)["discountTotal"]) == "15.00"

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"is_active": False}, "UNKNOWN"),
            ({"first_day": timezone.localdate() + timedelta(days=1)}, "NOT_YET"),
            ({"last_day": timezone.localdate() - timedelta(days=1)}, "EXPIRED"),
            ({"max_uses": 0}, "USED_UP"),
            ({"minimum": Decimal("20.01")}, "MINIMUM_NOT_REACHED"),
            ({"is_scoped": True}, "NOT_FOR_THIS_CART"),
        ],
    )
    def test_refused(self, shopper: GraphQLClient, fields: dict[str, Any], reason: str) -> None:
        make_code(**fields)
        with nothing_changes():
            answer = apply_code(shopper)
        assert (answer["code"], answer["reason"]) == ("DISCOUNT_CODE_REFUSED", reason)

    @pytest.mark.parametrize("code", ["NOPE", "", "ÉTÉ", "x" * 10_000, "' OR 1=1"])
    def test_unknown(self, shopper: GraphQLClient, code: str) -> None:
        make_code()
        with nothing_changes():
            assert apply_code(shopper, code)["reason"] == "UNKNOWN"

    def test_guessing_is_throttled(self, shopper: GraphQLClient) -> None:
        make_code()
        for attempt in range(20):
            assert apply_code(shopper, f"GUESS{attempt}")["reason"] == "UNKNOWN"
        with nothing_changes():
            assert apply_code(shopper)["__typename"] == "TooManyAttempts"

    def test_one_that_no_longer_applies_is_shown_with_the_reason(self, shopper: GraphQLClient) -> None:
        code = make_code()
        apply_code(shopper)
        DiscountCode.objects.filter(pk=code.pk).update(minimum=100)
        cart = read(shopper)
        assert (cart["discountCode"]["applies"], amount(cart["total"])) == (False, "20.00")
        assert cart["discountCode"]["message"] == "Your goods do not reach the minimum of this code."
        code.delete()
        assert read(shopper)["discountCode"]["message"] == "We do not know this code. Please check it."


class TestCheckout:
    def test_the_order_keeps_everything(self, shopper: GraphQLClient, product: Product) -> None:
        TaxRate.objects.create(
            tax_class=TaxClass.objects.get(is_default=True),
            country="US",
            name="Sales tax",
            percent=10,
            valid_from=timezone.localdate(),
        )
        make_method(price="5")
        make_code(amount=4)
        set_delivery(shopper)
        total = amount(apply_code(shopper)["total"])
        order = checkout(shopper, expectedTotal=total)
        assert total == amount(order["amount"]) == amount(order["payment"]["amount"]) == "23.10"
        assert order["delivery"] == {"name": "Post", "cost": {"amount": "5.00"}}
        assert (order["discountCode"], amount(order["discountTotal"])) == ("SPRING", "4.00")
        assert (amount(order["subtotal"]), amount(order["taxTotal"])) == ("20.00", "2.10")
        assert order["items"] == [{"discount": {"amount": "4.00"}, "tax": {"amount": "1.60"}}]
        assert DiscountCode.objects.get().uses == 1
        assert read(shopper)["discountCode"] is None
        assert list(audit.differences_here()) == []
        DeliveryMethod.objects.all().delete()
        DiscountCode.objects.all().delete()
        again = Order.objects.get(pk=order["uuid"])
        assert (again.delivery_name, again.discount_code) == ("Post", "SPRING")

    def test_several_methods_and_none_chosen(self, shopper: GraphQLClient) -> None:
        make_method("Post")
        make_method("Courier")
        with nothing_changes():
            answer = checkout(shopper)
        assert [error["field"] for error in answer["fields"]] == ["deliveryMethodId"]

    def test_the_method_of_the_checkout_counts(self, shopper: GraphQLClient) -> None:
        courier = make_method("Courier", "12")
        set_delivery(shopper, make_method("Post"))
        order = checkout(shopper, deliveryMethodId=global_id("DeliveryMethod", courier.pk))
        assert order["delivery"]["name"] == "Courier"

    def test_the_method_of_the_cart_does_not_count_in_another_country(self, shopper: GraphQLClient) -> None:
        make_method("Courier", "12")
        set_delivery(shopper, make_method("Post"), country="DE")
        with nothing_changes():
            answer = checkout(shopper)
        assert [error["field"] for error in answer["fields"]] == ["deliveryMethodId"]

    def test_nothing_goes_there(self, shopper: GraphQLClient) -> None:
        make_method(countries="DE")
        with nothing_changes():
            assert checkout(shopper)["code"] == "DELIVERY_UNAVAILABLE"

    def test_the_chosen_method_is_no_longer_offered(self, shopper: GraphQLClient) -> None:
        make_method("Post")
        courier = make_method("Courier", "12")
        set_delivery(shopper, courier)
        DeliveryMethod.objects.filter(pk=courier.pk).update(is_active=False)
        with nothing_changes():
            answer = checkout(shopper)
        assert (answer["code"], names(answer["deliveryOptions"])) == ("DELIVERY_UNAVAILABLE", ["Post"])

    def test_another_price_of_the_delivery(self, shopper: GraphQLClient) -> None:
        make_method()
        total = amount(set_delivery(shopper)["total"])
        DeliveryRate.objects.update(price=6)
        with nothing_changes():
            answer = checkout(shopper, expectedTotal=total)
        assert (answer["code"], amount(answer["actual"])) == ("TOTAL_CHANGED", "26.00")

    def test_a_code_that_was_used_up_meanwhile(self, shopper: GraphQLClient) -> None:
        make_code(max_uses=1)
        apply_code(shopper)
        DiscountCode.objects.update(uses=1)
        with nothing_changes():
            answer = checkout(shopper)
        assert (answer["code"], answer["reason"]) == ("DISCOUNT_CODE_REFUSED", "USED_UP")

    def test_a_code_that_was_deleted_meanwhile(self, shopper: GraphQLClient) -> None:
        make_code()
        apply_code(shopper)
        DiscountCode.objects.all().delete()
        with nothing_changes():
            assert checkout(shopper)["reason"] == "UNKNOWN"

    def test_the_last_use_can_be_used(self, shopper: GraphQLClient) -> None:
        make_code(max_uses=1)
        apply_code(shopper)
        assert checkout(shopper)["discountCode"] == "SPRING"

    def test_100_per_cent_asks_for_no_payment(self, shopper: GraphQLClient) -> None:
        make_code(percent=100)
        apply_code(shopper)
        order = checkout(shopper)
        assert (amount(order["amount"]), order["payment"]) == ("0.00", None)

    def test_a_total_below_stripe_s_minimum(self, shopper: GraphQLClient) -> None:
        make_code(amount=Decimal("19.90"))
        apply_code(shopper)
        with nothing_changes():
            assert checkout(shopper)["code"] == "PAYMENT_UNAVAILABLE"

    def test_cancelling_gives_the_use_back(self, shopper: GraphQLClient) -> None:
        make_code(max_uses=1)
        apply_code(shopper)
        order = Order.objects.get(pk=checkout(shopper)["uuid"])
        for _ in range(2):
            order.refresh_from_db()
            cancellation.cancel(order, now=timezone.now())
        assert DiscountCode.objects.get().uses == 0
        assert list(audit.differences_here()) == []

    def test_expiry_gives_the_use_back_once(self, shopper: GraphQLClient, product: Product) -> None:
        make_code(max_uses=1)
        apply_code(shopper)
        order = Order.objects.get(pk=checkout(shopper)["uuid"])
        for _ in range(2):
            cancellation.expire(order.pk, now=timezone.now())
            assert DiscountCode.objects.get().uses == 0
        add_to_cart(shopper, product)
        assert apply_code(shopper)["__typename"] == "Cart"
        assert checkout(shopper)["discountCode"] == "SPRING"

    def test_a_percentage_that_the_staff_have_changed(self, shopper: GraphQLClient) -> None:
        make_code(percent=10)
        apply_code(shopper)
        DiscountCode.objects.update(percent=5)
        with nothing_changes():
            answer = checkout(shopper, expectedTotal="18.00")
        assert (answer["code"], amount(answer["actual"])) == ("TOTAL_CHANGED", "19.00")

    def test_a_retry_counts_once(self, shopper: GraphQLClient) -> None:
        make_code()
        apply_code(shopper)
        key = str(uuid4())
        assert checkout(shopper, idempotencyKey=key)["uuid"] == checkout(shopper, idempotencyKey=key)["uuid"]
        assert DiscountCode.objects.get().uses == 1

    def test_a_retry_leaves_the_next_cart_alone(self, shopper: GraphQLClient, product: Product) -> None:
        key = str(uuid4())
        placed = checkout(shopper, idempotencyKey=key)
        make_code()
        add_to_cart(shopper, product)
        apply_code(shopper)
        with nothing_changes():
            assert checkout(shopper, idempotencyKey=key) == placed
        assert checkout(shopper)["discountCode"] == "SPRING"

    def test_the_audit_finds_a_wrong_count(self, shopper: GraphQLClient) -> None:
        make_code(uses=3)
        assert [difference.check for difference in audit.differences_here()] == ["code"]


class TestOncePerCustomer:
    """A customer is known by the addresses of orders and account, in any case."""

    @pytest.fixture(autouse=True)
    def code(self) -> DiscountCode:
        return make_code(max_uses_each=1)

    def buy(self, api: GraphQLClient, product: Product, email: str) -> Any:
        add_to_cart(api, product)
        applied = apply_code(api)
        if applied["__typename"] != "Cart":
            return applied
        return checkout(api, shipping={**ADDRESS, "email": email})

    def test_a_guest_twice(self, product: Product) -> None:
        assert self.buy(GraphQLClient(), product, "ada@example.com")["__typename"] == "Order"
        answer = self.buy(GraphQLClient(), product, " ADA@Example.com")
        assert (answer["reason"], DiscountCode.objects.get().uses) == ("USED_UP", 1)

    def test_guest_then_account(self, product: Product, signed_in: Callable[[User], GraphQLClient]) -> None:
        self.buy(GraphQLClient(), product, "ada@example.com")
        browser = signed_in(make_user(email="Ada@example.com"))
        assert self.buy(browser, product, "other@example.com")["reason"] == "USED_UP"

    def test_account_then_guest(self, product: Product, signed_in: Callable[[User], GraphQLClient]) -> None:
        browser = signed_in(make_user(email="ada@example.com"))
        assert self.buy(browser, product, "other@example.com")["__typename"] == "Order"
        assert self.buy(GraphQLClient(), product, "ada@example.com")["reason"] == "USED_UP"

    def test_a_cancelled_order_does_not_count(self, product: Product) -> None:
        order = self.buy(GraphQLClient(), product, "ada@example.com")
        cancellation.cancel(Order.objects.get(pk=order["uuid"]), now=timezone.now())
        assert self.buy(GraphQLClient(), product, "ada@example.com")["__typename"] == "Order"

    def test_others_may_use_it(self, product: Product) -> None:
        self.buy(GraphQLClient(), product, "ada@example.com")
        assert self.buy(GraphQLClient(), product, "grace@example.com")["__typename"] == "Order"


class TestStatements:
    def configure(self) -> None:
        for name in ("Post", "Courier"):
            make_method(name)
        code = make_code(max_uses=100, max_uses_each=100, is_scoped=True)
        CodeScope.objects.create(code=code, category=make_category("Everything"))
        for country in ("US", "DE"):
            TaxRate.objects.create(
                tax_class=TaxClass.objects.get(is_default=True),
                country=country,
                name="Tax",
                percent=10,
                valid_from=timezone.localdate(),
            )

    def fill(self, api: GraphQLClient, lines: int) -> None:
        category = DiscountCode.objects.get().scopes.get().category
        for _ in range(lines):
            add_to_cart(api, make_product(category=category))
        set_delivery(api, DeliveryMethod.objects.first())
        assert apply_code(api)["__typename"] == "Cart"

    def test_a_cart_with_everything(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        self.configure()
        user = make_user()
        make_entry(user=user)
        browser = signed_in(user)
        for client in (api, browser):
            self.fill(client, 3)
        assert statements(lambda: read(api)) == 3
        assert statements(lambda: read(browser)) == 4

    @pytest.mark.parametrize(("is_guest", "most"), [(True, 19), (False, 20)])
    def test_a_checkout_with_everything(self, is_guest: bool, most: int) -> None:
        """Three of them are for the code and the tax: counting its use and the customer's, and writing the order's."""
        client = self.configured(is_guest=is_guest)
        self.fill(client, 3)
        billing = {"company": "Ada Ltd", "address": {**ADDRESS, "firstName": "Grace"}}
        order: list[Any] = []
        assert statements(lambda: order.append(checkout(client, billing=billing, note="Hello"))) == most
        assert order[0]["discountCode"] == "SPRING"
        assert order[0]["delivery"]["name"] == "Post"
        assert Decimal(amount(order[0]["taxTotal"])) > 0

    def test_little_is_done_while_the_stock_is_locked(self) -> None:
        """Whoever buys the same product waits for it."""
        client = self.configured(is_guest=True)
        self.fill(client, 3)
        with CaptureQueriesContext(connection) as captured:
            assert checkout(client)["__typename"] == "Order"
        sent = [query["sql"] for query in captured]
        [locked] = [place for place, sql in enumerate(sent) if 'UPDATE "catalog_productvariant"' in sql]
        end = next(
            place
            for place, sql in enumerate(sent)
            if place > locked and sql.startswith(("COMMIT", "RELEASE"))
        )
        # The products' counts, a use of the code, and the customer's uses.
        assert end - locked - 1 == 3

    @pytest.mark.parametrize(("is_guest", "most"), [(True, 7), (False, 8)])
    def test_adding_to_a_cart_with_everything(self, is_guest: bool, most: int) -> None:
        client = self.configured(is_guest=is_guest)
        self.fill(client, 2)
        product = make_product()
        assert statements(lambda: add_to_cart(client, product)) == most

    def configured(self, *, is_guest: bool) -> GraphQLClient:
        """Configure everything, and return the shopper's browser; an account has a default address."""
        self.configure()
        client = GraphQLClient()
        if not is_guest:
            user = make_user()
            make_entry(user=user)
            client.force_login(user)
        return client
