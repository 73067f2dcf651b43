"""Refunds by the staff, refunds that Stripe refuses, and disputes."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Product
from core.errors import ValidationError
from orders import cancellation, refunding
from orders.admin.timeline import describe_event
from orders.audit import differences
from orders.errors import OrderNotCancellable
from orders.events import staff
from orders.fulfilment import ship
from orders.models import Order, OrderEvent, Payment, Refund
from orders.payments.settlement import settle
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user
from tests.orders.conftest import Bank, add_to_cart, checkout, nothing_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    return make_product(stock=10)


@pytest.fixture
def order(api: GraphQLClient, bank: Bank, product: Product) -> Order:
    """A shipped order of two units, paid with 20.00."""
    add_to_cart(api, product, 2)
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


@pytest.fixture
def unshipped(api: GraphQLClient, bank: Bank, product: Product, settings: Any) -> Order:
    """An order of one unit, paid with 10.00 and not shipped."""
    settings.STORE_SHIP_ON_PAYMENT = False
    add_to_cart(api, product)
    uuid = checkout(api)["uuid"]
    bank.pay(uuid)
    return Order.objects.get(pk=uuid)


def refund(order: Order, amount: str) -> None:
    refunding.refund(order_uuid=order.pk, amount=Decimal(amount), now=timezone.now())


def books(order: Order) -> tuple[str, str, Decimal]:
    order.refresh_from_db()
    payment = Payment.objects.get(order=order)
    assert list(differences(now=timezone.now())) == []
    return order.status, payment.status, payment.refunded


class TestRefund:
    def test_in_parts_to_the_last_cent(self, order: Order, bank: Bank, product: Product) -> None:
        refund(order, "5.01")
        assert books(order) == ("shipped", "partially_refunded", Decimal("5.01"))
        refund(order, "14.99")
        bank.deliver()
        assert books(order) == ("refunded", "refunded", Decimal("20.00"))
        product.refresh_from_db()
        assert product.stock == 8  # shipped goods are only restocked by the staff

    @pytest.mark.parametrize("amount", ["0", "-1", "20.01", "0.001", "NaN", "Infinity"])
    def test_refuses_an_amount_that_is_not_there(self, order: Order, amount: str) -> None:
        with nothing_changes(), pytest.raises(ValidationError):
            refund(order, amount)

    def test_refuses_an_unpaid_order(self, api: GraphQLClient, product: Product) -> None:
        add_to_cart(api, product)
        pending = Order.objects.get(pk=checkout(api)["uuid"])
        with nothing_changes(), pytest.raises(ValidationError):
            refund(pending, "1.00")

    @pytest.mark.parametrize(
        "fault", ["timeout", "lost_reply", "server_error_stored", "server_error_after_effect", "rate_limit"]
    )
    def test_counts_once_whatever_happens_on_the_way(self, order: Order, bank: Bank, fault: Any) -> None:
        """Stripe fails for as long as the SDK retries. Then the refund happens once, or can be made again."""
        bank.fake.inject(fault, times=3, match="POST /v1/refunds")
        refund(order, "5.00")
        bank.fake.clear_faults()
        settle(Payment.objects.get().intent_id or "", now=timezone.now())
        sent = fault != "server_error_stored"
        assert books(order)[2] == (Decimal("5.00") if sent else Decimal(0))
        assert [refund.status for refund in Refund.objects.all()] == ["succeeded" if sent else "failed"]
        refund(order, "20.00" if not sent else "15.00")
        assert books(order) == ("refunded", "refunded", Decimal("20.00"))


def lose(bank: Bank, order: Order, *, amount: int, is_refundable: bool = False) -> None:
    dispute = bank.fake.dispute(bank.intent(str(order.pk)), amount=amount)
    bank.deliver()
    bank.fake.close_dispute(dispute["id"], "lost", is_refundable=is_refundable)
    bank.deliver()


class TestDispute:
    def test_freezes_the_order_until_it_is_won(self, unshipped: Order, bank: Bank) -> None:
        dispute = bank.fake.dispute(bank.intent(str(unshipped.pk)))
        assert set(bank.deliver()) == {200}
        unshipped.refresh_from_db()
        assert unshipped.disputed_at
        with nothing_changes(), pytest.raises(OrderNotCancellable, match="disputed"):
            cancellation.cancel(unshipped, now=timezone.now())
        with nothing_changes(), pytest.raises(ValidationError, match="disputed"):
            refund(unshipped, "1.00")
        bank.fake.close_dispute(dispute["id"], "won")
        bank.deliver()
        assert books(unshipped) == ("paid", "succeeded", Decimal(0))
        assert unshipped.disputed_at is None

    def test_a_lost_one_stays_with_the_order(self, order: Order, bank: Bank) -> None:
        dispute = bank.fake.dispute(bank.intent(str(order.pk)))
        bank.fake.close_dispute(dispute["id"], "lost")
        bank.deliver()
        order.refresh_from_db()
        assert order.disputed_at

    def test_one_over_a_part_is_open(self, order: Order, bank: Bank) -> None:
        """The bank has taken the money itself: nothing is refunded, by us or again."""
        before = books(order)
        bank.fake.dispute(bank.intent(str(order.pk)), amount=300)
        bank.deliver()
        [event] = OrderEvent.objects.filter(order=order, kind="disputed")
        assert describe_event(event) == "Disputed: $3.00"
        assert books(order) == before
        with nothing_changes(), pytest.raises(ValidationError, match="disputed"):
            refund(order, "1.00")

    def test_after_a_lost_one_over_a_part_the_rest_can_be_refunded(self, order: Order, bank: Bank) -> None:
        lose(bank, order, amount=300, is_refundable=True)
        order.refresh_from_db()
        assert order.disputed_at is None
        event = OrderEvent.objects.get(order=order, kind="dispute_closed")
        assert describe_event(event) == "Dispute closed: $3.00, lost"
        with nothing_changes(), pytest.raises(ValidationError, match=r"between 0.01 and 17.00"):
            refund(order, "17.01")
        refund(order, "16.99")
        refund(order, "0.01")
        assert books(order) == ("shipped", "partially_refunded", Decimal("17.00"))
        assert order.disputed_at is None
        assert OrderEvent.objects.filter(order=order, kind="disputed").count() == 1

    def test_after_one_whose_rest_stripe_keeps_all_else_goes_on(self, unshipped: Order, bank: Bank) -> None:
        lose(bank, unshipped, amount=300)
        with nothing_changes(), pytest.raises(ValidationError, match="another way"):
            refund(unshipped, "1.00")
        unshipped.refresh_from_db()
        with nothing_changes(), pytest.raises(OrderNotCancellable, match="contact us"):
            cancellation.cancel(unshipped, now=timezone.now())
        ship(unshipped, now=timezone.now())
        unshipped.refresh_from_db()
        assert (unshipped.status, unshipped.disputed_at) == ("shipped", None)
        assert Refund.objects.count() == 0

    def test_the_staff_may_cancel_and_the_stock_returns(self, unshipped: Order, bank: Bank) -> None:
        """Nothing is promised that Stripe would refuse again and again."""
        stock = Product.objects.get().stock
        lose(bank, unshipped, amount=300)
        cancellation.cancel(unshipped, now=timezone.now(), by=staff(make_user()))
        settle(bank.intent(str(unshipped.pk)), now=timezone.now())
        assert books(unshipped) == ("cancelled", "succeeded", Decimal(0))
        assert (Product.objects.get().stock, Refund.objects.count()) == (stock + 1, 0)

    def test_a_refund_and_then_a_lost_one_over_all_of_it(self, unshipped: Order, bank: Bank) -> None:
        """The bank takes back what was refunded, too, and the books still agree."""
        cancellation.cancel(unshipped, now=timezone.now())
        bank.deliver()
        lose(bank, unshipped, amount=1000)
        assert books(unshipped) == ("refunded", "refunded", Decimal("10.00"))

    def test_two_lost_ones_that_are_all_of_it(self, order: Order, bank: Bank) -> None:
        lose(bank, order, amount=300, is_refundable=True)
        lose(bank, order, amount=1700, is_refundable=True)
        order.refresh_from_db()
        assert order.disputed_at
        assert Payment.objects.get().lost == Decimal("20.00")


class TestGivenUpOrder:
    def test_a_disputed_late_success_is_not_promised_again_and_again(
        self, api: GraphQLClient, bank: Bank, product: Product
    ) -> None:
        """Stripe refuses to refund disputed payments, so asking again with every event would never end."""
        add_to_cart(api, product)
        uuid = checkout(api)["uuid"]
        intent = bank.intent(uuid)
        Payment.objects.update(status="cancelled")
        cancellation.close(Order.objects.get().pk, from_statuses=cancellation.CANCELLABLE, now=timezone.now())
        bank.fake.confirm(intent)
        bank.fake.dispute(intent)
        for _ in range(3):
            settle(intent, now=timezone.now())
        assert Refund.objects.count() == 0
        assert Order.objects.get().disputed_at
