"""Importing and exporting products in the admin."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from accounts.models import User
from catalog.exchange import (
    COLUMNS,
    FORMATS,
    BadFile,
    Note,
    Outcome,
    Step,
    export_products,
    import_products,
    preview,
    read_rows,
    template,
)
from catalog.models import Product
from core.admin import ModelAdmin


class ImportForm(forms.Form):
    file = forms.FileField(widget=UnfoldAdminFileFieldWidget({"accept": ",".join(FORMATS)}))
    categories = forms.ChoiceField(
        label="Unknown categories",
        choices=[("create", "Create them"), ("report", "Report their rows as errors")],
        initial="create",
        required=False,  # a script that sends the file alone
        widget=UnfoldAdminSelectWidget,
    )

    def clean_categories(self) -> str:
        return self.cleaned_data["categories"] or "create"


class Exchange(ModelAdmin):
    """The action that exports products, and the page that imports them."""

    actions: Sequence[str] = ("export",)
    actions_list = ("bring_in",)

    @action(description="Export as CSV", permissions=["view"])
    def export(self, request: HttpRequest, products: QuerySet[Product]) -> StreamingHttpResponse:
        headers = {"Content-Disposition": "attachment; filename=products.csv"}
        lines = export_products(products, suffix=".csv")
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)

    @action(description="Import", url_path="import", permissions=["import"], icon="upload")
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """Show the form, and below it the result of an import. Each batch is imported in its own transaction.

        The page's script inserts only the preview into the page, so that the browser keeps the chosen file.
        """
        form = ImportForm(request.POST or None, request.FILES or None)
        assert isinstance(request.user, User)  # the admin lets nobody else in
        context: dict[str, Any] = {}
        if form.is_valid():
            file = form.cleaned_data["file"]
            options = {"create_categories": form.cleaned_data["categories"] == "create"}
            rows = read_rows(file, name=file.name)
            try:
                if "preview" in request.POST:
                    items = preview(rows, seller=request.user, now=timezone.now(), **options)
                    context["notes"] = [item for item in items if isinstance(item, Note)]
                    context["steps"] = [item for item in items if isinstance(item, Step)]
                else:
                    outcome = Outcome()
                    for batch in import_products(rows, seller=request.user, now=timezone.now(), **options):
                        outcome.add(batch)
                    context |= {"outcome": outcome, "notes": outcome.notes}
                    refusals = sorted(outcome.refused, key=lambda refusal: refusal.line)
                    listed = [[bad.line, bad.reason] for bad in refusals]
                    context["refusals"] = {"headers": ["Line", "Reason"], "rows": listed}
            except BadFile as error:
                form.add_error("file", str(error))
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import products",
            "form": form,
            "columns": COLUMNS,
        }
        return render(request, "admin/catalog/product/import.html", context)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.download_template)
        return [path("import/template.csv", page, name="catalog_product_template"), *super().get_urls()]

    def download_template(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        headers = {"Content-Disposition": "attachment; filename=products-template.csv"}
        return HttpResponse(template(), content_type="text/csv; charset=utf-8", headers=headers)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request) and self.has_change_permission(request))
