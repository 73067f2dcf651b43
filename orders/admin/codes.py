"""What each discount code brought, on the pages of codes."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from core.money import format_money
from orders.selectors import earnings_of_codes
from pricing.admin.codes import DiscountCodeAdmin
from pricing.models import DiscountCode

EARNINGS = ("orders", "discount_given", "turnover")


class EarningCodeAdmin(DiscountCodeAdmin):
    """The pages of codes with the sums of their orders, for staff who may see orders."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[DiscountCode]:
        codes: QuerySet[DiscountCode] = super().get_queryset(request)
        return codes.annotate(**earnings_of_codes()) if may_see(request) else codes

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        *before, is_active = self.list_display
        return [*before, *(EARNINGS if may_see(request) else ()), is_active]

    @display(description="Orders", ordering="live_orders")
    def orders(self, code: Any) -> str:
        return str(code.live_orders)

    @display(description="Discount given", ordering="discounts")
    def discount_given(self, code: Any) -> str:
        return format_money(code.discounts, settings.STORE_CURRENCY)

    @display(description="Turnover", ordering="amounts")
    def turnover(self, code: Any) -> str:
        return format_money(code.amounts, settings.STORE_CURRENCY)


def may_see(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("orders.view_order"))


admin.site.unregister(DiscountCode)
admin.site.register(DiscountCode, EarningCodeAdmin)
