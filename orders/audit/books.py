"""The checks of orders, payments and Stripe's record, and all checks together."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from catalog.models import StockMovement
from core import money
from orders.audit.difference import Difference
from orders.audit.documents import check_documents, check_numbers
from orders.audit.goods import (
    check_attributes,
    check_held,
    check_listings,
    check_movements,
    check_paths,
    check_pictures,
    check_prices,
    check_products,
    check_stock,
)
from orders.audit.parcels import check_parcels, check_refund_lines
from orders.models import Order, OrderStatus, Payment, PaymentStatus, Refund, Shipping
from orders.payments.attempts import intents_since, payment_uuid_of
from orders.payments.settlement import INTENT_STATUSES, PAID, settle
from pricing.models import DiscountCode


def differences(*, now: datetime) -> Iterator[Difference]:
    """All differences; none if the books are right.

    Raises: stripe.StripeError, if Stripe cannot be reached.
    """
    yield from differences_here()
    yield from check_stripe(now=now)


def differences_here() -> Iterator[Difference]:
    """The differences between our own records. These agree at any time, even before Stripe has reported a payment."""
    yield from check_stock()
    yield from check_products()
    yield from check_attributes()
    yield from check_listings()
    yield from check_prices()
    yield from check_held()
    yield from check_movements()
    yield from check_amounts()
    yield from check_paid()
    yield from check_refunds()
    yield from check_refund_lines()
    yield from check_parcels()
    yield from check_codes()
    yield from check_numbers()
    yield from check_documents()
    yield from check_orphans()
    yield from check_paths()
    yield from check_pictures()


def check_amounts() -> Iterator[Difference]:
    """An order's amount is the sum of its parts, these are the sums of its items' parts and taxes, and its payments ask
    for the amount.
    """
    for order in Order.objects.prefetch_related("items", "taxes").iterator(chunk_size=1_000):
        for name, written, right in wrong_sums(order):
            yield Difference(
                check="amount",
                subject=f"order {order.pk}",
                detail=f"{name} is {written}, its parts add up to {right}",
            )
    for payment in Payment.objects.exclude(amount=F("order__amount"), currency=F("order__currency")):
        yield Difference(
            check="amount",
            subject=f"payment {payment.pk}",
            detail=f"asks for {payment.amount} {payment.currency}, not for the order's amount",
        )


def wrong_sums(order: Order) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Yield each sum of the order that is not right: its name, what is written, and what its parts add up to."""
    items, taxes = order.items.all(), order.taxes.all()
    charged = order.subtotal - order.discount_total + order.delivery_total
    sums = {
        "amount": (order.amount, charged if order.prices_include_tax else charged + order.tax_total),
        "subtotal": (order.subtotal, total(item.unit_price * item.quantity for item in items)),
        "discount": (order.discount_total, order.delivery_discount + total(item.discount for item in items)),
        "tax": (order.tax_total, total(tax.amount for tax in taxes)),
        "tax of the items": (
            total(item.tax for item in items),
            total(tax.amount for tax in taxes if tax.item_id),
        ),
    }
    for name, (written, right) in sums.items():
        if money.round_half_up(written, order.currency) != money.round_half_up(right, order.currency):
            yield name, written, right


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def check_paid() -> Iterator[Difference]:
    """An order is paid if and only if its payment is. A free order needs none."""
    settled = Exists(Payment.objects.filter(order=OuterRef("pk"), status__in=PAID))
    orders = Order.objects.annotate(settled=settled)
    paid = Q(
        status__in=[
            OrderStatus.PAID,
            OrderStatus.PARTIALLY_SHIPPED,
            OrderStatus.SHIPPED,
            OrderStatus.REFUNDED,
        ]
    )
    for order in orders.filter(paid, settled=False, amount__gt=0):
        yield Difference(
            check="paid", subject=f"order {order.pk}", detail=f"is {order.status}, but nothing was paid"
        )
    for order in orders.filter(status__in=[OrderStatus.DRAFT, OrderStatus.PENDING], settled=True):
        yield Difference(
            check="paid", subject=f"order {order.pk}", detail=f"is {order.status}, but it was paid"
        )


def check_refunds() -> Iterator[Difference]:
    """Refunds add up to the refunded amount, and all the money of a cancelled order is on its way back."""
    summed = Payment.objects.annotate(
        succeeded=Coalesce(
            Sum("refunds__amount", filter=Q(refunds__status=Refund.Status.SUCCEEDED)), Decimal(0)
        ),
        promised=Coalesce(
            Sum("refunds__amount", filter=~Q(refunds__status=Refund.Status.FAILED)), Decimal(0)
        ),
    ).select_related("order")
    for payment in summed:
        if payment.refunded != payment.succeeded or payment.promised > payment.amount:
            yield Difference(
                check="refunds",
                subject=f"payment {payment.pk}",
                detail=f"{payment.refunded} refunded, {payment.succeeded} succeeded, {payment.promised} promised",
            )
        full = payment.status == PaymentStatus.REFUNDED
        if full != (payment.order.status == OrderStatus.REFUNDED):
            yield Difference(
                check="refunds",
                subject=f"order {payment.order_id}",
                detail=f"is {payment.order.status}, its payment is {payment.status}",
            )
        given_up = payment.order.status == OrderStatus.CANCELLED and payment.status in PAID
        # Stripe refunds nothing after some lost disputes. The staff send the rest another way.
        left = payment.amount - payment.lost if payment.is_refundable else payment.promised
        if given_up and payment.promised < left:
            yield Difference(
                check="refunds",
                subject=f"order {payment.order_id}",
                detail="was cancelled, but not all of the money is on its way back",
            )


def check_codes() -> Iterator[Difference]:
    """A code's uses are the placed orders with it that were not cancelled."""
    placed = Order.objects.filter(discount_code=OuterRef("code"), cancelled_at=None)
    counts = (
        placed.exclude(status=OrderStatus.DRAFT).order_by().values("discount_code").annotate(n=Count("pk"))
    )
    counted = DiscountCode.objects.annotate(orders=Coalesce(Subquery(counts.values("n")), 0))
    for code in counted.exclude(uses=F("orders")):
        yield Difference(
            check="code",
            subject=f"code {code}",
            detail=f"its uses are {code.uses}, its orders {code.orders}",
        )


def check_orphans() -> Iterator[Difference]:
    """Placed orders have items, and shipping addresses and stock movements have orders."""
    for order in Order.objects.annotate(size=Count("items")).filter(size=0, shipping__isnull=False):
        yield Difference(check="orphans", subject=f"order {order.pk}", detail="was placed without items")
    for shipping in Shipping.objects.filter(order=None, billed_order=None):
        yield Difference(check="orphans", subject=f"shipping {shipping.pk}", detail="belongs to no order")
    orders = Order.objects.filter(pk=OuterRef("order_uuid"))
    for movement in StockMovement.objects.filter(~Exists(orders), order_uuid__isnull=False):
        yield Difference(check="orphans", subject=f"movement {movement.pk}", detail="names no order")


def check_stripe(*, now: datetime) -> Iterator[Difference]:
    """Each payment has one intent that agrees with it, and each of our intents at Stripe has one payment."""
    payments = {payment.pk: payment for payment in Payment.objects.all()}
    if not payments:
        return
    start = min(payment.created_at for payment in payments.values())
    seen = set()
    for intent in intents_since(start):
        uuid = payment_uuid_of(intent)
        if uuid is None:
            continue
        payment = payments.get(uuid)
        if payment is None or uuid in seen or payment.intent_id not in (None, intent.id):
            yield Difference(
                check="stripe", subject=f"intent {intent.id}", detail="belongs to no payment of ours"
            )
            continue
        seen.add(uuid)
        yield from check_intent(payment, intent.id, intent.status, amount=intent.amount, now=now)
    for payment in payments.values():
        if payment.pk not in seen and payment.intent_id:
            yield Difference(
                check="stripe", subject=f"payment {payment.pk}", detail="has an intent unknown to Stripe"
            )


def check_intent(
    payment: Payment, intent_id: str, status: str, *, amount: int, now: datetime
) -> Iterator[Difference]:
    subject = f"payment {payment.pk}"
    if amount != money.to_minor_units(payment.amount, payment.currency):
        yield Difference(check="stripe", subject=subject, detail=f"intent {intent_id} has another amount")
    elif (INTENT_STATUSES[status] == PaymentStatus.SUCCEEDED) != (payment.status in PAID):
        yield Difference(
            check="stripe",
            subject=subject,
            detail=f"is {payment.status}, its intent {status}",
            mend=lambda: settle(intent_id, now=now),
        )
