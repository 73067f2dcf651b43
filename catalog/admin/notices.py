"""Stock notices, for the staff: who waits for what, and the deletion of one on request."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from catalog.models import StockNotice, full_name
from core.admin import ModelAdmin


@admin.register(StockNotice)
class StockNoticeAdmin(ModelAdmin):
    """The admin of stock notices, which shoppers alone write."""

    list_display = ("email", "waits_for", "asked_at")
    list_filter = ("language",)
    search_fields = ("email__istartswith", "variant__sku_key", "variant__product__name")
    fields = readonly_fields = ("email", "waits_for", "variant", "language", "asked_at")
    show_full_result_count = False

    @display(description="waits for")
    def waits_for(self, notice: StockNotice) -> str:
        return full_name(notice.variant.product.name, notice.variant.title)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockNotice]:
        notices: QuerySet[StockNotice] = super().get_queryset(request)
        return notices.select_related("variant__product")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
