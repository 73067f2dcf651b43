"""Goods that no parcel brings: downloads, gift cards, services."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from catalog.models import Product, TaxClass
from orders.audit import differences_here
from orders.models import Cart, Order
from orders.payments.gateway import fake
from pricing.models import DeliveryMethod
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_rate
from tests.orders.conftest import ADDRESS, add_to_cart, nothing_changes
from tests.orders.terms.conftest import checkout, make_code, make_method, names, read, set_delivery

pytestmark = pytest.mark.django_db

NOWHERE = {**ADDRESS, "address": "", "buildingNumber": "", "phone": ""}


@pytest.fixture
def ebook() -> Product:
    return make_product(price=Decimal(20), variants=[{"requires_shipping": False, "weight_grams": 900}])


@pytest.fixture
def book() -> Product:
    return make_product(price=Decimal(30), variants=[{"weight_grams": 900}])


@pytest.fixture
def shopper(api: GraphQLClient, ebook: Product) -> GraphQLClient:
    """A guest with an e-book of 20.00 in the cart."""
    add_to_cart(api, ebook)
    return api


class TestAlone:
    def test_asks_for_no_delivery(self, shopper: GraphQLClient) -> None:
        make_method("Post")
        make_method("Courier", "12")
        cart = set_delivery(shopper)
        assert (cart["deliveryOptions"], cart["delivery"], cart["total"]) == ([], None, {"amount": "20.00"})
        assert cart["destination"]["country"] == "US"
        order = checkout(shopper)
        assert (order["amount"], order["delivery"]) == ({"amount": "20.00"}, None)
        assert list(differences_here()) == []

    def test_goes_where_nothing_is_delivered(self, shopper: GraphQLClient) -> None:
        make_method(countries="DE")
        assert set_delivery(shopper)["__typename"] == "Cart"
        assert checkout(shopper)["__typename"] == "Order"

    def test_forgets_a_method_that_does_not_count(self, shopper: GraphQLClient, book: Product) -> None:
        method = make_method(countries="DE")
        assert set_delivery(shopper, method)["delivery"] is None
        add_to_cart(shopper, book)
        with nothing_changes():
            assert checkout(shopper)["deliveryOptions"] == []

    def test_a_method_that_does_not_exist(self, shopper: GraphQLClient) -> None:
        assert set_delivery(shopper, DeliveryMethod(pk=999))["__typename"] == "Cart"
        assert Cart.objects.get().delivery_method_id is None
        unknown = global_id("DeliveryMethod", 999)
        order = checkout(shopper, deliveryMethodId=unknown)
        assert (order["__typename"], order["delivery"]) == ("Order", None)

    def test_needs_neither_street_nor_phone(self, shopper: GraphQLClient) -> None:
        order = checkout(shopper, shipping=NOWHERE)
        assert order["__typename"] == "Order"
        [event] = fake().events()
        assert event["data"]["object"]["shipping"] is None
        assert not Order.objects.get().requires_shipping

    @pytest.mark.parametrize(
        ("wrong", "field"), [({"country": "XX"}, "shipping.country"), ({"state": ""}, "shipping.state")]
    )
    def test_needs_what_tax_needs(self, shopper: GraphQLClient, wrong: dict[str, str], field: str) -> None:
        with nothing_changes():
            answer = checkout(shopper, shipping={**NOWHERE, **wrong})
        assert field in [error["field"] for error in answer["fields"]]

    def test_is_taxed_at_its_destination(self, shopper: GraphQLClient) -> None:
        make_rate("US", "10")
        assert checkout(shopper, shipping=NOWHERE)["taxTotal"] == {"amount": "2.00"}

    def test_stays_as_it_was_ordered(self, shopper: GraphQLClient, ebook: Product) -> None:
        uuid = checkout(shopper)["uuid"]
        ebook.variants.update(requires_shipping=True)
        query = "query($uuid: UUID!) { order(uuid: $uuid) { requiresShipping items { requiresShipping } } }"
        order = shopper.run(query, uuid=uuid)["order"]
        assert order == {"requiresShipping": False, "items": [{"requiresShipping": False}]}


class TestMixed:
    @pytest.fixture
    def shopper(self, api: GraphQLClient, ebook: Product, book: Product) -> GraphQLClient:
        """A guest with an e-book of 20.00 and a book of 30.00, of 900 g each."""
        add_to_cart(api, ebook)
        add_to_cart(api, book)
        return api

    def test_weighs_what_is_shipped(self, shopper: GraphQLClient) -> None:
        make_method("Letter", to_weight=1_000)
        assert names(set_delivery(shopper)["deliveryOptions"]) == ["Letter"]

    @pytest.mark.parametrize(("free_from", "cost"), [(50, "5.00"), (30, "0.00")])
    def test_only_what_is_shipped_counts_to_a_free_delivery(
        self, shopper: GraphQLClient, free_from: int, cost: str
    ) -> None:
        make_method(free_from=Decimal(free_from))
        assert set_delivery(shopper)["delivery"]["cost"] == {"amount": cost}

    @pytest.mark.parametrize(("when", "cost"), [("before", "0.00"), ("after", "5.00")])
    def test_with_its_own_share_of_the_code(
        self, shopper: GraphQLClient, settings: Settings, when: str, cost: str
    ) -> None:
        settings.STORE_DELIVERY_TOTAL = when
        make_method(free_from=Decimal(30))
        make_code(percent=10)
        shopper.run('mutation { applyDiscountCode(input: {code: "SPRING"}) { __typename } }')
        assert set_delivery(shopper)["delivery"]["cost"] == {"amount": cost}

    def test_delivery_is_taxed_like_what_is_shipped(self, shopper: GraphQLClient, ebook: Product) -> None:
        reduced = TaxClass.objects.create(name="E-books")
        Product.objects.filter(pk=ebook.pk).update(tax_class=reduced)
        make_rate("US", "10")
        make_rate("US", "50", tax_class=reduced)
        make_method(price="10")
        assert set_delivery(shopper)["taxTotal"] == {"amount": "14.00"}  # 10 of the e-book, 3 of the book, 1
        assert checkout(shopper)["taxTotal"] == {"amount": "14.00"}

    def test_needs_street_and_phone(self, shopper: GraphQLClient) -> None:
        with nothing_changes():
            answer = checkout(shopper, shipping=NOWHERE)
        assert {error["field"] for error in answer["fields"]} == {"shipping.address", "shipping.phone"}

    def test_says_what_is_shipped(self, shopper: GraphQLClient, book: Product) -> None:
        query = "{ cart { requiresShipping items { variant { requiresShipping } } } }"
        items: Any = [{"variant": {"requiresShipping": False}}, {"variant": {"requiresShipping": True}}]
        assert shopper.run(query)["cart"] == {"requiresShipping": True, "items": items}
        shopper.run(
            f'mutation {{ removeFromCart(input: {{productId: "{global_id("Product", book.pk)}"}}) {{ __typename }} }}'
        )
        assert shopper.run(query)["cart"] == {"requiresShipping": False, "items": items[:1]}

    def test_an_empty_cart_can_still_get_something(self) -> None:
        make_method()
        assert read(GraphQLClient())["deliveryOptions"] == []
        assert names(set_delivery(GraphQLClient())["deliveryOptions"]) == ["Post"]
