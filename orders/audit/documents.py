"""Invoices and credit notes: their numbers have no gaps, and they say what the orders and refunds say."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Exists, Min, OuterRef

from core.money import from_units, nearest_units
from orders.audit.difference import Difference
from orders.documents.content import Content, lines_of_order
from orders.documents.credit import lines_left
from orders.models import Document, DocumentKind, DocumentSeries, Order, Refund
from orders.selectors import orders_without_invoice


def check_numbers() -> Iterator[Difference]:
    """The numbers of each series are 1 to its last one."""
    found: dict[tuple[str, int], set[int]] = defaultdict(set)
    for kind, year, serial in Document.objects.order_by().values_list("kind", "year", "serial"):
        found[kind, year].add(serial)
    counted = {(series.kind, series.year): series.last for series in DocumentSeries.objects.all()}
    for kind, year in sorted(found | counted):
        serials, last = found[kind, year], counted.get((kind, year), 0)
        for serial in sorted(serials ^ set(range(1, last + 1))):
            yield Difference(
                check="documents",
                subject=f"{DocumentKind(kind).label.lower()} {serial} of {year}",
                detail="is missing" if serial <= last else f"is beyond the counter, which is at {last}",
            )


def check_documents() -> Iterator[Difference]:
    """A document's total is the sum of its lines; an invoice says what its order says, and credit notes add up."""
    orders = Order.objects.filter(Exists(Document.objects.filter(order=OuterRef("pk"))))
    for order in orders.prefetch_related("items", "taxes", "documents"):
        for detail in wrong_documents(order):
            yield Difference(check="documents", subject=f"order {order.pk}", detail=detail)
    for detail, wrong in missing_invoices():
        yield Difference(check="documents", subject=f"order {wrong.pk}", detail=detail)


def missing_invoices() -> Iterator[tuple[str, Order]]:
    """Find the orders that were paid since there are documents, and have no invoice, and the other way round.

    Older orders get theirs from `manage.py issue_documents`, if the shop wants them.
    """
    first = Document.objects.aggregate(first=Min("issued_at"))["first"]
    if first is None:
        return
    for order in orders_without_invoice(since=first):
        yield "is paid, but has no invoice", order
    invoiced = Exists(Document.objects.filter(order=OuterRef("pk")))
    for order in Order.objects.filter(invoiced, paid_at=None):
        yield "has an invoice, but was not paid", order


def wrong_documents(order: Order) -> Iterator[str]:
    """Yield what is wrong with the documents of an order."""
    documents = {document: Content.of(document.content) for document in order.documents.all()}
    for document, content in documents.items():
        if from_units(content.total, order.currency) != document.total:
            yield f"{document} is of {document.total}, its lines add up to {content.total} units"
    invoices = [document for document in documents if document.kind == DocumentKind.INVOICE]
    if len(invoices) != 1:
        yield "has credit notes without an invoice"
        return
    [invoice] = invoices
    lines = documents[invoice].lines
    if lines != lines_of_order(order, items=order.items.all(), taxes=list(order.taxes.all())):
        yield f"{invoice} has other lines than the order"
    if invoice.total != order.amount:
        yield f"{invoice} is of {invoice.total}, the order of {order.amount}"
    yield from wrong_credit(order, documents, invoice)


def wrong_credit(order: Order, documents: dict[Document, Content], invoice: Document) -> Iterator[str]:
    """Yield what is wrong with the credit notes of an order.

    They are of what was refunded. One whose refund has failed later stays, and the next refund is what it was for.
    """
    notes = {document: content for document, content in documents.items() if document.refund_id}
    for note, content in notes.items():
        if content.corrects != invoice.number:
            yield f"{note} corrects {content.corrects}, not the order's invoice"
    left = lines_left(
        documents[invoice].lines, (line for content in notes.values() for line in content.lines)
    )
    parts = [part for line in left for part in (line.net, *(tax.amount for tax in line.taxes))]
    if min(parts) < 0:
        yield "more is credited of a line than its invoice has"
    refunds = Refund.objects.filter(payment__order=order.pk)
    succeeded = sum((refund.amount for refund in refunds if refund.status == "succeeded"), Decimal(0))
    refunded = nearest_units(succeeded, order.currency)
    credited = -sum(content.total for content in notes.values())
    failed = {refund.pk for refund in refunds if refund.status == "failed"}
    allowed = any(note.refund_id in failed for note in notes)
    if credited < refunded or (credited > refunded and not allowed):
        yield f"{credited} units are credited, {refunded} are refunded"
