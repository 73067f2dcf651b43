"""The audit finds each kind of difference, and none if the books are right."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Product, ProductVariant, StockMovement
from orders.audit import differences
from orders.models import Order, OrderItem, Payment, Refund, Shipping
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(api: GraphQLClient, bank: Bank) -> Order:
    """A shipped order of two lamps, and a pending one of the same."""
    lamp = make_product(name="Lamp")
    add_to_cart(api, lamp, 2)
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    add_to_cart(api, lamp)
    checkout(api)
    return Order.objects.get(pk=uuid)


def find_checks() -> set[str]:
    return {difference.check for difference in differences(now=timezone.now())}


class TestDifferences:
    def test_none(self, paid: Order) -> None:
        assert find_checks() == set()

    def test_stock(self, paid: Order) -> None:
        ProductVariant.objects.update(stock=100)
        Product.objects.update(stock=100)
        assert find_checks() == {"stock"}

    def test_sold_count(self, paid: Order) -> None:
        Product.objects.update(sold_count=100)
        assert find_checks() == {"sold count"}

    def test_an_item_that_took_no_stock(self, paid: Order) -> None:
        StockMovement.objects.filter(order_uuid=paid.pk).delete()
        assert "movements" in find_checks()

    def test_amount(self, paid: Order) -> None:
        OrderItem.objects.filter(order=paid).update(unit_price=1)
        assert find_checks() == {"amount"}

    def test_paid_without_a_payment(self, paid: Order) -> None:
        Order.objects.filter(status="pending").update(status="shipped", paid_at=timezone.now())
        assert "paid" in find_checks()

    def test_payment_without_a_paid_order(self, paid: Order) -> None:
        Order.objects.filter(pk=paid.pk).update(status="pending")
        assert "paid" in find_checks()

    def test_refund_that_was_not_counted(self, paid: Order) -> None:
        payment = Payment.objects.get(order=paid)
        Refund.objects.create(payment=payment, amount=5, status=Refund.Status.SUCCEEDED)
        assert find_checks() == {"refunds"}

    def test_money_of_a_cancelled_order(self, paid: Order) -> None:
        Order.objects.filter(pk=paid.pk).update(status="cancelled", shipped_at=None)
        assert "refunds" in find_checks()

    def test_orphans(self, paid: Order) -> None:
        Shipping.objects.create(country="US")
        assert find_checks() == {"orphans"}

    def test_intent_of_no_payment(self, paid: Order) -> None:
        Payment.objects.filter(order=paid).update(intent_id="pi_of_another_row")
        assert find_checks() == {"stripe"}


class TestCommand:
    def test_exits_with_an_error(self, paid: Order, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("audit")
        assert capsys.readouterr().out == "The books are right.\n"
        ProductVariant.objects.update(stock=100)
        Product.objects.update(stock=100)
        with pytest.raises(CommandError, match=r"1 differences\."):
            call_command("audit", json=True)
        assert '"check": "stock"' in capsys.readouterr().out

    def test_fix_settles_what_no_webhook_told(self, api: GraphQLClient, bank: Bank) -> None:
        add_to_cart(api, make_product())
        uuid = checkout(api)["uuid"]
        bank.fake.confirm(bank.intent(uuid))
        assert find_checks() == {"stripe"}
        call_command("audit", fix=True)
        assert Order.objects.get(pk=uuid).status == "shipped"
        assert find_checks() == set()
