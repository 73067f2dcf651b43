"""Orders of what the catalogue no longer has: all of their pages work, and show what was bought."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Product, ProductVariant
from orders.audit import differences
from orders.documents.pdf import build_pdf
from orders.fulfilment import ship
from orders.links import token_of
from orders.models import Document, Order, Refund, Return
from orders.owners import Owner
from orders.refunding import refund_items
from orders.returns import request_return
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_seller
from tests.orders.conftest import Bank, checkout
from tests.orders.test_variants import by_variant, keep, run
from tests.tasks import outbox

pytestmark = pytest.mark.django_db

ITEMS = "items { name variantTitle sku quantity product { name } variant { title } }"
BOUGHT = {"name": "Shirt", "variantTitle": "S", "sku": "SHIRT-S", "quantity": 2}


def remove_variant(product: Product) -> None:
    keep(product, "M")


def delete_product(product: Product) -> None:
    product.delete()


@pytest.fixture(params=[remove_variant, delete_product])
def order(request: pytest.FixtureRequest, api: GraphQLClient, bank: Bank, settings: Settings) -> Order:
    """A paid order of two shirts in S, which the shop does not have any more."""
    settings.STORE_SHIP_ON_PAYMENT = False
    shirt = make_product(
        user=make_seller(),
        name="Shirt",
        options=["Size"],
        variants=[{"values": "S", "sku": "SHIRT-S", "stock": 5}, {"values": "M", "price": Decimal(12)}],
    )
    run(api, "addToCart", **by_variant(shirt, "S"), quantity=2)
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    remove: Callable[[Product], None] = request.param
    remove(shirt)
    assert not ProductVariant.objects.filter(sku="SHIRT-S").exists()
    return Order.objects.get(pk=uuid)


def test_the_shoppers_pages(api: GraphQLClient, order: Order) -> None:
    for answer in (
        api.run(f"query($key: UUID!) {{ found: order(uuid: $key) {{ {ITEMS} }} }}", key=str(order.pk)),
        api.run(
            f"query($key: String!) {{ found: orderByToken(token: $key) {{ {ITEMS} }} }}",
            key=token_of(order.pk),
        ),
    ):
        [item] = answer["found"]["items"]
        assert BOUGHT.items() <= item.items()
        assert item["variant"] is None


def test_the_staffs_pages(superuser: Client, order: Order) -> None:
    page = superuser.get(reverse("admin:orders_order_change", args=[order.pk])).text
    assert "Shirt" in page
    assert "SHIRT-S" in page
    assert order.number in superuser.get(reverse("admin:orders_order_changelist")).text


def test_the_invoice(order: Order) -> None:
    document = Document.objects.get(order=order)
    assert build_pdf(document).startswith(b"%PDF")
    assert document.content["lines"][0]["name"] == "Shirt"


def test_from_the_parcel_to_the_refund(order: Order) -> None:
    now = timezone.now()
    item = order.items.get()
    ship(order, now=now)
    assert any("2 × Shirt, S" in mail.body for mail in outbox)
    request_return(
        owner=Owner(visitor=order.visitor), order_uuid=order.pk, quantities=[(item.pk, 2)], reason="", now=now
    )
    assert Return.objects.get().items.get().quantity == 2
    refund_items(order_uuid=order.pk, quantities={item.pk: 2}, now=now)
    assert Refund.objects.get().amount == order.amount
    order.refresh_from_db()
    assert order.status == "refunded"
    assert list(differences(now=now)) == []
