"""What each customer has bought, on the pages of users."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.admin import UserAdmin
from accounts.models import User
from core.admin import ReadOnlyInline
from core.money import format_money
from orders.models import Order
from orders.selectors import spent_by


class OrderInline(ReadOnlyInline):
    """The orders of the account, the newest first. Those that a guest placed with its address are not among them."""

    model = Order
    verbose_name_plural = "orders"
    fields = readonly_fields = ("page", "status", "total", "created_at")
    ordering = ("-created_at", "-uuid")
    per_page = 10

    @display(description="Order")
    def page(self, order: Order) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[order.pk]), order.number
        )

    @display(description="Total")
    def total(self, order: Order) -> str:
        return format_money(order.amount, order.currency)


class CustomerAdmin(UserAdmin):
    """The pages of users with their orders, for staff who may see orders."""

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_inlines(request, obj), *((OrderInline,) if obj else ()))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return (*fieldsets, ("Orders", {"fields": ("spent",)})) if obj and may_see(request) else fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "spent")

    @display(description="Spent", empty_value="–")
    def spent(self, user: User) -> str | None:
        """What was paid and not refunded, of each currency."""
        return ", ".join(format_money(sum, currency) for currency, sum in spent_by(user).items()) or None


def may_see(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("orders.view_order"))


admin.site.unregister(User)
admin.site.register(User, CustomerAdmin)
