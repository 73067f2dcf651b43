"""Filters of the list of products."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.models import FEW_LEFT, Product
from catalog.selectors import ProductFilter, fully_held, narrow
from catalog.visibility import is_draft, is_published, is_to_come


class Availability(admin.SimpleListFilter):
    title = "availability"
    parameter_name = "available"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        few, held = f"{FEW_LEFT} or fewer", "Held by unpaid orders"
        return [("yes", "In stock"), ("no", "Sold out"), ("few", few), ("held", held)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() == "few":
            return queryset.filter(stock__lte=FEW_LEFT)
        if self.value() == "held":
            return queryset.filter(pk__in=fully_held().values("pk"))
        in_stock = {"yes": True, "no": False}.get(self.value() or "")
        return narrow(queryset, ProductFilter(in_stock=in_stock))


class OnSale(admin.SimpleListFilter):
    title = "discount"
    parameter_name = "on_sale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "On sale"), ("no", "Full price")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        on_sale = {"yes": True, "no": False}.get(self.value() or "")
        return narrow(queryset, ProductFilter(on_sale=on_sale))


class Publication(admin.SimpleListFilter):
    title = "publication"
    parameter_name = "publication"
    conditions: ClassVar = {"published": is_published, "draft": is_draft, "to_come": is_to_come}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("published", "Published"), ("draft", "Draft"), ("to_come", "To be published")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        condition = self.conditions.get(self.value() or "")
        return queryset.filter(condition()) if condition else queryset
