"""Refunds by the staff: of an amount, or of items and the delivery by what the order has frozen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from catalog.stock import number_of, put_back
from core import money
from core.errors import ValidationError
from core.money import nearest_units
from orders.events import SHOP, Actor
from orders.models import Order, OrderItem, OrderStatus, Payment, Refund, RefundLine
from orders.parcels import follow_parcels
from orders.payments.attempts import live_attempt
from orders.payments.refunds import promise_refund, refundable_amount
from orders.payments.settlement import PAID, try_settle
from pricing.quote import allot


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of what was charged, in the currency's smallest units: without tax, and the tax."""

    net: int = 0
    tax: int = 0

    @property
    def gross(self) -> int:
        return self.net + self.tax

    def __sub__(self, other: "Share") -> "Share":
        return Share(net=self.net - other.net, tax=self.tax - other.tax)


def refund(*, order_uuid: UUID, amount: Decimal, now: datetime, by: Actor = SHOP) -> None:
    """Refund an amount of a paid order for the staff. The stock stays the same.

    The refund is sent after the commit, or by reconcile_payments if Stripe cannot be reached.

    Raises: ValidationError, for more than the refundable amount and for a payment that is or was disputed.
    """
    try_settle(record_refund(order_uuid=order_uuid, amount=amount, by=by, now=now), now=now)


def refund_items(
    *,
    order_uuid: UUID,
    quantities: Mapping[int, int],
    with_delivery: bool = False,
    now: datetime,
    by: Actor = SHOP,
) -> None:
    """Refund items, by primary key, and the delivery if it is wanted, for the staff.

    Units that have not left will not leave any more, and go back in stock. Whoever refunds everything, in whatever
    parts, gives back what was paid to the last unit.

    Raises: ValidationError.
    """
    wanted = Wanted(quantities=quantities, with_delivery=with_delivery)
    payment = record_items(order_uuid=order_uuid, wanted=wanted, by=by, now=now)
    try_settle(payment, now=now)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to refund of an order."""

    quantities: Mapping[int, int]
    with_delivery: bool = False


@transaction.atomic(durable=True)
def record_refund(*, order_uuid: UUID, amount: Decimal, now: datetime, by: Actor = SHOP) -> Payment:
    """Check the amount, and write the refund's row.

    Raises: ValidationError.
    Locks: the order, then its payment.
    """
    _, payment = lock_paid(order_uuid)
    left = refundable_amount(payment)
    possible = amount.is_finite() and 0 < amount <= left
    if not possible or amount != money.round_half_up(amount, payment.currency):
        least = money.smallest_unit(payment.currency)
        raise ValidationError.of(amount=f"Enter an amount between {least} and {left}.")
    promise_refund(payment, amount, by=by, now=now)
    return payment


@transaction.atomic(durable=True)
def record_items(*, order_uuid: UUID, wanted: Wanted, now: datetime, by: Actor = SHOP) -> Payment:
    """Write the refund of items in a transaction of its own.

    Raises: ValidationError.
    Locks: the order, its payment, its products.
    """
    order, payment = lock_paid(order_uuid)
    write_refund(order, payment, wanted, by=by, now=now)
    return payment


def lock_paid(order_uuid: UUID) -> tuple[Order, Payment]:
    """Return the order and its payment, of which something can be refunded.

    Raises: ValidationError.
    Locks: the order, then its payment.
    """
    order = Order.objects.select_for_update().get(pk=order_uuid)
    payment = live_attempt(order_uuid, lock=True)
    if payment is None or payment.status not in PAID:
        raise ValidationError.of(amount="Nothing has been paid, so there is nothing to refund.")
    if order.disputed_at:
        raise ValidationError.of(amount="The payment is disputed: answer the dispute at Stripe first.")
    if not payment.is_refundable:
        raise ValidationError.of(
            amount="After this lost dispute Stripe refunds nothing more. Send the money another way, and add a note."
        )
    return order, payment


def write_refund(order: Order, payment: Payment, wanted: Wanted, *, now: datetime, by: Actor) -> Refund:
    """Write a refund with its lines. A step of a transaction that has locked order and payment.

    Raises: ValidationError.
    Locks: the products of the units that have not left.
    """
    items = {item.pk: item for item in order.items.prefetch_related("taxes")}
    quantities = {key: quantity for key, quantity in wanted.quantities.items() if quantity}
    for key, quantity in quantities.items():
        item = items.get(key)
        left = item.quantity - item.refunded if item else 0
        if not 0 < quantity <= left:
            raise ValidationError.of(items=f"Of this item, {left} can be refunded.")
    before = shares_refunded(order)
    lines = [
        line_of(order, items[key], quantity, before[key], currency=order.currency)
        for key, quantity in quantities.items()
    ]
    if wanted.with_delivery:
        left_of_delivery = delivery_share(order) - before[None]
        lines.append(build_line(None, 0, left_of_delivery, currency=order.currency))
    total = sum((line.amount for line in lines), Decimal(0))
    left_of_all = refundable_amount(payment)
    if not 0 < total <= left_of_all:
        raise ValidationError.of(
            amount=f"This comes to {total}, and at most {left_of_all} can be refunded."
            if total
            else "This comes to nothing."
        )
    written = promise_refund(payment, total, by=by, now=now)
    for line in lines:
        line.refund = written
    RefundLine.objects.bulk_create(lines)
    count_out(order, items, quantities, now=now)
    return written


def count_out(
    order: Order, items: Mapping[int, OrderItem], quantities: Mapping[int, int], *, now: datetime
) -> None:
    """Count the refunded units. Those that have not left are withdrawn, and go back in stock."""
    if not quantities:
        return
    kept = {key: min(quantity, items[key].to_ship) for key, quantity in quantities.items()}
    withdrawn = {key: units for key, units in kept.items() if units}
    refunded = OrderItem.objects.filter(pk__in=quantities)
    refunded.update(refunded=F("refunded") + number_of(quantities))
    if not withdrawn:
        return
    number = number_of(withdrawn)
    OrderItem.objects.filter(pk__in=withdrawn).update(
        withdrawn=F("withdrawn") + number, restocked=F("restocked") + number
    )
    by_variant = {
        variant: withdrawn[key] for key in withdrawn if (variant := items[key].variant_id) is not None
    }
    put_back(by_variant, order_uuid=order.pk, now=now)
    if order.status == OrderStatus.PARTIALLY_SHIPPED:
        follow_parcels(order.pk, now=now)


def shares_refunded(order: Order) -> Mapping[int | None, Share]:
    """Return what refunds that have not failed pay back, by item; None is the delivery."""
    sums: dict[int | None, Share] = defaultdict(Share)
    lines = RefundLine.objects.filter(refund__payment__order=order).exclude(
        refund__status=Refund.Status.FAILED
    )
    for key, amount, tax in lines.values_list("item", "amount", "tax"):
        gross, own = nearest_units(amount, order.currency), nearest_units(tax, order.currency)
        sums[key] = Share(net=sums[key].net + gross - own, tax=sums[key].tax + own)
    return sums


def line_of(order: Order, item: OrderItem, quantity: int, before: Share, *, currency: str) -> RefundLine:
    """Build the line of a quantity of an item. The last units get what is left of it."""
    left = item_share(order, item) - before
    parts = item.quantity - item.refunded
    share = Share(net=part(left.net, parts, quantity), tax=part(left.tax, parts, quantity))
    return build_line(item, quantity, share, currency=currency)


def part(total: int, parts: int, wanted: int) -> int:
    """Return what `wanted` of as many equal parts are, so that all of them are the total."""
    return sum(allot(total, [1] * parts)[:wanted])


def item_share(order: Order, item: OrderItem) -> Share:
    """Return what was charged for the item."""
    charged = nearest_units(item.unit_price * item.quantity - item.discount, order.currency)
    tax = nearest_units(item.tax, order.currency)
    return Share(net=charged - tax if order.prices_include_tax else charged, tax=tax)


def delivery_share(order: Order) -> Share:
    """Return what was charged for the delivery."""
    charged = nearest_units(order.delivery_total - order.delivery_discount, order.currency)
    tax = nearest_units(order.tax_total, order.currency) - tax_of(order.items.all(), order.currency)
    return Share(net=charged - tax if order.prices_include_tax else charged, tax=tax)


def tax_of(items: Iterable[OrderItem], currency: str) -> int:
    return sum(nearest_units(item.tax, currency) for item in items)


def build_line(item: OrderItem | None, quantity: int, share: Share, *, currency: str) -> RefundLine:
    return RefundLine(
        item=item,
        quantity=quantity,
        amount=money.from_units(share.gross, currency),
        tax=money.from_units(share.tax, currency),
    )
