"""The cart over the API: items, refusals, changes, and the move at sign-in."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.sessions.models import Session

import orders.cart
from accounts.models import User
from catalog.models import Product
from orders.models import MAX_LINES, MAX_QUANTITY, Cart, CartItem, Order
from tests import factories
from tests.conftest import GraphQLClient, global_id
from tests.factories import PASSWORD, make_category, make_product, make_user, set_stock
from tests.orders.conftest import add_to_cart, checkout, nothing_changes, statements
from tests.races.interleaving import slip_in

pytestmark = pytest.mark.django_db

CART_FIELDS = """
    id totalQuantity subtotal { amount } discountTotal { amount } total { amount currency minorUnits }
    items { id quantity unitPrice { amount } total { amount } product { id name category { name } } }
    changes {
      __typename
      ... on PriceChanged { item { product { name } } before { amount } now { amount } }
      ... on StockReduced { item { quantity product { name } } available }
      ... on ProductRemoved { productId name }
    }
"""
CART = f"{{ cart {{ {CART_FIELDS} }} }}"
RESULT = f"""
    __typename
    ... on Cart {{ {CART_FIELDS} }}
    ... on UserError {{ code message }}
    ... on ValidationError {{ fields {{ field }} }}
    ... on InsufficientStock {{ requested available product {{ id }} }}
    ... on ProductUnavailable {{ productId name }}
"""
UPDATE_CART_ITEM = (
    f"mutation($input: UpdateCartItemInput!) {{ updateCartItem(input: $input) {{ {RESULT} }} }}"
)
REMOVE_FROM_CART = (
    f"mutation($input: RemoveFromCartInput!) {{ removeFromCart(input: $input) {{ {RESULT} }} }}"
)
CLEAR_CART = f"mutation {{ clearCart {{ {RESULT} }} }}"
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Cart { totalQuantity } } }"
LOGIN = """
    mutation($email: String!, $password: String!) {
      login(input: {email: $email, password: $password}) { __typename }
    }
"""
REGISTER = """
    mutation($email: String!, $password: String!) {
      register(input: {email: $email, password: $password}) { __typename }
    }
"""
ADD_BY_ID = """
    mutation($id: ID!) { addToCart(input: {productId: $id}) { __typename ... on UserError { code } } }
"""


def cart_of(api: GraphQLClient) -> Any:
    return api.run(CART)["cart"]


def quantities(api: GraphQLClient) -> dict[str, int]:
    return {item["product"]["name"]: item["quantity"] for item in cart_of(api)["items"]}


def update(api: GraphQLClient, product: Product, quantity: int) -> Any:
    input = {"productId": global_id("Product", product.pk), "quantity": quantity}
    return api.run(UPDATE_CART_ITEM, input=input)["updateCartItem"]


def remove(api: GraphQLClient, product_pk: int) -> Any:
    return api.run(REMOVE_FROM_CART, input={"productId": global_id("Product", product_pk)})["removeFromCart"]


def login(api: GraphQLClient, user: User) -> None:
    assert api.run(LOGIN, email=user.email, password=PASSWORD)["login"]["__typename"] == "User"


def reprice(product: Product, price: str) -> None:
    factories.reprice(product, price=Decimal(price))


def restock(product: Product, stock: int) -> None:
    set_stock(product, stock)


def make_products(count: int) -> list[Product]:
    category, seller = make_category(), make_user()
    return [make_product(category=category, user=seller) for _ in range(count)]


def wrong_fields(answer: Any) -> list[str]:
    assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
    return [error["field"] for error in answer["fields"]]


class TestCart:
    def test_a_visitor_who_has_written_nothing(self, api: GraphQLClient) -> None:
        cart = cart_of(api)
        assert cart["items"] == cart["changes"] == []
        assert cart["totalQuantity"] == 0
        assert cart["total"] == {"amount": "0.00", "currency": "USD", "minorUnits": 0}

    def test_reading_makes_no_session_and_no_row(self, api: GraphQLClient) -> None:
        with nothing_changes():
            cart_of(api)
        assert not api.cookies
        assert not Session.objects.exists()

    def test_reading_makes_no_row_for_a_signed_in_person(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        browser = signed_in(make_user())
        with nothing_changes():
            cart_of(browser)

    def test_totals_with_discounts(self, api: GraphQLClient) -> None:
        # 0.335 each, rounded half up; 10 % off 9.99 is 8.991.
        clip = make_product(name="Clip", price=Decimal("0.67"), discount=Decimal(50))
        lamp = make_product(name="Lamp", price=Decimal("9.99"), discount=Decimal(10))
        rug = make_product(name="Rug", price=Decimal("100.00"))
        for product, quantity in ((clip, 3), (lamp, 2), (rug, 1)):
            add_to_cart(api, product, quantity)
        cart = cart_of(api)
        assert [(item["unitPrice"]["amount"], item["total"]["amount"]) for item in cart["items"]] == [
            ("0.34", "1.02"),
            ("8.99", "17.98"),
            ("100.00", "100.00"),
        ]
        assert cart["totalQuantity"] == 6
        assert cart["subtotal"]["amount"] == "121.99"
        assert cart["discountTotal"]["amount"] == "2.99"
        assert cart["total"] == {"amount": "119.00", "currency": "USD", "minorUnits": 11900}

    def test_one_id_for_everyone_that_names_the_callers_own(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        browser = signed_in(make_user())
        add_to_cart(browser, make_product(), 4)
        [id_] = {cart_of(api)["id"], cart_of(browser)["id"], cart_of(GraphQLClient())["id"]}
        assert api.run(NODE, id=id_)["node"] == {"__typename": "Cart", "id": id_, "totalQuantity": 0}
        assert browser.run(NODE, id=id_)["node"] == {"__typename": "Cart", "id": id_, "totalQuantity": 4}
        assert api.run(NODE, id=global_id("Cart", 1))["node"] is None

    def test_another_visitors_item_is_not_to_be_seen(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        [item] = cart_of(api)["items"]
        assert api.run(NODE, id=item["id"])["node"]["__typename"] == "CartItem"
        stranger = GraphQLClient()
        assert stranger.run(NODE, id=item["id"])["node"] is None
        add_to_cart(stranger, make_product())
        assert stranger.run(NODE, id=item["id"])["node"] is None

    def test_the_item_of_a_deleted_product_is_no_node(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        [item] = cart_of(api)["items"]
        lamp.delete()
        assert api.run(NODE, id=item["id"])["node"] is None

    def test_takes_the_same_statements_for_1_line_and_for_50(
        self, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        few, many = signed_in(make_user()), signed_in(make_user())
        products = make_products(50)
        add_to_cart(few, products[0])
        for product in products:
            add_to_cart(many, product)
            restock(product, 0)  # each line has a change, which names its item
        assert len(cart_of(many)["items"]) == len(cart_of(many)["changes"]) == 50
        assert statements(lambda: cart_of(few)) == statements(lambda: cart_of(many)) <= 5


class TestCartChanges:
    def test_price_changed(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        add_to_cart(api, lamp)
        assert cart_of(api)["changes"] == []
        reprice(lamp, "12.00")
        cart = cart_of(api)
        assert cart["changes"] == [
            {
                "__typename": "PriceChanged",
                "item": {"product": {"name": "Lamp"}},
                "before": {"amount": "10.00"},
                "now": {"amount": "12.00"},
            }
        ]
        assert cart["total"]["amount"] == "12.00"

    def test_a_price_that_has_come_back_is_no_change(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        reprice(lamp, "12.00")
        reprice(lamp, "10.00")
        assert cart_of(api)["changes"] == []

    def test_stock_reduced(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp", stock=5)
        add_to_cart(api, lamp, 4)
        restock(lamp, 4)
        assert cart_of(api)["changes"] == []
        restock(lamp, 3)
        item = {"quantity": 4, "product": {"name": "Lamp"}}
        assert cart_of(api)["changes"] == [{"__typename": "StockReduced", "item": item, "available": 3}]

    def test_product_removed(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(name="Lamp"), make_product(name="Rug")
        add_to_cart(api, lamp)
        add_to_cart(api, rug)
        pk = lamp.pk
        lamp.delete()
        cart = cart_of(api)
        change = {"__typename": "ProductRemoved", "productId": global_id("Product", pk), "name": "Lamp"}
        assert cart["changes"] == [change]
        assert (cart["totalQuantity"], cart["total"]["amount"]) == (1, "10.00")
        assert [item["product"]["name"] for item in cart["items"]] == ["Rug"]

    def test_writing_the_line_again_dismisses(self, api: GraphQLClient) -> None:
        lamp, rug = make_product(stock=5), make_product()
        add_to_cart(api, lamp, 4)
        add_to_cart(api, rug)
        reprice(lamp, "12.00")
        reprice(rug, "12.00")
        restock(lamp, 3)
        assert [change["__typename"] for change in cart_of(api)["changes"]] == [
            "PriceChanged",
            "StockReduced",
            "PriceChanged",
        ]
        assert [change["__typename"] for change in update(api, lamp, 2)["changes"]] == ["PriceChanged"]
        add_to_cart(api, rug)
        assert cart_of(api)["changes"] == []

    def test_removing_dismisses_the_removed_product(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        pk = lamp.pk
        lamp.delete()
        assert remove(api, pk)["changes"] == []
        assert not CartItem.objects.exists()


class TestAddToCart:
    def test_adds_up(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        add_to_cart(api, lamp, 2)
        assert add_to_cart(api, lamp, 3)["totalQuantity"] == 5
        assert quantities(api) == {"Lamp": 5}

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


class TestJoin:
    """Signing in moves the visitor's cart and orders to the account."""

    def test_quantities_add_up_to_the_limit(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user = make_user()
        lamp = make_product(name="Lamp", price=Decimal(1), stock=5000)
        rug, cup = make_product(name="Rug"), make_product(name="Cup")
        at_home = signed_in(user)
        add_to_cart(at_home, lamp, 600)
        add_to_cart(at_home, rug, 2)
        add_to_cart(api, lamp, 600)
        add_to_cart(api, rug, 3)
        add_to_cart(api, cup, 1)
        login(api, user)
        assert quantities(api) == quantities(at_home) == {"Lamp": MAX_QUANTITY, "Rug": 5, "Cup": 1}
        assert Cart.objects.get().user == user

    def test_only_once(self, api: GraphQLClient) -> None:
        user = make_user()
        add_to_cart(api, make_product(name="Lamp"), 2)
        login(api, user)
        login(api, user)
        login(GraphQLClient(), user)
        assert quantities(api) == {"Lamp": 2}

    def test_a_cart_with_nothing_to_add_to(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(name="Lamp"), 2)
        login(api, make_user())
        assert quantities(api) == {"Lamp": 2}
        assert quantities(GraphQLClient()) == {}

    @pytest.mark.slow
    def test_lines_beyond_the_limit_stay_behind(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user = make_user()
        *own, shared, brought = make_products(MAX_LINES + 1)
        at_home = signed_in(user)
        for product in (*own, shared):
            add_to_cart(at_home, product)
        add_to_cart(api, shared)
        add_to_cart(api, brought)
        login(api, user)
        assert len(cart_of(api)["items"]) == MAX_LINES
        assert quantities(api)[shared.name] == 2
        assert brought.name not in quantities(api)

    def test_registering_joins_too(self, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(name="Lamp"), 2)
        answer = api.run(REGISTER, email="new@example.com", password=PASSWORD)
        assert answer["register"]["__typename"] == "User"
        assert quantities(api) == {"Lamp": 2}
        assert Cart.objects.get().user == User.objects.get(email="new@example.com")

    def test_after_logout_there_is_a_new_visitor(self, api: GraphQLClient) -> None:
        user = make_user()
        add_to_cart(api, make_product(name="Lamp"), 2)
        login(api, user)
        api.run("mutation { logout }")
        assert quantities(api) == {}
        add_to_cart(api, make_product(name="Rug"))
        assert quantities(api) == {"Rug": 1}
        login(api, user)
        assert quantities(api) == {"Lamp": 2, "Rug": 1}

    def test_what_was_seen_stays_seen(self, api: GraphQLClient) -> None:
        lamp = make_product()
        add_to_cart(api, lamp)
        reprice(lamp, "12.00")
        login(api, make_user())
        [change] = cart_of(api)["changes"]
        assert change["before"]["amount"] == "10.00"

    def test_orders_and_their_keys_move(self, api: GraphQLClient) -> None:
        user, key = make_user(), "9f3f8d0a-5c0e-4e42-9a15-0c7d2b6d8f11"
        lamp = make_product()
        add_to_cart(api, lamp)
        order = checkout(api, idempotencyKey=key)
        login(api, user)
        row = Order.objects.get()
        assert (row.user, row.visitor) == (user, None)
        add_to_cart(api, lamp)
        with nothing_changes():
            assert checkout(api, idempotencyKey=key)["uuid"] == order["uuid"]

    def test_a_key_that_both_have_used_names_the_accounts_order(
        self, api: GraphQLClient, signed_in: Callable[[User], GraphQLClient]
    ) -> None:
        user, key = make_user(), "9f3f8d0a-5c0e-4e42-9a15-0c7d2b6d8f11"
        lamp = make_product()
        browser = signed_in(user)
        add_to_cart(browser, lamp)
        own = checkout(browser, idempotencyKey=key)
        add_to_cart(api, lamp)
        checkout(api, idempotencyKey=key)
        login(api, user)
        assert Order.objects.filter(user=user).count() == 2
        assert checkout(api, idempotencyKey=key)["uuid"] == own["uuid"]

    def test_another_visitors_orders_stay_theirs(self, api: GraphQLClient) -> None:
        stranger = GraphQLClient()
        lamp = make_product()
        add_to_cart(stranger, lamp)
        checkout(stranger)
        add_to_cart(stranger, lamp)
        add_to_cart(api, lamp)
        login(api, make_user(email="ada@example.com"))  # the shipping address
        assert Order.objects.get().user is None
        assert quantities(stranger) == {lamp.name: 1}
