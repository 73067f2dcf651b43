"""Invoices and credit notes, and the counters of their numbers."""

from django.db import models
from django.db.models import Q

from core.money import AmountField
from orders.models.payments import Refund
from orders.models.sales import Order


class DocumentKind(models.TextChoices):
    INVOICE = "invoice", "Invoice"
    CREDIT_NOTE = "credit_note", "Credit note"


class DocumentSeries(models.Model):
    """The counter of the documents of a kind in a year. Its row is the lock on the next number, up to the commit."""

    kind = models.CharField(max_length=20, choices=DocumentKind)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="one_series_per_kind_and_year")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}s of {self.year}"


class Document(models.Model):
    """An invoice or a credit note, as it was issued. A trigger refuses every change (orders.documents.seal).

    A credit note has negative amounts, and is of a refund, which an invoice is not.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=DocumentKind)
    # The year in the shop's time zone, the place in its series, and both as they are written.
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    number = models.CharField(max_length=40)
    refund = models.OneToOneField(
        Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="credit_note"
    )
    issued_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total = AmountField()
    # Everything that is printed, and what each line was: orders.documents.content.
    content = models.JSONField()

    class Meta:
        ordering = ["pk"]  # times are those of requests, which may have waited
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "serial"], name="document_number_once"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(kind="invoice"), name="one_invoice_per_order"
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", refund=None, total__gt=0)
                | Q(kind="credit_note", refund__isnull=False, total__lt=0),
                name="document_is_of_its_kind",
            ),
            models.CheckConstraint(condition=Q(serial__gte=1), name="document_serial_positive"),
        ]
        indexes = [
            models.Index(fields=["issued_at", "id"], name="document_by_issued"),
            models.Index(fields=["number"], name="document_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
