"""Drafts that are filled item by item and then placed, over the API."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from catalog.models import Product
from orders.models import MAX_LINES, MAX_QUANTITY, Order, OrderItem
from orders.services import MAX_DRAFTS
from tests import factories
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_user, set_stock
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout, nothing_changes, statements, status_of

pytestmark = pytest.mark.django_db

RESULT = """
    __typename
    ... on Order {
      uuid status amount { amount } user { email } shipping { firstName } payment { clientSecret }
      items { name quantity unitPrice { amount } product { id } }
    }
    ... on UserError { code message }
    ... on ValidationError { fields { field } }
"""
INSUFFICIENT_STOCK = "... on InsufficientStock { requested available product { id } }"
UNAVAILABLE = "... on ProductUnavailable { productId name }"
TOTAL_CHANGED = "... on TotalChanged { expected { amount } actual { amount } }"
NOT_EDITABLE = "... on OrderNotEditable { status order { uuid status } }"
CREATE_ORDER = "mutation { createOrder { __typename ... on Order { uuid } ... on UserError { code } } }"
ADD_ORDER_ITEM = f"""
    mutation($input: OrderItemInput!) {{
      addOrderItem(input: $input) {{ {RESULT} {INSUFFICIENT_STOCK} {NOT_EDITABLE} }}
    }}
"""
REMOVE_ORDER_ITEM = f"""
    mutation($input: RemoveOrderItemInput!) {{ removeOrderItem(input: $input) {{ {RESULT} {NOT_EDITABLE} }} }}
"""
PLACE_ORDER = f"""
    mutation($input: PlaceOrderInput!) {{
      placeOrder(input: $input) {{ {RESULT} {INSUFFICIENT_STOCK} {UNAVAILABLE} {TOTAL_CHANGED} {NOT_EDITABLE} }}
    }}
"""
CANCEL_ORDER = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }"


@pytest.fixture
def shopper(signed_in: Callable[[User], GraphQLClient]) -> GraphQLClient:
    return signed_in(make_user())


@pytest.fixture
def draft(shopper: GraphQLClient) -> str:
    return create(shopper)


def create(browser: GraphQLClient) -> str:
    uuid: str = browser.run(CREATE_ORDER)["createOrder"]["uuid"]
    return uuid


def add(browser: GraphQLClient, order: str, product: Product, quantity: int = 1) -> Any:
    input = {"orderUuid": order, "productId": global_id("Product", product.pk), "quantity": quantity}
    return browser.run(ADD_ORDER_ITEM, input=input)["addOrderItem"]


def remove(browser: GraphQLClient, order: str, product_pk: int) -> Any:
    input = {"orderUuid": order, "productId": global_id("Product", product_pk)}
    return browser.run(REMOVE_ORDER_ITEM, input=input)["removeOrderItem"]


def place(browser: GraphQLClient, order: str, **input: Any) -> Any:
    return browser.run(PLACE_ORDER, input={"orderUuid": order, "shipping": ADDRESS, **input})["placeOrder"]


def reprice(product: Product, price: str) -> None:
    factories.reprice(product, price=Decimal(price))


def restock(product: Product, stock: int) -> None:
    set_stock(product, stock)


def wrong_fields(answer: Any) -> list[str]:
    assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
    return [error["field"] for error in answer["fields"]]


class TestCreateOrder:
    def test_an_empty_draft(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        user = make_user()
        uuid = create(signed_in(user))
        order = Order.objects.get()
        assert (str(order.pk), order.user) == (uuid, user)
        assert (order.status, order.amount) == ("draft", Decimal(0))
        assert (order.shipping, order.expires_at) == (None, None)

    def test_not_signed_in(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())  # a session alone does not make an owner
        with nothing_changes():
            assert api.expect_refusal(CREATE_ORDER) == "UNAUTHENTICATED"

    def test_too_many(self, shopper: GraphQLClient) -> None:
        drafts = [create(shopper) for _ in range(MAX_DRAFTS)]
        with nothing_changes():
            answer = shopper.run(CREATE_ORDER)["createOrder"]
        assert answer == {"__typename": "TooManyAttempts", "code": "TOO_MANY_ATTEMPTS"}
        assert shopper.run(CANCEL_ORDER, uuid=drafts[0])["cancelOrder"]["__typename"] == "Order"
        create(shopper)


class TestAddOrderItem:
    def test_adds_up(self, shopper: GraphQLClient, draft: str) -> None:
        lamp = make_product(name="Lamp", price=Decimal("9.99"), discount=Decimal(10))
        add(shopper, draft, lamp, 2)
        order = add(shopper, draft, lamp, 3)
        assert order["status"] == "DRAFT"
        assert order["amount"] == {"amount": "44.95"}
        [item] = order["items"]
        assert (item["name"], item["quantity"], item["unitPrice"]["amount"]) == ("Lamp", 5, "8.99")
        assert (order["shipping"], order["payment"]) == (None, None)
        lamp.refresh_from_db()
        assert lamp.stock == 10

    @pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1])
    def test_a_quantity_out_of_range(self, shopper: GraphQLClient, draft: str, quantity: int) -> None:
        lamp = make_product(stock=5000)
        with nothing_changes():
            assert wrong_fields(add(shopper, draft, lamp, quantity)) == ["quantity"]

    def test_more_than_the_most_or_than_there_is(self, shopper: GraphQLClient, draft: str) -> None:
        lamp, rug = make_product(stock=5000, price=Decimal(1)), make_product(stock=5)
        add(shopper, draft, lamp, MAX_QUANTITY)
        add(shopper, draft, rug, 3)
        with nothing_changes():
            assert wrong_fields(add(shopper, draft, lamp)) == ["quantity"]
            answer = add(shopper, draft, rug, 3)
        assert (answer["__typename"], answer["requested"], answer["available"]) == ("InsufficientStock", 6, 5)

    def test_more_than_can_be_paid(self, shopper: GraphQLClient, draft: str) -> None:
        palace = make_product(price=Decimal("999999.99"), stock=999)
        clip = make_product(price=Decimal("0.01"))
        add(shopper, draft, palace)
        with nothing_changes():
            assert wrong_fields(add(shopper, draft, palace, 998)) == ["quantity"]
            assert wrong_fields(add(shopper, draft, clip)) == ["quantity"]

    @pytest.mark.slow
    def test_the_most_lines(self, shopper: GraphQLClient, draft: str) -> None:
        category, seller = make_category(), make_user()
        *products, last = [make_product(category=category, user=seller) for _ in range(MAX_LINES + 1)]
        for product in products:
            add(shopper, draft, product)
        with nothing_changes():
            assert wrong_fields(add(shopper, draft, last)) == ["productId"]

    def test_what_is_not_there(self, shopper: GraphQLClient, draft: str) -> None:
        lamp = make_product()
        gone = make_product()
        Product.objects.filter(pk=gone.pk).delete()
        with nothing_changes():
            assert add(shopper, draft, gone)["__typename"] == "NotFound"
            assert add(shopper, str(uuid4()), lamp)["__typename"] == "NotFound"

    def test_an_id_of_no_product(self, shopper: GraphQLClient, draft: str) -> None:
        for document in (ADD_ORDER_ITEM, REMOVE_ORDER_ITEM):
            for id_ in ("", "x", global_id("Category", 1), global_id("Product", "x")):
                with nothing_changes():
                    input = {"orderUuid": draft, "productId": id_}
                    assert shopper.expect_refusal(document, input=input) == "BAD_USER_INPUT"

    def test_a_placed_order(self, shopper: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(shopper, lamp)
        uuid = checkout(shopper)["uuid"]
        with nothing_changes():
            answer = add(shopper, uuid, lamp)
            assert remove(shopper, uuid, lamp.pk)["__typename"] == "OrderNotEditable"
        assert answer["__typename"] == "OrderNotEditable"
        assert (answer["code"], answer["status"]) == ("ORDER_NOT_EDITABLE", "PENDING")


class TestRemoveOrderItem:
    def test_takes_out_that_product_alone(self, shopper: GraphQLClient, draft: str) -> None:
        lamp, rug = make_product(name="Lamp"), make_product(name="Rug", price=Decimal(3))
        add(shopper, draft, lamp)
        add(shopper, draft, rug)
        order = remove(shopper, draft, lamp.pk)
        assert [item["name"] for item in order["items"]] == ["Rug"]
        assert order["amount"] == {"amount": "3.00"}

    def test_what_is_not_in_it(self, shopper: GraphQLClient, draft: str) -> None:
        lamp = make_product()
        other = create(shopper)
        add(shopper, other, lamp)
        with nothing_changes():
            assert remove(shopper, draft, lamp.pk)["__typename"] == "NotFound"


class TestPlaceOrder:
    def test_becomes_a_pending_order(self, shopper: GraphQLClient, draft: str, bank: Bank) -> None:
        lamp = make_product(name="Lamp", stock=5)
        add(shopper, draft, lamp, 2)
        order = place(shopper, draft, expectedTotal="20.00")
        assert (order["uuid"], order["status"]) == (draft, "PENDING")
        assert order["shipping"] == {"firstName": "Ada"}
        assert order["payment"]["clientSecret"]
        lamp.refresh_from_db()
        assert (lamp.stock, lamp.sold_count) == (3, 2)
        bank.pay(draft)
        assert status_of(draft) == "shipped"

    def test_leaves_the_cart_alone(self, shopper: GraphQLClient, draft: str) -> None:
        lamp = make_product()
        add_to_cart(shopper, lamp)
        add(shopper, draft, lamp)
        place(shopper, draft)
        assert shopper.run("{ cart { totalQuantity } }")["cart"]["totalQuantity"] == 1

    def test_twice_is_the_same_order(self, shopper: GraphQLClient, draft: str, bank: Bank) -> None:
        add(shopper, draft, make_product())
        order = place(shopper, draft)
        with nothing_changes():
            assert place(shopper, draft, expectedTotal="999.00") == order
        bank.pay(draft)
        with nothing_changes():
            assert place(shopper, draft)["status"] == "SHIPPED"

    def test_a_price_that_changed_meanwhile(self, shopper: GraphQLClient, draft: str) -> None:
        lamp = make_product(name="Lamp")
        add(shopper, draft, lamp, 2)
        Product.objects.update(name="Lantern")
        reprice(lamp, "12")
        with nothing_changes():
            answer = place(shopper, draft, expectedTotal="20.00")
        assert answer["__typename"] == "TotalChanged"
        assert (answer["expected"]["amount"], answer["actual"]["amount"]) == ("20.00", "24.00")
        order = place(shopper, draft, expectedTotal="24.00")
        assert order["amount"] == {"amount": "24.00"}
        [item] = order["items"]
        assert (item["name"], item["unitPrice"]["amount"]) == ("Lantern", "12.00")

    def test_less_stock_than_wanted(self, shopper: GraphQLClient, draft: str) -> None:
        lamp = make_product(stock=5)
        add(shopper, draft, lamp, 5)
        restock(lamp, 4)
        with nothing_changes():
            answer = place(shopper, draft)
        assert (answer["__typename"], answer["requested"], answer["available"]) == ("InsufficientStock", 5, 4)

    def test_a_deleted_product_is_named_and_can_be_taken_out(
        self, shopper: GraphQLClient, draft: str
    ) -> None:
        lamp, rug = make_product(name="Lamp"), make_product(name="Rug")
        add(shopper, draft, lamp)
        add(shopper, draft, rug)
        pk = lamp.pk
        lamp.delete()
        with nothing_changes():
            answer = place(shopper, draft)
        assert (answer["__typename"], answer["name"]) == ("ProductUnavailable", "Lamp")
        assert answer["productId"] == global_id("Product", pk)
        assert [item["name"] for item in remove(shopper, draft, pk)["items"]] == ["Rug"]
        assert place(shopper, draft, expectedTotal="10.00")["status"] == "PENDING"

    def test_an_empty_draft(self, shopper: GraphQLClient, draft: str) -> None:
        with nothing_changes():
            assert place(shopper, draft)["__typename"] == "CartEmpty"

    def test_an_address_that_is_none(self, shopper: GraphQLClient, draft: str) -> None:
        add(shopper, draft, make_product())
        with nothing_changes():
            answer = place(shopper, draft, shipping={**ADDRESS, "country": "XX"})
        assert wrong_fields(answer) == ["shipping.country"]

    def test_a_cancelled_draft(self, shopper: GraphQLClient, draft: str) -> None:
        add(shopper, draft, make_product())
        shopper.run(CANCEL_ORDER, uuid=draft)
        with nothing_changes():
            answer = place(shopper, draft)
        assert (answer["__typename"], answer["status"]) == ("OrderNotEditable", "CANCELLED")
        assert answer["order"] == {"uuid": draft, "status": "CANCELLED"}

    def test_less_than_stripe_takes(self, shopper: GraphQLClient, draft: str) -> None:
        add(shopper, draft, make_product(price=Decimal("0.49")))
        with nothing_changes():
            assert place(shopper, draft)["code"] == "PAYMENT_UNAVAILABLE"

    def test_nothing_to_pay(self, shopper: GraphQLClient, draft: str) -> None:
        add(shopper, draft, make_product(discount=Decimal(100)))
        order = place(shopper, draft)
        assert (order["status"], order["payment"]) == ("SHIPPED", None)

    def test_a_fourth_pending_order(self, shopper: GraphQLClient) -> None:
        lamp = make_product()
        *drafts, fourth = [create(shopper) for _ in range(4)]
        for uuid in (*drafts, fourth):
            add(shopper, uuid, lamp)
        for uuid in drafts:
            place(shopper, uuid)
        with nothing_changes():
            input = {"orderUuid": fourth, "shipping": ADDRESS}
            assert shopper.run(PLACE_ORDER, input=input)["placeOrder"]["__typename"] == "TooManyOpenOrders"

    @pytest.mark.slow
    def test_takes_the_same_statements_for_1_item_and_for_50(self, shopper: GraphQLClient) -> None:
        category, seller = make_category(), make_user()
        products = [make_product(category=category, user=seller) for _ in range(50)]
        first, few, many = (create(shopper) for _ in range(3))
        for uuid in (first, few):
            add(shopper, uuid, products[0])
        place(shopper, first)  # creates the cart's row, which serves as the lock
        for product in products:
            add(shopper, many, product)
        taken = statements(lambda: place(shopper, few)), statements(lambda: place(shopper, many))
        assert taken[0] == taken[1] <= 25


class TestStrangers:
    """Another person's draft does not exist, for any caller of any mutation."""

    def test_all_mutations(
        self,
        api: GraphQLClient,
        shopper: GraphQLClient,
        draft: str,
        signed_in: Callable[[User], GraphQLClient],
    ) -> None:
        lamp = make_product()
        add(shopper, draft, lamp)
        visitor = GraphQLClient()
        add_to_cart(visitor, lamp)
        for stranger in (api, visitor, signed_in(make_user()), signed_in(make_user(is_superuser=True))):
            if stranger is not api:  # a visitor without a session has no cart to begin with
                add_to_cart(stranger, lamp)
            for answer in (
                lambda who=stranger: add(who, draft, lamp),
                lambda who=stranger: remove(who, draft, lamp.pk),
                lambda who=stranger: place(who, draft),
                lambda who=stranger: who.run(CANCEL_ORDER, uuid=draft)["cancelOrder"],
            ):
                with nothing_changes():
                    assert answer()["__typename"] == "NotFound"  # type: ignore[no-untyped-call]
        assert OrderItem.objects.filter(order__uuid=draft).count() == 1
