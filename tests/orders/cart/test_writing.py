"""Changing what is in the cart."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session

import orders.cart
from accounts.models import User
from catalog.models import Product
from orders.models import MAX_LINES, MAX_QUANTITY, Cart, CartItem
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_user
from tests.orders.cart.conftest import (
    ADD_BY_ID,
    CLEAR_CART,
    make_products,
    quantities,
    remove,
    restock,
    update,
    wrong_fields,
)
from tests.orders.conftest import add_to_cart, checkout, nothing_changes, statements
from tests.races.interleaving import slip_in

pytestmark = pytest.mark.django_db


def add_with_key(api: GraphQLClient, product: Product, key: str | None) -> dict[str, Any]:
    document = """mutation($input: CartItemInput!) { addToCart(input: $input) {
        __typename ... on Cart { totalQuantity } ... on UserError { message } } }"""
    input = {"productId": global_id("Product", product.pk), "idempotencyKey": key}
    answer: dict[str, Any] = api.run(document, input=input)["addToCart"]
    return answer


class TestAddToCart:
    def test_adds_up(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        add_to_cart(api, lamp, 2)
        assert add_to_cart(api, lamp, 3)["totalQuantity"] == 5
        assert quantities(api) == {"Lamp": 5}

    def test_a_key_adds_once(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(name="Lamp", stock=50), make_product(name="Rug")
        first, second = str(uuid4()), str(uuid4())
        assert add_with_key(api, lamp, first)["totalQuantity"] == 1
        assert add_with_key(api, lamp, second)["totalQuantity"] == 2
        assert add_with_key(api, lamp, first)["totalQuantity"] == 2
        assert add_with_key(api, rug, second)["totalQuantity"] == 2
        assert quantities(api) == {"Lamp": 2}

    def test_a_key_of_somebody_else_adds(self, api: GraphQLClient) -> None:
        lamp, key = make_product(name="Lamp"), str(uuid4())
        other = GraphQLClient()
        assert [add_with_key(client, lamp, key)["totalQuantity"] for client in (api, other)] == [1, 1]

    def test_a_refused_key_can_be_used_again(self, api: GraphQLClient) -> None:
        lamp, key = make_product(name="Lamp", stock=0), str(uuid4())
        assert add_with_key(api, lamp, key)["__typename"] == "InsufficientStock"
        restock(lamp, 5)
        assert add_with_key(api, lamp, key)["totalQuantity"] == 1

    def test_a_key_is_known_after_the_checkout(self, api: GraphQLClient) -> None:
        """What was bought meanwhile does not come back into the cart."""
        lamp, key = make_product(name="Lamp"), str(uuid4())
        add_with_key(api, lamp, key)
        assert checkout(api)["__typename"] == "Order"
        assert add_with_key(api, lamp, key)["totalQuantity"] == 0

    def test_a_key_is_known_after_signing_in(self, api: GraphQLClient) -> None:
        user, lamp, key = make_user(), make_product(name="Lamp"), str(uuid4())
        add_with_key(api, lamp, key)
        api.force_login(user)
        assert add_with_key(api, lamp, key)["totalQuantity"] == 1

    def test_keeps_the_last_20_keys(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp", stock=100)
        oldest, older, *_ = keys = [str(uuid4()) for _ in range(21)]
        assert [add_with_key(api, lamp, key)["totalQuantity"] for key in keys] == [*range(1, 22)]
        assert add_with_key(api, lamp, older)["totalQuantity"] == 21
        assert add_with_key(api, lamp, oldest)["totalQuantity"] == 22

    def test_a_key_takes_no_more_statements(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_with_key(api, lamp, None)
        without = statements(lambda: add_with_key(api, lamp, None))
        assert statements(lambda: add_with_key(api, lamp, str(uuid4()))) == without

    def test_is_seen_by_nobody_else(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        assert quantities(GraphQLClient()) == {}

    def test_takes_no_stock(self, api: GraphQLClient) -> None:
        lamp = make_product(stock=5)
        add_to_cart(api, lamp, 5)
        lamp.refresh_from_db()
        assert (lamp.stock, lamp.sold_count) == (5, 0)

    @pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1, 2**31 - 1, -(2**31)])
    def test_a_quantity_out_of_range(self, api: GraphQLClient, quantity: int) -> None:
        lamp = make_product(stock=5000)
        add_to_cart(api, lamp)
        with nothing_changes():
            assert wrong_fields(add_to_cart(api, lamp, quantity)) == ["quantity"]

    def test_no_number_at_all(self, api: GraphQLClient) -> None:
        lamp = make_product()
        document = (
            "mutation($id: ID!, $n: Int!) { addToCart(input: {productId: $id, quantity: $n}) { __typename } }"
        )
        with nothing_changes():
            for quantity in (2**31, 1.5, "1", None):
                assert (
                    api.expect_refusal(document, id=global_id("Product", lamp.pk), n=quantity)
                    == "BAD_USER_INPUT"
                )

    def test_the_most_of_a_product(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp", stock=5000, price=Decimal(1))
        assert add_to_cart(api, lamp, MAX_QUANTITY - 1)["totalQuantity"] == MAX_QUANTITY - 1
        with nothing_changes():
            assert wrong_fields(add_to_cart(api, lamp, 2)) == ["quantity"]
        assert add_to_cart(api, lamp, 1)["totalQuantity"] == MAX_QUANTITY

    def test_more_than_there_is(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp", stock=5)
        add_to_cart(api, lamp, 3)
        with nothing_changes():
            answer = add_to_cart(api, lamp, 3)
        assert answer["__typename"] == "InsufficientStock"
        assert answer["code"] == "INSUFFICIENT_STOCK"
        assert (answer["requested"], answer["available"], answer["product"]["name"]) == (6, 5, "Lamp")

    def test_sold_out(self, api: GraphQLClient) -> None:
        lamp = make_product(stock=0)
        with nothing_changes():
            assert add_to_cart(api, lamp)["available"] == 0

    @pytest.mark.slow
    def test_the_most_lines(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        browser = signed_in(make_user())
        *products, last = make_products(MAX_LINES + 1)
        for product in products:
            assert add_to_cart(browser, product)["__typename"] == "Cart"
        with nothing_changes():
            assert wrong_fields(add_to_cart(browser, last)) == ["productId"]
        assert add_to_cart(browser, products[0])["totalQuantity"] == MAX_LINES + 1

    def test_a_product_that_is_gone(self, api: GraphQLClient) -> None:
        lamp = make_product()
        id_ = global_id("Product", lamp.pk)
        lamp.delete()
        with nothing_changes():
            assert api.run(ADD_BY_ID, id=id_)["addToCart"] == {"__typename": "NotFound", "code": "NOT_FOUND"}

    @pytest.mark.parametrize("key", ["0", str(2**62)])
    def test_a_product_that_never_was(self, api: GraphQLClient, key: str) -> None:
        with nothing_changes():
            answer = api.run(ADD_BY_ID, id=global_id("Product", key))["addToCart"]
        assert answer == {"__typename": "NotFound", "code": "NOT_FOUND"}

    @pytest.mark.parametrize(
        "id_",
        [
            "",
            "1",
            "no base64!",
            "UHJvZHVjdA==",  # Product
            global_id("Product", ""),
            global_id("Product", "x"),
            global_id("Product", "-1"),
            global_id("Product", "1.0"),
            global_id("Product", "²"),
            global_id("Product", 2**63),
            global_id("Product", "1" * 5000),
            global_id("Category", 1),
            global_id("CartItem", 1),
            global_id("Nothing", 1),
        ],
    )
    def test_an_id_of_no_product(self, api: GraphQLClient, id_: str) -> None:
        with nothing_changes():
            assert api.expect_refusal(ADD_BY_ID, id=id_) == "BAD_USER_INPUT"

    def test_a_session_is_made_only_when_a_write_succeeds(self, api: GraphQLClient) -> None:
        sold_out = make_product(stock=0)
        with nothing_changes():
            add_to_cart(api, sold_out)
        assert not api.cookies
        add_to_cart(api, make_product())
        assert "sessionid" in api.cookies
        assert Session.objects.count() == Cart.objects.count() == 1

    def test_takes_the_same_statements_with_1_line_and_with_50(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        few, many = signed_in(make_user()), signed_in(make_user())
        products = make_products(50)
        add_to_cart(few, products[0])
        for product in products:
            add_to_cart(many, product)
        # Session and user; the transaction with the cart and the line; the answer, its lines and its terms.
        assert statements(lambda: add_to_cart(few, products[0])) == 8
        assert statements(lambda: add_to_cart(many, products[0])) == 8

    def test_the_first_one_takes_no_more(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        browser, product = signed_in(make_user()), make_product()
        assert statements(lambda: add_to_cart(browser, product)) == 8

    def test_what_has_changed_since_it_was_refused(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lamp = make_product(stock=1)
        slip_in(monkeypatch, orders.cart, "explain_refusal", before=partial(restock, lamp, 2))
        answer = add_to_cart(api, lamp, 2)
        assert wrong_fields(answer) == ["productId"]
        assert "Please try again" in answer["message"]
        assert not CartItem.objects.exists()


class TestUpdateCartItem:
    def test_sets_the_quantity(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        add_to_cart(api, lamp, 2)
        assert update(api, lamp, 7)["totalQuantity"] == 7
        assert quantities(api) == {"Lamp": 7}

    def test_zero_removes(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp, 2)
        assert update(api, lamp, 0)["items"] == []
        assert not CartItem.objects.exists()

    @pytest.mark.parametrize("quantity", [-1, MAX_QUANTITY + 1])
    def test_a_quantity_out_of_range(self, api: GraphQLClient, quantity: int) -> None:
        lamp = make_product(stock=5000)
        add_to_cart(api, lamp)
        with nothing_changes():
            assert wrong_fields(update(api, lamp, quantity)) == ["quantity"]

    def test_more_than_there_is(self, api: GraphQLClient) -> None:
        lamp = make_product(stock=5)
        add_to_cart(api, lamp)
        with nothing_changes():
            answer = update(api, lamp, 6)
        assert (answer["__typename"], answer["requested"], answer["available"]) == ("InsufficientStock", 6, 5)

    @pytest.mark.parametrize("quantity", [0, 1])
    def test_a_product_that_is_not_in_the_cart(self, api: GraphQLClient, quantity: int) -> None:
        lamp = make_product()
        with nothing_changes():
            assert update(api, lamp, quantity)["__typename"] == "NotFound"
        add_to_cart(api, make_product())
        add_to_cart(GraphQLClient(), lamp)
        with nothing_changes():
            assert update(api, lamp, quantity)["__typename"] == "NotFound"

    def test_a_product_that_is_no_longer_sold(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        add_to_cart(api, lamp)
        pk = lamp.pk
        lamp.delete()
        lamp.pk = pk
        with nothing_changes():
            answer = update(api, lamp, 2)
        assert answer == {
            "__typename": "ProductUnavailable",
            "code": "PRODUCT_UNAVAILABLE",
            "message": "“Lamp” is no longer sold. Please remove it.",
            "productId": global_id("Product", pk),
            "name": "Lamp",
        }
        assert update(api, lamp, 0)["changes"] == []


class TestRemoveFromCart:
    def test_takes_out_that_product_alone(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(name="Lamp"), make_product(name="Rug")
        add_to_cart(api, lamp)
        add_to_cart(api, rug)
        assert [item["product"]["name"] for item in remove(api, lamp.pk)["items"]] == ["Rug"]

    def test_what_is_not_in_the_cart(self, api: GraphQLClient) -> None:
        lamp = make_product()
        with nothing_changes():
            assert remove(api, lamp.pk)["__typename"] == "NotFound"
        add_to_cart(api, make_product())
        add_to_cart(GraphQLClient(), lamp)
        with nothing_changes():
            assert remove(api, lamp.pk)["code"] == "NOT_FOUND"


class TestClearCart:
    def test_takes_out_everything_of_this_cart_alone(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(name="Lamp"), make_product()
        stranger = GraphQLClient()
        add_to_cart(stranger, lamp)
        add_to_cart(api, lamp)
        add_to_cart(api, rug)
        rug.delete()
        cleared = api.run(CLEAR_CART)["clearCart"]
        assert cleared["items"] == cleared["changes"] == []
        assert quantities(stranger) == {"Lamp": 1}

    def test_an_empty_cart(self, api: GraphQLClient) -> None:
        with nothing_changes():
            assert api.run(CLEAR_CART)["clearCart"]["totalQuantity"] == 0
        assert not api.cookies


class TestTheMostThatCanBePaid:
    """A cart refuses more than a payment can cover, or than its total can express."""

    def test_add(self, api: GraphQLClient) -> None:
        palace = make_product(name="Palace", price=Decimal("999999.99"), stock=50)
        clip = make_product(price=Decimal("0.01"))
        assert add_to_cart(api, palace)["total"]["amount"] == "999999.99"
        with nothing_changes():
            assert wrong_fields(add_to_cart(api, palace, 30)) == ["quantity"]
            assert wrong_fields(add_to_cart(api, clip)) == ["quantity"]

    def test_update(self, api: GraphQLClient) -> None:
        villa = make_product(price=Decimal("400000.00"), stock=50)
        add_to_cart(api, villa)
        assert update(api, villa, 2)["total"]["minorUnits"] == 80_000_000
        with nothing_changes():
            assert wrong_fields(update(api, villa, 3)) == ["quantity"]
