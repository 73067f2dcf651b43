"""Checkout: placing the order in one transaction, and starting its payment after the commit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from catalog.models import ProductVariant
from catalog.stock import release, take_stock
from core.errors import NotFound, Unauthenticated, field_errors
from core.money import Money, validate_amount
from hooks.models import Kind as News
from orders import holds
from orders.announcing import announce
from orders.cart import ShoppingCart, keys_of
from orders.details import COLUMNS, Details, put_details, validate_details
from orders.errors import CartEmpty, OrderNotEditable, ProductUnavailable, TotalChanged
from orders.events import Kind, record_event
from orders.holds import Hold
from orders.mail import promise_mail
from orders.models import Cart, Order, OrderItem, OrderMail, OrderStatus, Payment, Shipping
from orders.numbers import redraw_if_taken
from orders.owners import Owner
from orders.parcels import pack_all
from orders.payments.attempts import check_payable, live_attempt, new_attempt, start_payment
from orders.selectors import uses_of
from orders.taking import take_from_cart
from orders.totals import (
    FROZEN,
    FROZEN_OF_ITEMS,
    choose_delivery,
    destination_of,
    freeze,
    put_taxes,
    sale_to,
)
from orders.transitions import move
from pricing.codes import DiscountCodeReason, DiscountCodeRefused, count_use
from pricing.tax import Sale
from pricing.terms import Goods, Terms, is_delivered, price, read_terms

# What an item keeps of its variant, product and price once the order is placed.
KEPT = ("name", "variant_title", "sku", "requires_shipping", *FROZEN_OF_ITEMS)
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
    details.delivery_method = details.delivery_method or method_for(taken.cart, details.shipping)
    fill(order, wanted, details=details, expected_total=expected_total, now=now)
    order.save(force_insert=True)
    return request_payment(order, hold, now=now)


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
    fill(order, wanted, details=details, expected_total=expected_total, now=now)
    move(
        order.pk,
        OrderStatus.PENDING,
        now=now,
        expires_at=order.expires_at,
        **{name: getattr(order, name) for name in (*COLUMNS, *FROZEN)},
    )
    return request_payment(order, hold, now=now)


def request_payment(order: Order, hold: Hold, *, now: datetime) -> Placed:
    """Create the payment of an order that has just become pending. An order of 0 becomes paid at once."""
    announce(order.pk, News.ORDER_PLACED, now=now)
    if order.amount:
        return Placed(order_uuid=order.pk, payment=new_attempt(order, now=now), hold=hold)
    give_away(order.pk, now=now)
    return Placed(order_uuid=order.pk, payment=None)


def fill(
    order: Order,
    wanted: Mapping[int, Wanted],
    *,
    details: Details,
    expected_total: Decimal | None,
    now: datetime,
) -> None:
    """Take the stock for an order that becomes pending, and set its details, its items at current prices and parts.

    `wanted` is by the variants' keys.

    A step of an open transaction. The caller saves the order's own row.

    Raises: ProductUnavailable, InsufficientStock, ValidationError, DeliveryUnavailable, DiscountCodeRefused,
    TotalChanged, PaymentUnavailable.
    Locks: the products, then the order's discount code.
    """
    put_details(order, details)
    order.expires_at = holds.first_expiry(now)
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
    goods = [goods_of(variants[key], quantity=item.quantity) for key, item in wanted.items()]
    if details.missing and is_delivered(goods):
        raise details.missing
    sale = sale_to(destination_of(details.shipping), now=now, vat_id=details.vat_id)
    terms = redeem(order.discount_code, goods, sale, emails=emails_of(order))
    priced = price(
        goods,
        terms,
        with_code=bool(order.discount_code),
        choose=partial(choose_delivery, terms, details.delivery_method),
    )
    freeze(order, items, priced, sale)
    if expected_total is not None:
        check_expected(expected_total, actual=Money.of(order.amount, order.currency))
    check_payable(order.amount, order.currency)
    put_items(list(items.values()), written=KEPT)
    put_taxes(order, items, priced.quote)


def redeem(code: str, goods: Sequence[Goods], sale: Sale, *, emails: Collection[str]) -> Terms:
    """Count a use of the code, if there is one, and return the terms of the sale.

    Raises: DiscountCodeRefused.
    Locks: the code, so that nobody else counts uses of it before the commit.
    """
    is_counted = bool(code) and count_use(code)
    terms = read_terms(sale, code=code, uses_of_customer=uses_of(emails))
    if is_counted and terms.code:
        terms.code.uses -= 1  # as it was before this use
    reason = terms.find_hindrance(goods) if code else None
    if code and not is_counted and not reason:
        reason = DiscountCodeReason.USED_UP  # another order has given a use back since it was to be counted
    if reason:
        raise DiscountCodeRefused(reason)
    return terms


def emails_of(order: Order) -> set[str]:
    """Return the addresses by which the customer of an order that is being placed is known."""
    return {order.email, *([order.user.email] if order.user else [])}


def goods_of(variant: ProductVariant, *, quantity: int) -> Goods:
    """Return what decides on the price of a variant that `take_stock` has sold."""
    return Goods(
        key=variant.pk,
        product=variant.product_id,
        path=variant.category_path,
        tax_class=variant.tax_class,
        is_shipped=variant.requires_shipping,
        weight=variant.weight_grams or 0,
        unit=variant.final_price,
        full=variant.final_price,
        quantity=quantity,
    )


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
        requires_shipping=variant.requires_shipping,
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
    record_event(order_uuid, Kind.PAID, now=now)
    announce(order_uuid, News.ORDER_PAID, now=now)
    release(order_uuid=order_uuid)
    if settings.STORE_SHIP_ON_PAYMENT:
        pack_all(order_uuid, now=now).save(force_insert=True)
    promise_mail(order_uuid, OrderMail.Kind.CONFIRMATION, now=now)
