"""Invoices and credit notes: a list of all, and on the page of their order. Nobody writes any by hand."""

from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from core.admin import ReadOnlyInline
from core.money import format_money
from orders.admin.actions import ServiceAdmin
from orders.documents.links import path_of
from orders.models import Document


class Shown:
    """The columns of a document that are shown in other words."""

    @display(description="Amount")
    def amount(self, document: Document) -> str:
        return format_money(document.total, document.currency)

    @display(description="PDF")
    def pdf(self, document: Document) -> str:
        """A link that is good for a day."""
        return format_html('<a href="{}">Download</a>', path_of(document.pk))


class DocumentInline(Shown, ReadOnlyInline):
    model = Document
    verbose_name_plural = "documents"
    fields = readonly_fields = ("number", "kind", "issued_at", "amount", "pdf")


@admin.register(Document)
class DocumentAdmin(Shown, ServiceAdmin):
    list_display = ("number", "kind", "order", "amount", "issued_at", "pdf")
    list_filter = (("kind", ChoicesDropdownFilter), "year", "issued_at")
    list_filter_submit = True
    list_select_related = ("order",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-issued_at", "-pk")
    search_fields = ("=number", "=order__number")
    search_help_text = "Number of the document, or of its order"
    fields = readonly_fields = ("number", "kind", "order", "refund", "amount", "issued_at", "pdf")
