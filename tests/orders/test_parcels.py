"""Parcels: several for an order, and never more than was ordered."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from core.errors import ValidationError
from orders.audit import differences, differences_here
from orders.cancellation import cancel
from orders.errors import OrderNotCancellable, OrderNotShippable
from orders.fulfilment import ship
from orders.models import Fulfilment, Order, OrderItem, Portion
from orders.parcels import Parcel, pack
from orders.refunding import refund, refund_items
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout, nothing_changes, statements

pytestmark = pytest.mark.django_db

PARCELS = """
    query($uuid: UUID!) {
      order(uuid: $uuid) {
        status
        fulfilments { items { quantity item { name product { name } } } carrier trackingNumber trackingUrl }
      }
    }
"""


@pytest.fixture
def order(api: GraphQLClient, bank: Bank, settings: Settings) -> Order:
    """A paid order of 2 lamps and a shade."""
    settings.STORE_SHIP_ON_PAYMENT = False
    add_to_cart(api, make_product(name="Lamp"), 2)
    add_to_cart(api, make_product(name="Shade"))
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def items(order: Order) -> tuple[int, int]:
    lamp, shade = order.items.values_list("pk", flat=True)
    return lamp, shade


def send(order: Order, quantities: dict[int, int], **parcel: str) -> None:
    ship(order, parcel=Parcel(quantities=quantities, **parcel), now=timezone.now())


def status(order: Order) -> str:
    return Order.objects.get(pk=order.pk).status


class TestShip:
    def test_in_two_parcels(self, order: Order, api: GraphQLClient) -> None:
        lamp, shade = items(order)
        send(order, {lamp: 1}, carrier="DHL", tracking_number="00 34")
        assert status(order) == "partially_shipped"
        assert Order.objects.get().shipped_at is None
        send(order, {lamp: 1, shade: 1})
        assert status(order) == "shipped"
        assert Order.objects.get().shipped_at
        answer = api.run(PARCELS, uuid=str(order.pk))["order"]
        assert answer["status"] == "SHIPPED"
        first, second = answer["fulfilments"]
        assert first["items"] == [{"quantity": 1, "item": {"name": "Lamp", "product": {"name": "Lamp"}}}]
        assert first["trackingUrl"].endswith("?tracking-id=00%2034")
        assert len(second["items"]) == 2
        assert second["trackingUrl"] is None
        assert list(differences(now=timezone.now())) == []

    def test_without_quantities_sends_what_is_left(self, order: Order) -> None:
        lamp, _ = items(order)
        send(order, {lamp: 1})
        ship(order, now=timezone.now())
        assert status(order) == "shipped"
        assert [portion.quantity for portion in Portion.objects.order_by("pk")] == [1, 1, 1]

    @pytest.mark.parametrize("quantities", [{0: 3}, {0: -1}, {0: 2, 1: 2}, {0: 0}])
    def test_refuses_more_than_is_left(self, order: Order, quantities: dict[int, int]) -> None:
        keys = items(order)
        wanted = {keys[place]: quantity for place, quantity in quantities.items()}
        with nothing_changes(), pytest.raises(ValidationError):
            send(order, wanted)

    def test_refuses_an_item_of_another_order(self, order: Order) -> None:
        with nothing_changes(), pytest.raises(ValidationError):
            send(order, {max(items(order)) + 1: 1})

    def test_refuses_a_link_that_is_none(self, order: Order) -> None:
        with nothing_changes(), pytest.raises(ValidationError):
            send(order, {}, tracking_url="javascript:alert(1)")

    def test_the_database_refuses_more_than_was_ordered(self, order: Order) -> None:
        lamp, _ = items(order)
        with nothing_changes(), pytest.raises(IntegrityError), transaction.atomic():
            pack(order.pk, Parcel(quantities={lamp: 3}), now=timezone.now())

    def test_refuses_when_everything_has_left(self, order: Order) -> None:
        ship(order, now=timezone.now())
        with nothing_changes(), pytest.raises(OrderNotShippable):
            ship(order, now=timezone.now())

    def test_a_part_that_has_left_cannot_be_cancelled(self, order: Order) -> None:
        send(order, {items(order)[0]: 1})
        with nothing_changes(), pytest.raises(OrderNotCancellable):
            cancel(Order.objects.get(), now=timezone.now())

    def test_on_payment_writes_one_parcel_of_all(
        self, api: GraphQLClient, bank: Bank, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = True
        add_to_cart(api, make_product(), 2)
        bank.pay(checkout(api)["uuid"])
        assert Fulfilment.objects.get().items.get().quantity == 2
        assert list(differences(now=timezone.now())) == []


class TestWhatIsNotSent:
    def test_a_refunded_unit_does_not_leave(self, order: Order) -> None:
        lamp, shade = items(order)
        refund_items(order_uuid=order.pk, quantities={lamp: 1}, now=timezone.now())
        product = OrderItem.objects.get(pk=lamp).product
        assert product
        assert (product.stock, product.sold_count) == (9, 1)
        ship(order, now=timezone.now())
        assert dict(Portion.objects.values_list("item", "quantity")) == {lamp: 1, shade: 1}
        assert status(order) == "shipped"
        assert list(differences(now=timezone.now())) == []

    def test_refunding_the_rest_completes_the_order(self, order: Order) -> None:
        lamp, shade = items(order)
        send(order, {lamp: 2})
        refund_items(order_uuid=order.pk, quantities={shade: 1}, now=timezone.now())
        assert status(order) == "shipped"
        assert list(differences(now=timezone.now())) == []

    def test_a_full_refund_brings_the_rest_back(self, order: Order) -> None:
        lamp, _ = items(order)
        send(order, {lamp: 1})
        refund(order_uuid=order.pk, amount=order.amount, now=timezone.now())
        assert status(order) == "refunded"
        stocks = [item.product.stock for item in OrderItem.objects.order_by("pk") if item.product]
        assert stocks == [9, 10]
        assert list(differences(now=timezone.now())) == []

    def test_cancelling_brings_back_only_what_is_not_back(self, order: Order) -> None:
        refund_items(order_uuid=order.pk, quantities={items(order)[0]: 1}, now=timezone.now())
        cancel(Order.objects.get(), now=timezone.now())
        assert [item.product.stock for item in OrderItem.objects.all() if item.product] == [10, 10]
        assert list(differences(now=timezone.now())) == []


class TestAudit:
    def test_finds_counts_without_parcels(self, order: Order) -> None:
        OrderItem.objects.filter(pk=items(order)[0]).update(fulfilled=1)
        assert {difference.check for difference in differences_here()} == {"parcels"}


class TestStatements:
    def test_are_as_many_for_many_items(self, api: GraphQLClient, bank: Bank, settings: Settings) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        counts, reads = [], []
        for size in (1, 5):
            browser = GraphQLClient()
            for _ in range(size):
                add_to_cart(browser, make_product())
            uuid = checkout(browser)["uuid"]
            bank.pay(uuid)
            order = Order.objects.get(pk=uuid)
            counts.append(statements(lambda order=order: ship(order, now=timezone.now())))  # type: ignore[misc]
            reads.append(statements(lambda b=browser, u=uuid: b.run(PARCELS, uuid=u)))  # type: ignore[misc]
        assert counts[0] == counts[1]
        assert reads[0] == reads[1]


class TestAdmin:
    def test_ships_what_was_entered(self, order: Order, superuser: Client) -> None:
        lamp, shade = items(order)
        page = reverse("admin:orders_order_ship_this", args=[order.pk])
        assert "At most 2." in superuser.get(page).text
        fields: dict[str, Any] = {
            f"item_{lamp}": 2,
            f"item_{shade}": 0,
            "carrier": "UPS",
            "tracking_number": "1Z",
        }
        superuser.post(page, {"_form_submitted": "True", **fields})
        parcel = Fulfilment.objects.get()
        assert (parcel.carrier, parcel.items.get().item_id) == ("UPS", lamp)
        assert status(order) == "partially_shipped"
        assert "1Z" in superuser.get(reverse("admin:orders_order_change", args=[order.pk])).text

    def test_hides_what_a_dispute_forbids(self, order: Order, superuser: Client) -> None:
        Order.objects.update(disputed_at=timezone.now())
        shown = superuser.get(reverse("admin:orders_order_change", args=[order.pk])).text
        for name in ("ship", "cancel", "refund", "refund_items"):
            assert reverse(f"admin:orders_order_{name}_this", args=[order.pk]) not in shown
        assert reverse("admin:orders_order_note_this", args=[order.pk]) in shown
