"""An independent audit of the rows, the mails and Stripe's record. The shop's own audit must agree."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import StringIO

import stripe
from django.core.management import CommandError, call_command
from django.db.models import Sum

from catalog.models import ProductVariant
from core.money import to_minor_units
from orders.models import Document, Order, OrderItem, OrderStatus, Payment, PaymentStatus, Refund
from orders.payments.gateway import client
from pricing.models import DiscountCode
from tests.faults.shop import Shop

PAID = {OrderStatus.PAID, OrderStatus.SHIPPED}
SOLD = {OrderStatus.PENDING, *PAID}


def differences(shop: Shop, *, stocks: Mapping[int, int]) -> Iterator[str]:
    """Yield every difference in words. `stocks` are the stocks before the first sale, by key of the variant."""
    yield from wrong_mails(shop)
    yield from wrong_books(stocks)


def wrong_books(stocks: Mapping[int, int]) -> Iterator[str]:
    """Yield the differences between the rows and Stripe."""
    yield from wrong_stock(stocks)
    yield from wrong_intents()
    yield from wrong_money()
    yield from double_orders()
    yield from wrong_uses()
    yield from wrong_documents()
    audit = StringIO()
    with suppress(CommandError):  # it says how many differences it has printed
        call_command("audit", "--json", stdout=audit)
    yield from map(str, json.loads(audit.getvalue()))  # the shop's own audit agrees


def wrong_stock(stocks: Mapping[int, int]) -> Iterator[str]:
    sold = OrderItem.objects.filter(order__status__in=SOLD).values_list("variant")
    quantities = dict(sold.annotate(Sum("quantity")).order_by())
    for key, stock in ProductVariant.objects.values_list("pk", "stock"):
        if stock < 0 or stock + quantities.get(key, 0) != stocks[key]:
            yield f"variant {key} had {stocks[key]}, sold {quantities.get(key, 0)} and has {stock}"


def wrong_intents() -> Iterator[str]:
    """Each payment names its only intent, or was given up without one; each intent has its payment."""
    intents = defaultdict(set)
    for intent in all_intents():
        intents[intent.metadata["payment"]].add(intent.id)
    payments = {str(payment.pk): payment for payment in Payment.objects.all()}
    for key in intents.keys() | payments.keys():
        payment = payments.get(key)
        known = {payment.intent_id} if payment and payment.intent_id else set()
        given_up = payment is not None and payment.status == PaymentStatus.CANCELLED
        if intents[key] != known or not (known or given_up):
            yield f"payment {key} has the intent {known or 'none'}, Stripe has {intents[key] or 'none'} for it"


def wrong_documents() -> Iterator[str]:
    """The numbers of each kind and year have no gap, each sale has one invoice, each refund of it one credit note."""
    series = defaultdict(list)
    for kind, year, serial in Document.objects.values_list("kind", "year", "serial"):
        series[kind, year].append(serial)
    for (kind, year), serials in series.items():
        if sorted(serials) != [*range(1, len(serials) + 1)]:
            yield f"{kind} of {year}: the numbers are {sorted(serials)}"
    sold = Counter(Order.objects.filter(paid_at__isnull=False, amount__gt=0).values_list("pk", flat=True))
    if sold != Counter(Document.objects.filter(kind="invoice").values_list("order", flat=True)):
        yield "the invoices are not those of the orders that were paid"
    refunds = Refund.objects.filter(status="succeeded", payment__order__in=sold)
    credited = Document.objects.filter(kind="credit_note").values_list("refund", "total")
    if {str(key): -amount for key, amount in refunds.values_list("pk", "amount")} != {
        str(key): total for key, total in credited
    }:
        yield "the credit notes are not those of the refunds"


def wrong_money() -> Iterator[str]:
    """The money that Stripe has taken and not refunded is the amount of a paid order, and 0 for any other."""
    taken: Counter[str] = Counter()
    order_of = {intent.id: intent.metadata["order"] for intent in all_intents()}
    for intent in all_intents():
        taken[order_of[intent.id]] += intent.amount_received
    for refund in client().v1.refunds.list({"limit": 100}).auto_paging_iter():
        if refund.status == "succeeded":
            taken[order_of[str(refund.payment_intent)]] -= refund.amount
    orders = {str(order.pk): order for order in Order.objects.all()}
    for key in orders.keys() | taken.keys():
        order = orders.get(key)
        owed = to_minor_units(order.amount, order.currency) if order and order.status in PAID else 0
        if taken[key] != owed:
            yield f"{taken[key]} were taken for order {key}, which is {order.status if order else 'missing'}"


def double_orders() -> Iterator[str]:
    keys = Counter(Order.objects.values_list("visitor", "idempotency_key"))
    yield from (f"the key {key} has {times} orders" for (_, key), times in keys.items() if times > 1)


def wrong_uses() -> Iterator[str]:
    """A code was used by the orders that are placed and were never cancelled, and no more often than it may be."""
    live = Order.objects.exclude(status=OrderStatus.DRAFT).filter(cancelled_at=None)
    uses = Counter(live.values_list("discount_code", flat=True))
    for code in DiscountCode.objects.all():
        if code.uses != uses[code.code] or (code.max_uses is not None and code.uses > code.max_uses):
            yield f"{code} was used {code.uses} times of {code.max_uses}, and has {uses[code.code]} orders"


def wrong_mails(shop: Shop) -> Iterator[str]:
    """Each shopper has a different address, and buys once. What is paid is confirmed, and no mail comes twice."""
    for address, status in Order.objects.values_list("shipping__email", "status"):
        mails = Counter(shop.mails_to(address) if address else [])
        most = max(mails.values(), default=0)
        if most > 1 or (status in PAID and not mails):
            yield f"{address}, whose order is {status}, was mailed {most} times"


def all_intents() -> Iterator[stripe.PaymentIntent]:
    return client().v1.payment_intents.list({"limit": 100}).auto_paging_iter()
