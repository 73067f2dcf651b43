"""Checkout: `place` in one transaction, then the payment is started with none open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import F, Q, Sum

from catalog.stock import take_stock
from core.errors import NotFound, RateLimited, Unauthenticated, field_errors
from core.money import Money, round_half_up, validate_amount
from orders import mail
from orders.addresses import validated
from orders.cart import Cart, product_key
from orders.errors import CartEmpty, OrderNotEditable, ProductUnavailable, TotalChanged
from orders.models import Order, OrderItem, OrderStatus, Payment, Shipping
from orders.owners import Owner
from orders.payments.attempts import check_payable, live_attempt, new_attempt, start_payment
from orders.transitions import move

MAX_PENDING = 3


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many of a product, known by this name when it was put in."""

    name: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An order, and its attempt at paying if there is something to pay."""

    order_uuid: UUID
    payment: Payment | None


def checkout(
    *, owner: Owner, shipping: Shipping, idempotency_key: UUID, expected_total: Decimal | None, now: datetime
) -> UUID:
    """Buy what is in the cart; answers with the order's uuid. The same owner's key always answers with one order.

    ValidationError, CartEmpty, ProductUnavailable, InsufficientStock, TotalChanged, PaymentUnavailable, RateLimited:
    each leaves all as it was. Once the order is placed it stands, even when Stripe cannot be reached.
    """
    if owner.user is None and not settings.STORE_GUEST_CHECKOUT:
        raise Unauthenticated
    placed = place(
        owner=owner,
        shipping=validated(shipping),
        idempotency_key=idempotency_key,
        expected_total=expected_total,
        now=now,
    )
    if placed.payment:
        start_payment(placed.payment, now=now)
    return placed.order_uuid


@transaction.atomic(durable=True)
def place(
    *, owner: Owner, shipping: Shipping, idempotency_key: UUID, expected_total: Decimal | None, now: datetime
) -> Placed:
    """Turn the cart into a pending order and its payment's row. Locks the cart, then the products in order of key."""
    cart = Cart(owner)
    cart_row = cart.locked_or_new()
    if owner.user is None and cart_row.user:
        owner = Owner(user=cart_row.user)  # the visitor has signed in, in another tab, a moment ago
    keyed_or_pending = Q(idempotency_key=idempotency_key) | Q(status=OrderStatus.PENDING)
    orders = Order.objects.filter(keyed_or_pending, **owner.lookup()).order_by()
    keys = dict(orders.values_list("pk", "idempotency_key"))
    for order_uuid, key in keys.items():
        if key == idempotency_key:
            return Placed(order_uuid=order_uuid, payment=live_attempt(order_uuid))
    lines = cart.empty(cart_row)
    if not lines:
        raise CartEmpty
    check_pending(len(keys))
    order = Order(
        **owner.lookup(),
        idempotency_key=idempotency_key,
        status=OrderStatus.PENDING,
        currency=settings.STORE_CURRENCY,
        created_at=now,
        updated_at=now,
    )
    wanted = {product_key(line): Wanted(name=line.product_name, quantity=line.quantity) for line in lines}
    fill(order, wanted, shipping=shipping, expected_total=expected_total, now=now)
    order.save(force_insert=True)
    return Placed(order_uuid=order.pk, payment=ask_for_payment(order, now=now))


def place_draft(
    *, owner: Owner, order_uuid: UUID, shipping: Shipping, expected_total: Decimal | None, now: datetime
) -> None:
    """The same for a draft that was filled item by item; one that is placed already stays as it is.

    Raises what `checkout` raises, and NotFound and OrderNotEditable.
    """
    payment = submit_draft(
        owner=owner,
        order_uuid=order_uuid,
        shipping=validated(shipping),
        expected_total=expected_total,
        now=now,
    )
    if payment:
        start_payment(payment, now=now)


@transaction.atomic(durable=True)
def submit_draft(
    *, owner: Owner, order_uuid: UUID, shipping: Shipping, expected_total: Decimal | None, now: datetime
) -> Payment | None:
    Cart(owner).locked_or_new()  # serializes this owner's placing, so that the limit of pending orders holds
    order = Order.objects.select_for_update().filter(pk=order_uuid, **owner.lookup()).first()
    if order is None:
        raise NotFound("order")
    if order.status == OrderStatus.CANCELLED:
        raise OrderNotEditable(OrderStatus.CANCELLED)
    if order.status != OrderStatus.DRAFT:
        return live_attempt(order_uuid)
    wanted = {item.product_key: Wanted(name=item.name, quantity=item.quantity) for item in order.items.all()}
    if not wanted:
        raise CartEmpty
    check_pending(Order.objects.filter(**owner.lookup(), status=OrderStatus.PENDING).count())
    fill(order, wanted, shipping=shipping, expected_total=expected_total, now=now)
    move(
        order.pk,
        OrderStatus.PENDING,
        now=now,
        amount=order.amount,
        shipping=order.shipping,
        expires_at=order.expires_at,
    )
    return ask_for_payment(order, now=now)


def check_pending(orders: int) -> None:
    """RateLimited for an owner with so many orders to pay, whose stock they hold."""
    if orders >= MAX_PENDING:
        raise RateLimited("Please pay or cancel your open orders first.")


def fill(
    order: Order,
    wanted: Mapping[int, Wanted],
    *,
    shipping: Shipping,
    expected_total: Decimal | None,
    now: datetime,
) -> None:
    """Stock, items at the price of now, amount and address of an order that is about to be pending.

    A step of an open transaction; the order's own row is left to the caller. Locks the products.
    """
    shipping.save()
    order.shipping, order.expires_at = shipping, now + settings.STORE_ORDER_EXPIRY
    quantities = {key: item.quantity for key, item in wanted.items()}
    products = take_stock(quantities=quantities, order_uuid=order.pk, now=now)
    for key, item in wanted.items():
        if key not in products:
            raise ProductUnavailable(product_pk=key, name=item.name)
    items = [
        OrderItem(
            order=order,
            product=products[key],
            name=products[key].name,
            quantity=item.quantity,
            unit_price=products[key].final_price,
        )
        for key, item in wanted.items()
    ]
    OrderItem.objects.bulk_create(
        items, update_conflicts=True, unique_fields=["order", "product"], update_fields=["name", "unit_price"]
    )
    order.amount = items_total(order)
    if expected_total is not None:
        check_expected(expected_total, actual=Money.of(order.amount, order.currency))
    check_payable(order.amount, order.currency)


def check_expected(total: Decimal, *, actual: Money) -> None:
    """ValidationError for what no total can be, TotalChanged for another than the actual one."""
    with field_errors(**{NON_FIELD_ERRORS: "expectedTotal"}):
        validate_amount(total)
    if total != actual.amount:
        raise TotalChanged(expected=Money.of(total, actual.currency), actual=actual)


def items_total(order: Order) -> Decimal:
    """The sum over the order's items."""
    total = order.items.aggregate(total=Sum(F("unit_price") * F("quantity")))["total"]
    return round_half_up(total or Decimal(0), order.currency)


def ask_for_payment(order: Order, *, now: datetime) -> Payment | None:
    """The attempt at paying a pending order; one over nothing is paid with this, and needs none."""
    if order.amount:
        return new_attempt(order, now=now)
    give_away(order.pk, now=now)
    return None


def give_away(order_uuid: UUID, *, now: datetime) -> None:
    """There is nothing to pay; the confirmation follows the commit, and cannot fail what is committed."""
    move(order_uuid, OrderStatus.PAID, now=now)
    if settings.STORE_SHIP_ON_PAYMENT:
        move(order_uuid, OrderStatus.SHIPPED, now=now)
    transaction.on_commit(lambda: mail.confirm(order_uuid, now=now), robust=True)
