"""Reading the cart, and what changed under it."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session

from accounts.models import User
from orders.models import CartItem
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_user
from tests.orders.cart.conftest import (
    NODE,
    cart_of,
    make_products,
    remove,
    reprice,
    restock,
    update,
)
from tests.orders.conftest import add_to_cart, nothing_changes, statements

pytestmark = pytest.mark.django_db


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
