"""Discount codes, for the staff."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from catalog.admin.forms import TreeChoices
from core.admin import ModelAdmin, TabularInline
from core.money import format_money
from pricing.models import CodeScope, DiscountCode


class CodeScopeInline(TreeChoices, TabularInline):
    model = CodeScope
    hide_title = True
    extra = 0
    autocomplete_fields = ("product",)


@admin.register(DiscountCode)
class DiscountCodeAdmin(ModelAdmin):
    list_display = ("code", "gives", "first_day", "last_day", "used", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code",)
    fieldsets = (
        (None, {"fields": ("code", "is_active")}),
        ("Gives", {"fields": (("amount", "percent"), "free_delivery")}),
        (
            "If",
            {"fields": ("minimum", ("first_day", "last_day"), ("max_uses", "max_uses_each"), "is_scoped")},
        ),
        ("Records", {"fields": ("uses",)}),
    )
    readonly_fields = ("uses",)
    inlines = (CodeScopeInline,)

    @display(description="Gives")
    def gives(self, code: DiscountCode) -> str:
        parts = (
            format_money(code.amount, settings.STORE_CURRENCY) if code.amount is not None else "",
            f"{code.percent.normalize():f} %" if code.percent is not None else "",
            "free delivery" if code.free_delivery else "",
        )
        return " and ".join(filter(None, parts))

    @display(description="Uses", ordering="uses")
    def used(self, code: DiscountCode) -> str:
        return str(code.uses) if code.max_uses is None else f"{code.uses} of {code.max_uses}"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the text of an existing code: it is on flyers, and orders show it."""
        return ("code", *self.readonly_fields) if obj else self.readonly_fields

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the goods while adding, too."""
        return self.inlines
