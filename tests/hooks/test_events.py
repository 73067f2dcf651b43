"""What happens in the shop, as other systems hear of it."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from catalog.exchange.importing import import_products
from catalog.exchange.reading import read_rows
from catalog.models import Product, ProductVariant
from catalog.services import (
    create_product,
    delete_product,
    publish_products,
    unpublish_products,
    update_product,
)
from catalog.stock import set_stock
from hooks.models import Delivery, Endpoint
from orders.cancellation import cancel
from orders.fulfilment import ship
from orders.models import Order, OrderItem
from orders.parcels import Parcel
from orders.refunding import refund
from orders.services import create_order
from tests.catalog.files import json_lines
from tests.conftest import GraphQLClient, global_id
from tests.factories import add_pictures, make_category, make_product, make_seller, make_user
from tests.hooks.conftest import make_endpoint
from tests.orders.conftest import ADDRESS, Bank, add_to_cart, checkout
from tests.staff import form_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def listener() -> Endpoint:
    """An endpoint that wants everything. Nothing is sent to it."""
    return make_endpoint("https://shop.example/hook")


def events() -> list[tuple[str, dict[str, Any]]]:
    """Return the kinds and the data of all events so far, in order, and forget them."""
    rows = list(Delivery.objects.order_by("pk"))
    Delivery.objects.all().delete()
    bodies = [json.loads(row.body) for row in rows]
    return [(body["type"], body["data"]) for body in bodies]


def kinds() -> list[str]:
    return [kind for kind, _ in events()]


def statuses() -> list[tuple[str, str]]:
    return [(kind, data["status"]) for kind, data in events() if kind.startswith("order.")]


class TestOrders:
    def test_from_placed_to_refunded(
        self, listener: Endpoint, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        add_to_cart(api, make_product(stock=100), quantity=3)
        events()
        uuid = checkout(api)["uuid"]
        bank.pay(uuid)
        bank.deliver()
        order, item = Order.objects.get(pk=UUID(uuid)), OrderItem.objects.get()
        for _ in range(2):
            ship(order, now=timezone.now(), parcel=Parcel(quantities={item.pk: 1}))
        ship(order, now=timezone.now())
        refund(order_uuid=order.pk, amount=order.amount / 3, now=timezone.now())
        refund(order_uuid=order.pk, amount=order.amount / 3 * 2, now=timezone.now())
        heard = events()
        assert [(kind, data["status"]) for kind, data in heard] == [
            ("order.placed", "PENDING"),
            ("order.paid", "PAID"),
            ("order.partially_shipped", "PARTIALLY_SHIPPED"),
            ("order.partially_shipped", "PARTIALLY_SHIPPED"),
            ("order.shipped", "SHIPPED"),
            ("order.refunded", "SHIPPED"),
            ("order.refunded", "REFUNDED"),
        ]
        assert [data["refunded"] for _, data in heard[5:]] == ["10.00", "30.00"]

    def test_the_data_are_the_api_s_and_name_nobody(
        self, listener: Endpoint, api: GraphQLClient, bank: Bank
    ) -> None:
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        bodies = "".join(Delivery.objects.values_list("body", flat=True))
        [(_, data)] = [event for event in events() if event[0] == "order.placed"]
        shown = "{ id uuid number status updatedAt amount { amount currency } }"
        order = api.run(f"query($uuid: UUID!) {{ order(uuid: $uuid) {shown} }}", uuid=uuid)["order"]
        assert data == {**order, **order["amount"]}
        assert not [value for value in ADDRESS.values() if len(value) > 2 and value in bodies]

    def test_paid_and_shipped_at_once(self, listener: Endpoint, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product(stock=100))
        bank.pay(checkout(api)["uuid"])
        assert statuses() == [
            ("order.placed", "PENDING"),
            ("order.paid", "PAID"),
            ("order.shipped", "SHIPPED"),
        ]

    def test_a_free_one(self, listener: Endpoint, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(price=0, stock=100))
        checkout(api)
        assert statuses() == [
            ("order.placed", "PENDING"),
            ("order.paid", "PAID"),
            ("order.shipped", "SHIPPED"),
        ]

    def test_cancelled_once(self, listener: Endpoint, api: GraphQLClient) -> None:
        add_to_cart(api, make_product())
        order = Order.objects.get(pk=UUID(checkout(api)["uuid"]))
        events()
        for _ in range(2):
            cancel(order, now=timezone.now())
        assert statuses() == [("order.cancelled", "CANCELLED")]

    def test_nobody_hears_of_a_draft(self, listener: Endpoint) -> None:
        order = Order.objects.get(pk=create_order(user=make_user(), now=timezone.now()))
        cancel(order, now=timezone.now())
        assert events() == []

    def test_nothing_of_a_refused_checkout(self, listener: Endpoint, api: GraphQLClient) -> None:
        add_to_cart(api, make_product(stock=100), quantity=5)
        ProductVariant.objects.update(stock=1)
        events()
        assert checkout(api)["__typename"] == "InsufficientStock"
        assert events() == []


class TestProducts:
    def test_by_its_seller(self, listener: Endpoint) -> None:
        seller, category = make_seller(), make_category()
        product = create_product(
            user=seller,
            fields={
                "category": category.slug,
                "name": "Lamp",
                "description": "Bright.",
                "price": Decimal(10),
                "stock": 20,
            },
            now=timezone.now(),
        )
        [(kind, data)] = events()
        assert (kind, data["id"]) == ("product.changed", global_id("Product", product.pk))
        now = timezone.now()
        update_product(user=seller, product_pk=product.pk, changes={"name": "Big lamp"}, now=now)
        [(_, data)] = events()
        product.refresh_from_db()
        assert data["updatedAt"] == product.updated_at.isoformat() == now.isoformat()
        delete_product(user=seller, product_pk=product.pk)
        assert kinds() == ["product.deleted"]

    def test_by_the_staff_in_its_page(self, listener: Endpoint, superuser: Client) -> None:
        product = make_product()
        add_pictures(product, "a", "b")
        page = reverse("admin:catalog_product_change", args=[product.pk])
        opened = superuser.get(page).content.decode()
        for edit in ({"name": "Another"}, {"images-0-image_alt": "A lamp"}, {"price": "12"}):
            assert superuser.post(page, form_on(opened, **edit)).status_code == 302
            assert kinds() == ["product.changed"], edit
            opened = superuser.get(page).content.decode()
        assert superuser.post(page, form_on(opened)).status_code == 302
        assert kinds() == []

    def test_many_in_the_list(self, listener: Endpoint) -> None:
        for _ in range(3):
            make_product()
        unpublish_products(Product.objects.all(), now=timezone.now())
        assert kinds() == ["product.changed"] * 3
        publish_products(Product.objects.all(), now=timezone.now())
        assert kinds() == ["product.changed"] * 3
        publish_products(Product.objects.all(), now=timezone.now())
        assert kinds() == []

    def test_by_an_import(self, listener: Endpoint) -> None:
        kept = make_product(stock=50)
        category = make_category()
        row = {"category": category.slug, "price": "9", "description": "New.", "stock": "5"}
        file = SimpleUploadedFile(
            "products.jsonl",
            json_lines(
                {"slug": "new", "name": "New", **row}, {"slug": kept.slug, "stock": "5", "price": "3"}
            ),
        )
        rows = read_rows(file, name=file.name or "")
        list(import_products(rows, seller=make_seller(), now=timezone.now()))
        assert sorted(kinds()) == ["product.changed", "product.changed", "stock.low"]

    def test_a_sale_is_none(self, listener: Endpoint, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product(stock=100))
        bank.pay(checkout(api)["uuid"])
        assert not [kind for kind in kinds() if kind.startswith("product")]


class TestStock:
    def test_once_for_each_time_that_it_goes_down(
        self, listener: Endpoint, settings: Settings, bank: Bank
    ) -> None:
        settings.STORE_LOW_STOCK = 5
        product = make_product(stock=7)
        variant = ProductVariant.objects.get()
        heard = []
        for quantity in (1, 1, 1):
            api = GraphQLClient()
            add_to_cart(api, product, quantity=quantity)
            bank.pay(checkout(api)["uuid"])
            heard.append([data for kind, data in events() if kind == "stock.low"])
        assert [len(news) for news in heard] == [0, 1, 0]
        [data] = heard[1]
        assert data["id"] == global_id("ProductVariant", variant.pk)
        assert data["productId"] == global_id("Product", product.pk)
        assert (data["stock"], data["threshold"]) == (5, 5)
        variant.refresh_from_db()
        for stock in (20, 3, 2, 9):
            set_stock(variant, stock, now=timezone.now())
        assert kinds() == ["stock.low"]

    def test_by_the_seller(self, listener: Endpoint) -> None:
        seller = make_seller()
        product = make_product(stock=50, user=seller)
        update_product(user=seller, product_pk=product.pk, changes={"stock": 2}, now=timezone.now())
        assert sorted(kinds()) == ["product.changed", "stock.low"]


class TestCost:
    def buy(self, bank: Bank) -> list[str]:
        """Return the statements about webhooks of a purchase, from the checkout to Stripe's event."""
        browser = GraphQLClient()
        add_to_cart(browser, make_product(stock=11), quantity=2)
        with CaptureQueriesContext(connection) as captured:
            bank.pay(checkout(browser)["uuid"])
        return [query["sql"] for query in captured if "hooks_" in query["sql"]]

    def test_an_event_that_nobody_wants_makes_no_statement(self, bank: Bank) -> None:
        make_endpoint("https://shop.example/hook", ["product.changed"])
        assert len(self.buy(bank)) == 1  # which looks for endpoints, once
        assert self.buy(bank) == []
        assert not Delivery.objects.exists()

    def test_many_products_take_as_many_as_few(self, listener: Endpoint) -> None:
        for _ in range(3):
            make_product()

        def cost() -> int:
            Delivery.objects.all().delete()
            with CaptureQueriesContext(connection) as captured:
                unpublish_products(Product.objects.all(), now=timezone.now())
            publish_products(Product.objects.all(), now=timezone.now())
            return len(captured)

        cost()  # which looks for endpoints
        few = cost()
        for _ in range(20):
            make_product()
        assert cost() == few
