"""Checkout: placing the order in one transaction, and starting its payment after the commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import Count, Q, Sum

from catalog.models import ProductVariant
from catalog.stock import release, take_stock
from core.addresses import validate_address
from core.errors import NotFound, Unauthenticated, field_errors
from core.money import Money, validate_amount
from orders import holds
from orders.cart import ShoppingCart, keys_of
from orders.errors import CartEmpty, OrderNotEditable, ProductUnavailable, TotalChanged
from orders.holds import Hold
from orders.mail import promise_mail
from orders.models import Order, OrderItem, OrderMail, OrderStatus, Payment, Shipping
from orders.owners import Owner
from orders.payments.attempts import check_payable, live_attempt, new_attempt, start_payment
from orders.totals import FROZEN, FROZEN_OF_ITEMS, destination_of, price_items, put_taxes, sale_to
from orders.transitions import move

# What an item keeps of its variant, product and price once the order is placed.
KEPT = ("name", "variant_title", "sku", *FROZEN_OF_ITEMS)
# The lines and units that an order holds, for `values_list`.
HELD = (Count("items"), Sum("items__quantity", default=0))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A quantity of a variant, with the product's key and the names that they had when it was added."""

    product_pk: int
    name: str
    variant_title: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An order, its payment if there is something to pay, and the stock it holds if it has just been placed."""

    order_uuid: UUID
    payment: Payment | None
    hold: Hold | None = None


def checkout(
    *,
    owner: Owner,
    address: str,
    shipping: Shipping,
    idempotency_key: UUID,
    expected_total: Decimal | None,
    now: datetime,
) -> UUID:
    """Place an order of the cart's contents and return its uuid. An owner's idempotency key always gives one order.

    `address` is the client's IP address, by which unpaid orders are limited. Once the order is placed it stands, even
    if Stripe cannot be reached.

    Raises: ValidationError, CartEmpty, ProductUnavailable, InsufficientStock, TotalChanged, PaymentUnavailable,
    RateLimited, Unauthenticated; none of them changes anything.
    """
    if owner.user is None and not settings.STORE_GUEST_CHECKOUT:
        raise Unauthenticated
    validate_address(shipping, prefix="shipping.")
    placed = place(
        owner=owner,
        address=address,
        shipping=shipping,
        idempotency_key=idempotency_key,
        expected_total=expected_total,
        now=now,
    )
    follow_up(placed, address=address, now=now)
    return placed.order_uuid


def follow_up(placed: Placed, *, address: str, now: datetime) -> None:
    """Count the stock that the order holds, and start its payment. Call it after the commit."""
    if placed.hold:
        holds.count_address(address, placed.hold, now=now)
    if placed.payment:
        start_payment(placed.payment, now=now)


@transaction.atomic(durable=True)
def place(
    *,
    owner: Owner,
    address: str,
    shipping: Shipping,
    idempotency_key: UUID,
    expected_total: Decimal | None,
    now: datetime,
) -> Placed:
    """Turn the cart into a pending order and the row of its payment.

    Locks: the cart, then the products in order of their keys.
    """
    cart = ShoppingCart(owner)
    cart_row = cart.lock_or_create()
    if owner.user is None and cart_row.user:
        owner = Owner(user=cart_row.user)  # the visitor has just signed in, in another tab
    keyed_or_pending = Q(idempotency_key=idempotency_key) | Q(status=OrderStatus.PENDING)
    orders = Order.objects.filter(keyed_or_pending, **owner.lookup()).order_by()
    pending = []
    for order_uuid, key, held, units in orders.values_list("pk", "idempotency_key", *HELD):
        if key == idempotency_key:
            return Placed(order_uuid=order_uuid, payment=live_attempt(order_uuid))
        pending.append(Hold(lines=held, units=units))
    lines = cart.empty(cart_row)
    if not lines:
        raise CartEmpty
    hold = Hold(lines=len(lines), units=sum(line.quantity for line in lines))
    holds.check_owner(pending, hold)
    holds.check_address(address, hold, now=now)
    order = Order(
        **owner.lookup(),
        idempotency_key=idempotency_key,
        status=OrderStatus.PENDING,
        currency=settings.STORE_CURRENCY,
        created_at=now,
        updated_at=now,
    )
    wanted = {}
    for line in lines:
        product, variant = keys_of(line)
        wanted[variant] = Wanted(
            product_pk=product,
            name=line.product_name,
            variant_title=line.variant_title,
            quantity=line.quantity,
        )
    fill(order, wanted, shipping=shipping, expected_total=expected_total, now=now)
    order.save(force_insert=True)
    return request_payment(order, hold, now=now)


def place_draft(
    *,
    owner: Owner,
    address: str,
    order_uuid: UUID,
    shipping: Shipping,
    expected_total: Decimal | None,
    now: datetime,
) -> None:
    """Place a draft that was filled item by item. A draft that is placed already stays the same.

    Raises: the errors of `checkout`, NotFound, OrderNotEditable.
    """
    validate_address(shipping, prefix="shipping.")
    submitted = submit_draft(
        owner=owner,
        address=address,
        order_uuid=order_uuid,
        shipping=shipping,
        expected_total=expected_total,
        now=now,
    )
    follow_up(submitted, address=address, now=now)


@transaction.atomic(durable=True)
def submit_draft(
    *,
    owner: Owner,
    address: str,
    order_uuid: UUID,
    shipping: Shipping,
    expected_total: Decimal | None,
    now: datetime,
) -> Placed:
    """Turn the draft into a pending order and the row of its payment.

    Locks: the owner's cart, the order, then the products in order of their keys.
    """
    # Without this lock two drafts that are placed at once would both pass the limit of pending orders.
    ShoppingCart(owner).lock_or_create()
    order = Order.objects.select_for_update().filter(pk=order_uuid, **owner.lookup()).first()
    if order is None:
        raise NotFound("order")
    if order.status == OrderStatus.CANCELLED:
        raise OrderNotEditable(order_uuid=order_uuid, status=OrderStatus.CANCELLED)
    if order.status != OrderStatus.DRAFT:
        return Placed(order_uuid=order_uuid, payment=live_attempt(order_uuid))
    wanted = {
        item.variant_key: Wanted(
            product_pk=item.product_key,
            name=item.name,
            variant_title=item.variant_title,
            quantity=item.quantity,
        )
        for item in order.items.all()
    }
    if not wanted:
        raise CartEmpty
    pending = Order.objects.filter(**owner.lookup(), status=OrderStatus.PENDING).order_by().values_list(*HELD)
    hold = Hold(lines=len(wanted), units=sum(item.quantity for item in wanted.values()))
    holds.check_owner([Hold(lines=lines, units=units) for lines, units in pending], hold)
    holds.check_address(address, hold, now=now)
    fill(order, wanted, shipping=shipping, expected_total=expected_total, now=now)
    move(
        order.pk,
        OrderStatus.PENDING,
        now=now,
        shipping=order.shipping,
        expires_at=order.expires_at,
        **{name: getattr(order, name) for name in FROZEN},
    )
    return request_payment(order, hold, now=now)


def request_payment(order: Order, hold: Hold, *, now: datetime) -> Placed:
    """Create the payment of an order that has just become pending. An order of 0 becomes paid at once."""
    if order.amount:
        return Placed(order_uuid=order.pk, payment=new_attempt(order, now=now), hold=hold)
    give_away(order.pk, now=now)
    return Placed(order_uuid=order.pk, payment=None)


def fill(
    order: Order,
    wanted: Mapping[int, Wanted],
    *,
    shipping: Shipping,
    expected_total: Decimal | None,
    now: datetime,
) -> None:
    """Take the stock for an order that becomes pending, and set its address, its items at current prices and its parts.

    `wanted` is by the variants' keys.

    A step of an open transaction. The caller saves the order's own row.

    Raises: ProductUnavailable, InsufficientStock, ValidationError, TotalChanged, PaymentUnavailable.
    Locks: the products.
    """
    shipping.save()
    order.shipping, order.expires_at = shipping, holds.first_expiry(now)
    quantities = {key: item.quantity for key, item in wanted.items()}
    variants = take_stock(quantities=quantities, order_uuid=order.pk, now=now)
    for key, item in wanted.items():
        if key not in variants:
            raise ProductUnavailable(
                product_pk=item.product_pk,
                variant_pk=key,
                name=item.name,
                variant_title=item.variant_title,
            )
    items = {
        key: item_of(order, variants[key], name=variants[key].product_name, quantity=item.quantity)
        for key, item in wanted.items()
    }
    tax_classes = {key: variant.tax_class for key, variant in variants.items()}
    quote = price_items(order, items, tax_classes, sale_to(destination_of(shipping), now=now))
    if expected_total is not None:
        check_expected(expected_total, actual=Money.of(order.amount, order.currency))
    check_payable(order.amount, order.currency)
    put_items(list(items.values()), written=KEPT)
    put_taxes(order, items, quote)


def item_of(order: Order, variant: ProductVariant, *, name: str, quantity: int) -> OrderItem:
    """Build an order's item, which keeps the variant's price, title and SKU, and the `name` of its product."""
    return OrderItem(
        order=order,
        product_id=variant.product_id,
        variant=variant,
        name=name,
        variant_title=variant.title,
        sku=variant.sku,
        quantity=quantity,
        unit_price=variant.final_price,
    )


def put_items(items: list[OrderItem], *, written: tuple[str, ...]) -> None:
    """Insert the items; where the order has one of the variant already, write these columns of it."""
    OrderItem.objects.bulk_create(
        items, update_conflicts=True, unique_fields=["order", "variant"], update_fields=written
    )


def check_expected(total: Decimal, *, actual: Money) -> None:
    """Compare the total that the shopper was shown with the actual one.

    Raises: ValidationError, where it cannot be a total; TotalChanged, where the two differ.
    """
    with field_errors(**{NON_FIELD_ERRORS: "expectedTotal"}):
        validate_amount(total)
    if total != actual.amount:
        raise TotalChanged(expected=Money.of(total, actual.currency), actual=actual)


def give_away(order_uuid: UUID, *, now: datetime) -> None:
    """Mark an order of 0 as paid, and promise its confirmation."""
    move(order_uuid, OrderStatus.PAID, now=now)
    release(order_uuid=order_uuid)
    if settings.STORE_SHIP_ON_PAYMENT:
        move(order_uuid, OrderStatus.SHIPPED, now=now)
    promise_mail(order_uuid, OrderMail.Kind.CONFIRMATION, now=now)
