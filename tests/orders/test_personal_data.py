"""The export of a person's orders."""

from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from orders.events import SHOP, add_note
from orders.fulfilment import ship
from orders.models import Order, Return, ReturnStatus
from orders.owners import Owner
from orders.parcels import Parcel
from orders.personal_data import collect
from orders.returns import decide, receive, refund_return, request_return
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import Bank, add_to_cart, checkout, statements

pytestmark = pytest.mark.django_db


def test_has_parcels_returns_refunds_and_events(bank: Bank, settings: Settings) -> None:
    settings.STORE_SHIP_ON_PAYMENT = False
    user, now = make_user(), timezone.now()
    browser = GraphQLClient()
    browser.force_login(user)
    counts = []
    for _ in range(2):
        add_to_cart(browser, make_product(name="Lamp", price=Decimal(10)), 2)
        order = Order.objects.get(pk=checkout(browser)["uuid"])
        bank.pay(str(order.pk))
        [item] = order.items.all()
        for _ in range(2):
            ship(order, parcel=Parcel(quantities={item.pk: 1}, carrier="DHL", tracking_number="7"), now=now)
        request_return(
            owner=Owner(user=user),
            order_uuid=order.pk,
            quantities=[(item.pk, 1)],
            reason="Too small",
            now=now,
        )
        asked = Return.objects.get(order=order)
        decide(asked, to=ReturnStatus.APPROVED, now=now, by=SHOP)
        receive(asked, back={}, now=now, by=SHOP)
        refund_return(asked, with_delivery=False, now=now, by=SHOP)
        add_note(order, text="Seems nice", by=SHOP, now=now)
        counts.append(statements(lambda: collect(user=user)))
    data = collect(user=user)["orders"][0]
    portion = {"name": "Lamp", "quantity": 1}
    assert (
        data["parcels"]
        == [
            {
                "items": [portion],
                "carrier": "DHL",
                "trackingNumber": "7",
                "trackingUrl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id=7",
                "shippedAt": now,
            }
        ]
        * 2
    )
    assert data["returns"] == [
        {"status": "refunded", "items": [portion], "reason": "Too small", "createdAt": now}
    ]
    [payment] = data["payments"]
    assert [(refund["status"], refund["amount"]) for refund in payment["refunds"]] == [("succeeded", 10)]
    assert [(document["kind"], document["total"]) for document in data["documents"]] == [
        ("invoice", data["amount"]),
        ("credit_note", -10),
    ]
    assert data["documents"][0]["billsTo"][0] == "Ada Lovelace"
    kinds = [event["kind"] for event in data["events"]]
    assert {"paid", "shipped", "return_requested", "return_approved", "return_received", "refunded"} <= set(
        kinds
    )
    assert "note" not in kinds
    assert counts[0] == counts[1]
