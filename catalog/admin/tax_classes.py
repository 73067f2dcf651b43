"""Tax classes, for the staff."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from catalog.models import TaxClass
from core.admin import ModelAdmin


@admin.register(TaxClass)
class TaxClassAdmin(ModelAdmin):
    """The admin of tax classes. The default class can be renamed, and stays."""

    fields = ("name",)
    list_display = ("name", "is_default")
    search_fields = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_default = obj is not None and obj.is_default
        return not is_default and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete classes on their own pages only: a selection may have the default among them."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions
