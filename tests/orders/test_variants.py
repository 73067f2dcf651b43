"""Variants in the cart, in drafts and in orders: which one is meant, and what stays when it changes or is removed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.models import Product, ProductVariant
from catalog.services import update_product
from orders.models import CartItem, Order, OrderItem
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product, make_seller, make_user, reprice, set_stock, variant_of
from tests.orders.conftest import ADDRESS, Bank, checkout, nothing_changes
from tests.tasks import outbox

pytestmark = pytest.mark.django_db

ITEM = "quantity unitPrice { amount } total { amount } product { name } variant { title sku }"
REFUSAL = """
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
    ... on InsufficientStock { requested available product { name } variant { title } }
    ... on ProductUnavailable { productId variantId name variantTitle }
"""
CART = f"""
    totalQuantity total {{ amount }} items {{ {ITEM} }}
    changes {{
      __typename
      ... on PriceChanged {{ item {{ variant {{ title }} }} before {{ amount }} now {{ amount }} }}
      ... on StockReduced {{ item {{ variant {{ title }} }} available }}
      ... on ProductRemoved {{ productId variantId name variantTitle }}
    }}
"""
ORDER = (
    "uuid amount { amount } items { name variantTitle sku quantity unitPrice { amount } variant { title } }"
)


def mutation(name: str, input: str, answer: str) -> str:
    return f"mutation($input: {input}!) {{ {name}(input: $input) {{ __typename {answer} {REFUSAL} }} }}"


OPERATIONS = {
    "addToCart": mutation("addToCart", "CartItemInput", f"... on Cart {{ {CART} }}"),
    "updateCartItem": mutation("updateCartItem", "UpdateCartItemInput", f"... on Cart {{ {CART} }}"),
    "removeFromCart": mutation("removeFromCart", "RemoveFromCartInput", f"... on Cart {{ {CART} }}"),
    "checkout": mutation("checkout", "CheckoutInput", f"... on Order {{ {ORDER} }}"),
    "addOrderItem": mutation("addOrderItem", "OrderItemInput", f"... on Order {{ {ORDER} }}"),
    "removeOrderItem": mutation("removeOrderItem", "RemoveOrderItemInput", f"... on Order {{ {ORDER} }}"),
    "placeOrder": mutation("placeOrder", "PlaceOrderInput", f"... on Order {{ {ORDER} }}"),
}


@pytest.fixture
def shirt() -> Product:
    """S at 10.00 with 5 in stock, and M at 12.00 with 3."""
    return make_product(
        user=make_seller(),
        name="Shirt",
        options=["Size"],
        variants=[
            {"values": "S", "sku": "SHIRT-S", "stock": 5},
            {"values": "M", "price": Decimal(12), "stock": 3},
        ],
    )


@pytest.fixture
def shopper(signed_in: Callable[[User], GraphQLClient]) -> GraphQLClient:
    return signed_in(make_user())


def run(browser: GraphQLClient, name: str, **input: Any) -> Any:
    return browser.run(OPERATIONS[name], input=input)[name]


def by_variant(product: Product, *values: str) -> dict[str, str]:
    return {"variantId": global_id("ProductVariant", variant_of(product, *values).pk)}


def by_product(product: Product) -> dict[str, str]:
    return {"productId": global_id("Product", product.pk)}


def cart_of(browser: GraphQLClient) -> Any:
    return browser.run(f"{{ cart {{ {CART} }} }}")["cart"]


def titles(items: Any) -> list[tuple[str, int]]:
    return [(item["variant"]["title"], item["quantity"]) for item in items]


def keep(product: Product, *kept: str) -> None:
    """Remove all variants but those with these values, as the seller does."""
    listed: Any = [
        {"id": variant.pk, "option_values": variant.option_values}
        for variant in product.variants.all()
        if variant.option_1 in kept
    ]
    update_product(user=product.user, product_pk=product.pk, changes={"variants": listed}, now=timezone.now())


def draft_of(browser: GraphQLClient) -> str:
    uuid: str = browser.run("mutation { createOrder { ... on Order { uuid } } }")["createOrder"]["uuid"]
    return uuid


class TestWhichOne:
    def test_two_variants_are_two_lines(self, api: GraphQLClient, shirt: Product) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=2)
        run(api, "addToCart", **by_variant(shirt, "M"))
        cart = run(api, "addToCart", **by_variant(shirt, "S"))
        assert titles(cart["items"]) == [("S", 3), ("M", 1)]
        assert cart["total"] == {"amount": "42.00"}
        assert cart["items"][0] == {
            "quantity": 3,
            "unitPrice": {"amount": "10.00"},
            "total": {"amount": "30.00"},
            "product": {"name": "Shirt"},
            "variant": {"title": "S", "sku": "SHIRT-S"},
        }

    def test_the_product_is_enough_where_it_has_one(self, api: GraphQLClient) -> None:
        lamp = make_product(name="Lamp")
        run(api, "addToCart", **by_product(lamp), quantity=2)
        assert titles(run(api, "addToCart", **by_variant(lamp))["items"]) == [("", 3)]
        assert titles(run(api, "updateCartItem", **by_product(lamp), quantity=5)["items"]) == [("", 5)]
        assert run(api, "removeFromCart", **by_product(lamp))["items"] == []

    def test_also_with_options(self, api: GraphQLClient, shirt: Product) -> None:
        keep(shirt, "M")
        assert titles(run(api, "addToCart", **by_product(shirt))["items"]) == [("M", 1)]

    @pytest.mark.parametrize(
        ("name", "more"), [("addToCart", {}), ("updateCartItem", {"quantity": 1}), ("removeFromCart", {})]
    )
    def test_the_product_is_not_enough_where_it_has_several(
        self, api: GraphQLClient, shirt: Product, name: str, more: dict[str, int]
    ) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=2)
        with nothing_changes():
            answer = run(api, name, **by_product(shirt), **more)
        assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
        assert answer["fields"] == [
            {
                "field": "productId",
                "message": "This product has several variants. Please choose one.",
            }
        ]

    @pytest.mark.parametrize("name", ["addToCart", "updateCartItem", "removeFromCart"])
    @pytest.mark.parametrize(("both", "field"), [(True, "variantId"), (False, "productId")])
    def test_one_of_the_two_is_given(
        self, api: GraphQLClient, shirt: Product, name: str, both: bool, field: str
    ) -> None:
        keys = {**by_product(shirt), **by_variant(shirt, "S")} if both else {}
        more = {"quantity": 1} if name == "updateCartItem" else {}
        with nothing_changes():
            answer = run(api, name, **keys, **more)
        assert [error["field"] for error in answer["fields"]] == [field]

    def test_a_null_is_not_given(self, api: GraphQLClient, shirt: Product) -> None:
        assert titles(run(api, "addToCart", productId=None, **by_variant(shirt, "S"))["items"]) == [("S", 1)]

    @pytest.mark.parametrize("name", ["addToCart", "removeFromCart"])
    @pytest.mark.parametrize("id", ["", "x", global_id("Product", 1), global_id("ProductVariant", 2**63)])
    def test_ids_that_are_none(self, api: GraphQLClient, name: str, id: str) -> None:
        assert api.expect_refusal(OPERATIONS[name], input={"variantId": id}) == "BAD_USER_INPUT"

    @pytest.mark.parametrize(
        ("name", "more"), [("addToCart", {}), ("updateCartItem", {"quantity": 1}), ("removeFromCart", {})]
    )
    def test_a_variant_that_does_not_exist(self, api: GraphQLClient, name: str, more: dict[str, int]) -> None:
        answer = run(api, name, variantId=global_id("ProductVariant", 1), **more)
        assert (answer["__typename"], answer["code"]) == ("NotFound", "NOT_FOUND")

    def test_too_few(self, api: GraphQLClient, shirt: Product) -> None:
        """The product has 8, but M only 3."""
        with nothing_changes():
            answer = run(api, "addToCart", **by_variant(shirt, "M"), quantity=4)
        assert answer == {
            "__typename": "InsufficientStock",
            "code": "INSUFFICIENT_STOCK",
            "message": "There are only 3 left of “Shirt, M”.",
            "requested": 4,
            "available": 3,
            "product": {"name": "Shirt"},
            "variant": {"title": "M"},
        }

    def test_adding_is_one_statement_as_before(self, api: GraphQLClient, shirt: Product) -> None:
        def count(**input: Any) -> list[str]:
            with CaptureQueriesContext(connection) as captured:
                run(api, "addToCart", **input)
            return [query["sql"] for query in captured if "orders_cartitem" in query["sql"]]

        keys = by_variant(shirt, "S"), by_product(make_product())
        for key in keys:
            run(api, "addToCart", **key)
            assert len(count(**key)) == 2  # the upsert, and reading the answer


class TestChanges:
    def test_of_each_variant(self, api: GraphQLClient, shirt: Product) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=4)
        run(api, "addToCart", **by_variant(shirt, "M"))
        assert cart_of(api)["changes"] == []
        reprice(shirt, "M", price=Decimal(15))
        set_stock(shirt, 2, "S")
        assert cart_of(api)["changes"] == [
            {"__typename": "StockReduced", "item": {"variant": {"title": "S"}}, "available": 2},
            {
                "__typename": "PriceChanged",
                "item": {"variant": {"title": "M"}},
                "before": {"amount": "12.00"},
                "now": {"amount": "15.00"},
            },
        ]

    def test_a_variant_that_is_removed(self, api: GraphQLClient, shirt: Product) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=2)
        run(api, "addToCart", **by_variant(shirt, "M"))
        gone = by_variant(shirt, "S")
        keep(shirt, "M")
        cart = cart_of(api)
        assert (titles(cart["items"]), cart["total"]) == ([("M", 1)], {"amount": "12.00"})
        assert cart["changes"] == [
            {
                "__typename": "ProductRemoved",
                **by_product(shirt),
                **gone,
                "name": "Shirt",
                "variantTitle": "S",
            }
        ]
        with nothing_changes():
            answer = run(
                api, "checkout", shipping=ADDRESS, idempotencyKey="6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11"
            )
        assert answer == {
            "__typename": "ProductUnavailable",
            "code": "PRODUCT_UNAVAILABLE",
            "message": "“Shirt, S” is no longer sold. Please remove it.",
            **by_product(shirt),
            **gone,
            "name": "Shirt",
            "variantTitle": "S",
        }
        with nothing_changes():
            assert run(api, "updateCartItem", **gone, quantity=1)["__typename"] == "ProductUnavailable"
        assert run(api, "removeFromCart", **gone)["changes"] == []
        assert run(api, "checkout", shipping=ADDRESS, idempotencyKey="6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11")[
            "amount"
        ] == {"amount": "12.00"}

    def test_the_product_is_enough_to_dismiss_it(self, api: GraphQLClient, shirt: Product) -> None:
        """A front end that knows no variants dismisses a ProductRemoved by the product's id."""
        run(api, "addToCart", **by_variant(shirt, "S"))
        keep(shirt, "M")
        assert run(api, "removeFromCart", **by_product(shirt))["changes"] == []
        assert not CartItem.objects.exists()

    def test_the_product_is_not_enough_beside_another_line_of_it(
        self, api: GraphQLClient, shirt: Product
    ) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"))
        run(api, "addToCart", **by_variant(shirt, "M"))
        keep(shirt, "M")
        with nothing_changes():
            answer = run(api, "removeFromCart", **by_product(shirt))
        assert answer["__typename"] == "ValidationError"

    def test_a_product_that_is_removed(self, api: GraphQLClient, shirt: Product) -> None:
        for size in ("S", "M"):
            run(api, "addToCart", **by_variant(shirt, size))
        keys = [by_variant(shirt, size) for size in ("S", "M")]
        shirt.delete()
        removed = cart_of(api)["changes"]
        assert [change["variantId"] for change in removed] == [key["variantId"] for key in keys]
        assert [len(run(api, "removeFromCart", **key)["changes"]) for key in keys] == [1, 0]


class TestOrder:
    def test_freezes_what_was_bought(self, api: GraphQLClient, shirt: Product, bank: Bank) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=2)
        uuid = checkout(api)["uuid"]
        bank.pay(uuid)
        bought = {
            "name": "Shirt",
            "variantTitle": "S",
            "sku": "SHIRT-S",
            "quantity": 2,
            "unitPrice": {"amount": "10.00"},
        }
        document = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {ORDER} }} }}"
        assert api.run(document, uuid=uuid)["order"]["items"] == [{**bought, "variant": {"title": "S"}}]
        small = variant_of(shirt, "S")
        changed: Any = {
            "name": "Tee",
            "options": ["Width"],
            "variants": [
                {"id": small.pk, "option_values": ["Small"], "sku": "TEE", "price": Decimal(1), "stock": 1}
            ],
        }
        update_product(user=shirt.user, product_pk=shirt.pk, changes=changed, now=timezone.now())
        assert api.run(document, uuid=uuid)["order"]["items"] == [{**bought, "variant": {"title": "Small"}}]
        small.delete()
        assert api.run(document, uuid=uuid)["order"]["items"] == [{**bought, "variant": None}]

    def test_the_mail_names_it(
        self, api: GraphQLClient, shirt: Product, bank: Bank, django_capture_on_commit_callbacks: Any
    ) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"))
        with django_capture_on_commit_callbacks(execute=True):
            bank.pay(checkout(api)["uuid"])
        assert "1 × Shirt, S" in outbox[0].body

    def test_cancelled_gives_back_to_each(self, api: GraphQLClient, shirt: Product) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=5)
        run(api, "addToCart", **by_variant(shirt, "M"), quantity=3)
        uuid = checkout(api)["uuid"]
        shirt.refresh_from_db()
        assert (shirt.stock, shirt.sold_count) == (0, 8)
        assert set(shirt.variants.values_list("stock", "held")) == {(0, 5), (0, 3)}
        cancel = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }"
        assert api.run(cancel, uuid=uuid)["cancelOrder"]["__typename"] == "Order"
        shirt.refresh_from_db()
        assert (shirt.stock, shirt.sold_count, str(shirt.final_price)) == (8, 0, "10.00")
        assert set(shirt.variants.values_list("stock", "held")) == {(5, 0), (3, 0)}

    def test_of_a_variant_that_is_removed_can_be_cancelled(self, api: GraphQLClient, shirt: Product) -> None:
        run(api, "addToCart", **by_variant(shirt, "S"), quantity=5)
        uuid = checkout(api)["uuid"]
        keep(shirt, "M")
        cancel = "mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename } }"
        assert api.run(cancel, uuid=uuid)["cancelOrder"]["__typename"] == "Order"
        shirt.refresh_from_db()
        assert (shirt.stock, variant_of(shirt).stock) == (3, 3)


class TestDraft:
    def test_two_variants_are_two_items(self, shopper: GraphQLClient, shirt: Product) -> None:
        draft = draft_of(shopper)
        for size in ("S", "M"):
            run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, size))
        order = run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, "S"))
        assert titles(order["items"]) == [("S", 2), ("M", 1)]
        order = run(shopper, "removeOrderItem", orderUuid=draft, **by_variant(shirt, "S"))
        assert (titles(order["items"]), order["amount"]) == ([("M", 1)], {"amount": "12.00"})

    @pytest.mark.parametrize("name", ["addOrderItem", "removeOrderItem"])
    def test_the_product_is_not_enough_where_it_has_several(
        self, shopper: GraphQLClient, shirt: Product, name: str
    ) -> None:
        draft = draft_of(shopper)
        run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, "S"))
        with nothing_changes():
            answer = run(shopper, name, orderUuid=draft, **by_product(shirt))
        assert [error["field"] for error in answer["fields"]] == ["productId"]

    @pytest.mark.parametrize("name", ["addOrderItem", "removeOrderItem"])
    def test_one_of_the_two_is_given(self, shopper: GraphQLClient, shirt: Product, name: str) -> None:
        draft = draft_of(shopper)
        both = {**by_product(shirt), **by_variant(shirt, "S")}
        for keys, field in (({}, "productId"), (both, "variantId")):
            with nothing_changes():
                answer = run(shopper, name, orderUuid=draft, **keys)
            assert [error["field"] for error in answer["fields"]] == [field]

    def test_too_few(self, shopper: GraphQLClient, shirt: Product) -> None:
        draft = draft_of(shopper)
        answer = run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, "M"), quantity=4)
        assert (answer["available"], answer["variant"]) == (3, {"title": "M"})

    def test_a_variant_that_is_removed(self, shopper: GraphQLClient, shirt: Product) -> None:
        draft = draft_of(shopper)
        run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, "S"))
        run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, "M"))
        gone = by_variant(shirt, "S")
        keep(shirt, "M")
        with nothing_changes():
            answer = run(shopper, "placeOrder", orderUuid=draft, shipping=ADDRESS)
        assert (answer["__typename"], answer["variantTitle"]) == ("ProductUnavailable", "S")
        assert answer["variantId"] == gone["variantId"]
        order = run(shopper, "removeOrderItem", orderUuid=draft, **gone)
        assert titles(order["items"]) == [("M", 1)]
        assert run(shopper, "placeOrder", orderUuid=draft, shipping=ADDRESS)["__typename"] == "Order"

    def test_is_renamed_when_it_is_placed(self, shopper: GraphQLClient, shirt: Product) -> None:
        draft = draft_of(shopper)
        run(shopper, "addOrderItem", orderUuid=draft, **by_variant(shirt, "S"))
        ProductVariant.objects.filter(pk=variant_of(shirt, "S").pk).update(
            option_1="Small", sku="SMALL", sku_key="small"
        )
        run(shopper, "placeOrder", orderUuid=draft, shipping=ADDRESS)
        item = OrderItem.objects.get()
        assert (item.variant_title, item.sku, Order.objects.get().status) == ("Small", "SMALL", "pending")
