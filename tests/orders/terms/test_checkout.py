"""What checkout makes of the delivery and the discount code of a cart."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.models import Product, TaxClass
from orders import audit, cancellation
from orders.models import Order
from pricing.models import CodeScope, DeliveryMethod, DeliveryRate, DiscountCode, TaxRate
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_entry, make_product, make_user
from tests.orders.conftest import ADDRESS, add_to_cart, nothing_changes, statements
from tests.orders.terms.conftest import (
    amount,
    apply_code,
    checkout,
    make_code,
    make_method,
    names,
    read,
    set_delivery,
)

pytestmark = pytest.mark.django_db


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
