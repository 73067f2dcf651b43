"""Issuing documents: without gaps in their numbers, in the transaction that makes an order paid or counts a refund.

A number is drawn as the last step of that transaction, because the row of its series is locked up to the commit. A
transaction that is rolled back gives its number back.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from core.money import from_units, nearest_units
from core.together import read_together
from orders.documents.content import Content, Line, day_of, freeze_order
from orders.documents.credit import Returned, credit, lines_left
from orders.models import (
    Document,
    DocumentKind,
    Order,
    OrderItem,
    OrderTax,
    Payment,
    Refund,
    RefundLine,
    Shipping,
)

DRAW = """
    INSERT INTO "orders_documentseries" (kind, year, last) VALUES (%s, %s, 1)
    ON CONFLICT (kind, year) DO UPDATE SET last = "orders_documentseries".last + 1
    RETURNING last
"""


def issue_invoice(order: Order, *, paid_at: datetime, now: datetime) -> None:
    """Issue the invoice of an order that was paid with money. An order of 0 has none: nothing was asked for it.

    The last step of a transaction that has locked the order.

    Locks: the series of invoices.
    """
    if not order.amount:
        return
    addresses = [key for key in (order.shipping_id, order.billing_address_id) if key]
    items, taxes, shippings = read_together(
        OrderItem.objects.filter(order=order.pk),
        OrderTax.objects.filter(order=order.pk),
        Shipping.objects.filter(pk__in=addresses),
    )
    content = freeze_order(order, items=items, taxes=taxes, addresses=shippings, paid_at=paid_at, now=now)
    issue(order, DocumentKind.INVOICE, content, now=now)


def issue_credit_notes(order: Order, payment: Payment, *, now: datetime) -> None:
    """Issue a credit note for each refund of the payment that has succeeded and has none, the oldest first.

    An order without an invoice gets none: money that came for a cancelled order and goes back was never a sale. Where
    a refund has failed after its credit note, the next refund is what that one was for, and only the rest is credited.

    The last step of a transaction that has locked the order and the payment.

    Locks: the series of credit notes.
    """
    documents = list(Document.objects.filter(order=order.pk))
    invoice = next((document for document in documents if document.kind == DocumentKind.INVOICE), None)
    if invoice is None:
        return
    credited = [document for document in documents if document.refund_id]
    refunds = list(
        payment.refunds.filter(status=Refund.Status.SUCCEEDED)
        .prefetch_related("lines__item")
        .order_by("created_at", "pk")
    )
    due = sum(units_of(refund.amount, order) for refund in refunds)
    due += sum(units_of(document.total, order) for document in credited)
    left = lines_left(
        Content.of(invoice.content).lines,
        (line for document in credited for line in Content.of(document.content).lines),
    )
    due = min(due, sum(line.gross for line in left))
    written = {document.refund_id for document in credited}
    for refund in refunds:
        amount = min(units_of(refund.amount, order), due)
        if refund.pk in written or amount <= 0:
            continue
        lines = credit(left, amount=amount, returned=returned_by(refund.lines.all(), order))
        issue_credit_note(invoice, refund, lines, order=order, now=now)
        left, due = lines_left(left, lines), due - amount


@transaction.atomic(durable=True)
def issue_missing(order_uuid: UUID, *, now: datetime) -> bool:
    """Issue the documents of a paid order that has none; False if it has them.

    Locks: the order, its payments, the series of documents.
    """
    order = Order.objects.select_for_update().get(pk=order_uuid)
    if order.paid_at is None or order.documents.exists():
        return False
    payments = list(order.payments.select_for_update())
    issue_invoice(order, paid_at=order.paid_at, now=now)
    for payment in payments:
        issue_credit_notes(order, payment, now=now)
    return True


def issue_credit_note(
    invoice: Document, refund: Refund, lines: tuple[Line, ...], *, order: Order, now: datetime
) -> None:
    """Issue a credit note of these lines, which says what its invoice says of seller and buyer."""
    frozen = Content.of(invoice.content)
    content = replace(
        frozen, lines=lines, corrects=invoice.number, corrects_of=frozen.issued_on, issued_on=day_of(now)
    )
    issue(order, DocumentKind.CREDIT_NOTE, content, refund=refund, now=now)


def returned_by(lines: Iterable[RefundLine], order: Order) -> dict[int | None, Returned]:
    """Return what the lines of a refund pay back, by item; None is the delivery."""
    return {
        line.item_id: Returned(
            quantity=line.quantity,
            net=units_of(line.amount - line.tax, order),
            tax=units_of(line.tax, order),
        )
        for line in lines
    }


def units_of(amount: Decimal, order: Order) -> int:
    return nearest_units(amount, order.currency)


def issue(
    order: Order, kind: DocumentKind, content: Content, *, now: datetime, refund: Refund | None = None
) -> None:
    """Write a document with the next number of the year that it is in the shop's time zone.

    Locks: the series.
    """
    year = timezone.localdate(now).year
    serial = draw_serial(kind, year)
    prefix = {
        DocumentKind.INVOICE: settings.STORE_INVOICE_PREFIX,
        DocumentKind.CREDIT_NOTE: settings.STORE_CREDIT_NOTE_PREFIX,
    }[kind]
    Document.objects.create(
        order=order,
        kind=kind,
        year=year,
        serial=serial,
        number=f"{prefix}{year}-{serial:06}",
        refund=refund,
        issued_at=now,
        currency=order.currency,
        total=from_units(content.total, order.currency),
        content=content.to_json(),
    )


def draw_serial(kind: DocumentKind, year: int) -> int:
    """Return the next place of the series. Its row stays locked up to the commit, so that nobody draws one meanwhile.

    One statement creates the row or counts it up. Two would need a second try where two transactions begin a year.
    """
    with connection.cursor() as cursor:
        cursor.execute(DRAW, [kind.value, year])
        serial: int = cursor.fetchone()[0]
    return serial
