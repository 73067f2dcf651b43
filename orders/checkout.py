"""Checkout: placing the order in one transaction, and starting its payment after the commit."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from catalog.stock import release
from core.errors import NotFound, Unauthenticated
from hooks.models import Kind as News
from orders import holds
from orders.announcing import announce
from orders.cart import ShoppingCart, keys_of
from orders.details import COLUMNS, Details, validate_details
from orders.errors import CartEmpty, OrderNotEditable
from orders.events import Kind, record_event
from orders.filling import Purchase, Wanted, fill, repeat_if_changed, sell
from orders.holds import Hold
from orders.mail import promise_mail
from orders.models import Cart, Order, OrderMail, OrderStatus, Payment, Shipping
from orders.numbers import redraw_if_taken
from orders.owners import Owner
from orders.parcels import pack_all
from orders.payments.attempts import live_attempt, new_attempt, start_payment
from orders.taking import take_from_cart
from orders.totals import FROZEN
from orders.transitions import move

# The lines and units that an order holds, for `values_list`.
HELD = (Count("items"), Sum("items__quantity", default=0))


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
    details: Details,
    idempotency_key: UUID,
    expected_total: Decimal | None,
    now: datetime,
) -> UUID:
    """Place an order of the cart's contents and return its uuid. An owner's idempotency key always gives one order.

    `address` is the client's IP address, by which unpaid orders are limited. Once the order is placed it stands, even
    if Stripe cannot be reached.

    Raises: ValidationError, CartEmpty, ProductUnavailable, InsufficientStock, DeliveryUnavailable, DiscountCodeRefused,
    TotalChanged, PaymentUnavailable, TooManyOpenOrders, RateLimited, Unauthenticated; none of them changes anything.
    """
    if owner.user is None and not settings.STORE_GUEST_CHECKOUT:
        raise Unauthenticated
    validate_details(details)
    placed = place(
        owner=owner,
        address=address,
        details=details,
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


@repeat_if_changed
@redraw_if_taken
@transaction.atomic(durable=True)
def place(
    *,
    owner: Owner,
    address: str,
    details: Details,
    idempotency_key: UUID,
    expected_total: Decimal | None,
    now: datetime,
) -> Placed:
    """Turn the cart into a pending order and the row of its payment.

    Locks: the cart, the products in order of their keys, then the discount code.
    """
    taken = take_from_cart(owner, idempotency_key=idempotency_key)
    owner, lines = taken.owner, taken.lines
    if not lines:
        before = Order.objects.filter(idempotency_key=idempotency_key, **owner.lookup()).first()
        if before is None:
            raise CartEmpty
        payment = live_attempt(before.pk)
        transaction.set_rollback(True)  # the cart keeps the code that it has by now
        return Placed(order_uuid=before.pk, payment=payment)
    hold = Hold(lines=len(lines), units=sum(line.quantity for line in lines))
    holds.check_owner(taken.pending, hold)
    holds.check_address(address, hold, now=now)
    order = Order(
        **owner.lookup(),
        idempotency_key=idempotency_key,
        status=OrderStatus.PENDING,
        currency=settings.STORE_CURRENCY,
        discount_code=taken.cart.discount_code,
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
    method = details.delivery_method or method_for(taken.cart, details.shipping)
    details = replace(details, delivery_method=method)
    purchase = fill(order, wanted, details=details, expected_total=expected_total, now=now)
    order.save(force_insert=True)
    return request_payment(order, purchase, hold, now=now)


def method_for(cart: Cart, shipping: Shipping) -> int | None:
    """Return the delivery method that was chosen for the cart. In another country it is to be chosen again."""
    return cart.delivery_method_id if shipping.country == cart.country else None


def place_draft(
    *,
    owner: Owner,
    address: str,
    order_uuid: UUID,
    details: Details,
    expected_total: Decimal | None,
    now: datetime,
) -> None:
    """Place a draft that was filled item by item. A draft that is placed already stays the same.

    Raises: the errors of `checkout`, NotFound, OrderNotEditable.
    """
    validate_details(details)
    submitted = submit_draft(
        owner=owner,
        address=address,
        order_uuid=order_uuid,
        details=details,
        expected_total=expected_total,
        now=now,
    )
    follow_up(submitted, address=address, now=now)


@repeat_if_changed
@transaction.atomic(durable=True)
def submit_draft(
    *,
    owner: Owner,
    address: str,
    order_uuid: UUID,
    details: Details,
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
        raise NotFound(_("No such order."))
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
    purchase = fill(order, wanted, details=details, expected_total=expected_total, now=now)
    move(
        order.pk,
        OrderStatus.PENDING,
        now=now,
        expires_at=order.expires_at,
        **{name: getattr(order, name) for name in (*COLUMNS, *FROZEN)},
    )
    return request_payment(order, purchase, hold, now=now)


def request_payment(order: Order, purchase: Purchase, hold: Hold, *, now: datetime) -> Placed:
    """Create the payment of an order that has just become pending, and then take its stock.

    An order of 0 becomes paid at once.

    Locks: the products in order of their keys, then the order's discount code.
    """
    announce(order.pk, News.ORDER_PLACED, now=now)
    payment = new_attempt(order, now=now) if order.amount else None
    sell(order, purchase, now=now)
    if payment is None:
        give_away(order.pk, now=now)
        return Placed(order_uuid=order.pk, payment=None)
    return Placed(order_uuid=order.pk, payment=payment, hold=hold)


def give_away(order_uuid: UUID, *, now: datetime) -> None:
    """Mark an order of 0 as paid, and promise its confirmation."""
    move(order_uuid, OrderStatus.PAID, now=now)
    record_event(order_uuid, Kind.PAID, now=now)
    announce(order_uuid, News.ORDER_PAID, now=now)
    release(order_uuid=order_uuid)
    if settings.STORE_SHIP_ON_PAYMENT:
        pack_all(order_uuid, now=now).save(force_insert=True)
    promise_mail(order_uuid, OrderMail.Kind.CONFIRMATION, now=now)
