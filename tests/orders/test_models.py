"""The database itself enforces the constraints."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from catalog.models import Product
from orders.models import (
    MAX_QUANTITY,
    Cart,
    CartItem,
    Order,
    OrderItem,
    Payment,
    PaymentStatus,
    Refund,
    Shipping,
    StripeEvent,
)
from tests.factories import make_product, make_user, variant_of

pytestmark = pytest.mark.django_db

KEY = UUID("9f3f8d0a-5c0e-4e42-9a15-0c7d2b6d8f11")


def assert_refused(row: models.Model, constraint: str, **columns: Any) -> None:
    """Check that the constraint refuses an update of the row and the insertion of a copy with these columns.

    `constraint` is a pattern, because SQLite names the columns of a unique constraint instead of the constraint.
    """
    table = type(row)._base_manager
    before = list(table.order_by("pk").values())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        table.filter(pk=row.pk).update(**columns)
    assert list(table.order_by("pk").values()) == before


def assert_copy_refused(row: models.Model, constraint: str, **columns: Any) -> None:
    """Check that a copy of the row with these columns is refused."""
    table = type(row)._base_manager
    copy = table.get(pk=row.pk)
    copy.pk = uuid4() if isinstance(row.pk, UUID) else None
    for column, value in columns.items():
        setattr(copy, column, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        table.bulk_create([copy])
    assert table.count() == 1


def assert_allowed(row: models.Model, **columns: Any) -> None:
    assert type(row)._base_manager.filter(pk=row.pk).update(**columns) == 1


@pytest.fixture
def lamp() -> Product:
    return make_product()


@pytest.fixture
def order(lamp: Product) -> Order:
    """A visitor's pending order of one lamp."""
    shipping = Shipping.objects.create(
        first_name="Ada", last_name="Lovelace", email="ada@example.com", phone="+14155552671", country="US"
    )
    return Order.objects.create(
        visitor=uuid4(),
        idempotency_key=KEY,
        status="pending",
        currency="USD",
        amount=10,
        shipping=shipping,
        email=shipping.email,
    )


@pytest.fixture
def payment(order: Order) -> Payment:
    return Payment.objects.create(order=order, currency="USD", amount=10, intent_id="pi_1")


class TestCart:
    def test_has_an_owner(self) -> None:
        assert_refused(Cart.objects.create(visitor=uuid4()), "cart_has_an_owner", visitor=None)
        assert_refused(Cart.objects.create(user=make_user()), "cart_has_an_owner", user=None)

    def test_one_for_each_owner(self) -> None:
        assert_copy_refused(Cart.objects.create(visitor=uuid4(), user=make_user()), "visitor|user")
        cart = Cart.objects.get()
        assert_copy_refused(cart, "visitor", user=make_user())
        assert_copy_refused(cart, "user", visitor=uuid4())


class TestCartItem:
    @pytest.fixture
    def item(self, lamp: Product) -> CartItem:
        cart = Cart.objects.create(visitor=uuid4())
        return CartItem.objects.create(
            cart=cart,
            product=lamp,
            variant=variant_of(lamp),
            quantity=1,
            product_name="Lamp",
            seen_price=Decimal(10),
        )

    def test_quantity(self, item: CartItem) -> None:
        assert_refused(item, "quantity", quantity=0)
        assert_refused(item, "quantity", quantity=-1)
        assert_refused(item, "cart_item_quantity_in_range", quantity=MAX_QUANTITY + 1)
        assert_allowed(item, quantity=MAX_QUANTITY)

    def test_one_line_for_each_variant(self, item: CartItem) -> None:
        assert_copy_refused(
            item, "one_line_per_cart_and_variant|orders_cartitem.cart_id, orders_cartitem.variant_id"
        )

    def test_names_a_variant_though_it_may_be_gone(self, item: CartItem, lamp: Product) -> None:
        assert_refused(item, "cart_item_names_a_variant", product=None)
        assert_refused(item, "cart_item_names_a_variant", variant=None)
        product, variant = lamp.pk, item.variant_id
        lamp.delete()
        item.refresh_from_db()
        assert (item.product_id, item.variant_id) == (product, variant)


class TestOrder:
    def test_has_one_owner(self, order: Order) -> None:
        assert_refused(order, "order_has_one_owner", visitor=None)
        assert_refused(order, "order_has_one_owner", user=make_user())
        assert_allowed(order, user=make_user(), visitor=None)

    def test_a_key_is_used_once_by_each_visitor(self, order: Order) -> None:
        assert_copy_refused(
            order, "order_key_of_visitor_once|orders_order.visitor", shipping=None, status="draft", number=""
        )

    def test_a_key_is_used_once_by_each_user(self, order: Order) -> None:
        assert_allowed(order, user=make_user(), visitor=None)
        assert_copy_refused(
            order, "order_key_of_user_once|orders_order.user_id", shipping=None, status="draft", number=""
        )

    def test_a_key_may_be_used_by_another_and_may_be_missing(self, order: Order) -> None:
        user = make_user()
        for owner in ({"user": user, "idempotency_key": KEY}, {"user": user}, {"user": user}):
            Order.objects.create(currency="USD", **owner)
        assert Order.objects.count() == 4

    @pytest.mark.parametrize("status", ["pending", "paid", "shipped", "refunded"])
    def test_once_placed_it_has_an_address(self, order: Order, status: str) -> None:
        assert_allowed(order, status=status, paid_at=timezone.now())
        assert_refused(order, "placed_order_has_shipping", shipping=None)

    @pytest.mark.parametrize("status", ["pending", "paid", "shipped", "refunded"])
    def test_once_placed_it_has_an_address_for_mails(self, order: Order, status: str) -> None:
        assert_refused(order, "placed_order_has_email", status=status, paid_at=timezone.now(), email="")
        assert_allowed(order, status="draft", shipping=None, email="")

    def test_a_number_is_used_once(self, order: Order) -> None:
        another = Order.objects.create(user=make_user(), currency="USD")
        assert_refused(another, "order_number_once|orders_order.number", number=order.number)

    def test_what_is_on_the_invoice_needs_an_address(self, order: Order) -> None:
        assert_refused(order, "order_billing_has_address", billing_company="Lovelace Ltd")
        assert_refused(order, "order_billing_has_address", vat_id="DE136695976")
        assert_allowed(order, vat_id="DE136695976", billing_address=order.shipping)

    @pytest.mark.parametrize("status", ["draft", "cancelled"])
    def test_before_it_needs_none(self, order: Order, status: str) -> None:
        assert_allowed(order, status=status, shipping=None)

    @pytest.mark.parametrize("status", ["paid", "partially_shipped", "shipped"])
    def test_once_paid_it_has_the_time(self, order: Order, status: str) -> None:
        assert_refused(order, "paid_order_has_time", status=status)
        assert_allowed(order, status=status, paid_at=timezone.now())

    def test_amount(self, order: Order) -> None:
        assert_refused(order, "order_amount_not_negative", amount=Decimal("-0.01"))
        assert_allowed(order, amount=0)

    def test_an_address_of_its_own(self, order: Order) -> None:
        assert_copy_refused(order, "shipping", idempotency_key=None, number="")

    def test_outlives_its_user(self, order: Order) -> None:
        user = make_user()
        assert_allowed(order, user=user, visitor=None)
        with pytest.raises(ProtectedError):
            user.delete()


class TestOrderItem:
    @pytest.fixture
    def item(self, order: Order, lamp: Product) -> OrderItem:
        return OrderItem.objects.create(
            order=order,
            product=lamp,
            variant=variant_of(lamp),
            name="Lamp",
            quantity=1,
            unit_price=Decimal(10),
        )

    def test_quantity(self, item: OrderItem) -> None:
        assert_refused(item, "quantity", quantity=0)
        assert_refused(item, "quantity", quantity=-1)
        assert_refused(item, "order_item_quantity_in_range", quantity=MAX_QUANTITY + 1)
        assert_allowed(item, quantity=MAX_QUANTITY)

    def test_price(self, item: OrderItem) -> None:
        assert_refused(item, "order_item_price_not_negative", unit_price=Decimal("-0.01"))
        assert_allowed(item, unit_price=0)

    def test_one_for_each_variant(self, item: OrderItem) -> None:
        assert_copy_refused(
            item, "one_item_per_order_and_variant|orders_orderitem.order_id, orders_orderitem.variant_id"
        )

    def test_outlives_the_product_and_knows_its_keys(self, item: OrderItem, lamp: Product) -> None:
        product, variant = lamp.pk, variant_of(lamp).pk
        lamp.delete()
        item.refresh_from_db()
        assert (item.product, item.variant, item.name) == (None, None, "Lamp")
        assert (item.product_key, item.variant_key) == (product, variant)
        item.save()
        item.refresh_from_db()
        assert (item.product_key, item.variant_key) == (product, variant)


class TestPayment:
    def test_one_live_attempt_for_each_order(self, payment: Payment) -> None:
        for status in PaymentStatus:
            if status != PaymentStatus.CANCELLED:
                constraint = "one_live_payment_per_order|orders_payment.order_id"
                assert_copy_refused(payment, constraint, intent_id=None, status=status)
        for _ in range(2):
            Payment.objects.create(
                order=payment.order, currency="USD", amount=10, status=PaymentStatus.CANCELLED
            )

    def test_amount(self, payment: Payment) -> None:
        assert_refused(payment, "payment_amount_positive", amount=0)
        assert_refused(payment, "payment_amount_positive|payment_refunded", amount=Decimal(-1))

    def test_refunded(self, payment: Payment) -> None:
        assert_refused(payment, "payment_refunded_at_most_amount", refunded=Decimal("-0.01"))
        assert_refused(payment, "payment_refunded_at_most_amount", refunded=Decimal("10.01"))
        assert_allowed(payment, refunded=10)

    def test_an_intent_of_its_own(self, payment: Payment) -> None:
        assert_copy_refused(payment, "intent_id", status=PaymentStatus.CANCELLED)

    def test_keeps_its_order(self, payment: Payment) -> None:
        with pytest.raises(ProtectedError):
            payment.order.delete()


class TestRefund:
    @pytest.fixture
    def refund(self, payment: Payment) -> Refund:
        return Refund.objects.create(payment=payment, amount=10, refund_id="re_1")

    def test_amount(self, refund: Refund) -> None:
        assert_refused(refund, "refund_amount_positive", amount=0)
        assert_refused(refund, "refund_amount_positive", amount=Decimal(-1))

    def test_an_id_of_its_own(self, refund: Refund) -> None:
        assert_copy_refused(refund, "refund_id")

    def test_keeps_its_payment(self, refund: Refund) -> None:
        with pytest.raises(ProtectedError):
            refund.payment.delete()


class TestStripeEvent:
    def test_is_recorded_once(self) -> None:
        assert_copy_refused(StripeEvent.objects.create(event_id="evt_1", type="x"), "event_id")
