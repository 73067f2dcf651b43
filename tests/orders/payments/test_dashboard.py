"""Refunds that are made in Stripe's Dashboard."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from catalog.models import Product, StockMovement
from orders.models import Refund
from orders.payments.gateway import client
from tests.conftest import GraphQLClient
from tests.orders.conftest import Bank
from tests.orders.payments.conftest import (
    deliver_again,
    order,
    refund_in_dashboard,
    stock,
)

pytestmark = pytest.mark.django_db


class TestDashboard:
    """Refunds in Stripe's Dashboard are each counted once."""

    def test_in_parts(self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product) -> None:
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        bank.deliver()
        part = order(api, uuid)
        assert (part["status"], part["payment"]["status"]) == ("SHIPPED", "PARTIALLY_REFUNDED")
        assert part["payment"]["refunded"]["amount"] == "5.00"
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        whole = order(api, uuid)
        assert (whole["status"], whole["payment"]["status"]) == ("REFUNDED", "REFUNDED")
        assert whole["payment"]["refunded"]["amount"] == "20.00"
        assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal(5), Decimal(15)]
        assert stock(lamp) == 3  # shipped goods are only restocked by the staff

    def test_all_of_a_paid_order_brings_the_stock_back_once(
        self, api: GraphQLClient, bank: Bank, uuid: str, lamp: Product, settings: Settings
    ) -> None:
        settings.STORE_SHIP_ON_PAYMENT = False
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        deliver_again(bank)
        assert order(api, uuid)["status"] == "REFUNDED"
        assert stock(lamp) == 5
        assert StockMovement.objects.filter(reason="returned").count() == 1

    def test_one_that_is_pending_is_counted_when_it_has_succeeded(
        self, api: GraphQLClient, bank: Bank, uuid: str
    ) -> None:
        client().v1.payment_intents.confirm(
            bank.intent(uuid),
            {"payment_method": "pm_card_pendingRefund", "return_url": "https://shop.example/"},
        )
        bank.deliver()
        refund_in_dashboard(bank, uuid)
        bank.deliver()
        waiting = order(api, uuid)
        assert (waiting["status"], waiting["payment"]["refunded"]["amount"]) == ("SHIPPED", "0.00")
        refund_id = Refund.objects.get().refund_id
        assert refund_id
        bank.fake.complete_refund(refund_id, "succeeded")
        bank.deliver()
        assert order(api, uuid)["status"] == "REFUNDED"

    def test_one_that_fails_is_not_counted(self, api: GraphQLClient, bank: Bank, uuid: str) -> None:
        bank.pay(uuid)
        refund_in_dashboard(bank, uuid, 500)
        bank.deliver()
        refund_id = Refund.objects.get().refund_id
        assert refund_id
        bank.fake.complete_refund(refund_id, "failed")
        bank.deliver()
        after = order(api, uuid)
        assert (after["payment"]["status"], after["payment"]["refunded"]["amount"]) == ("SUCCEEDED", "0.00")
