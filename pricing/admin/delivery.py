"""Delivery methods with their rates, and a page that says what it costs to send something somewhere."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

from core.admin import ModelAdmin, TabularInline
from core.money import format_money
from core.places import Destination, country, format_zip_code
from pricing.delivery import Parcel, find_offers
from pricing.models import DeliveryMethod, DeliveryRate
from pricing.selectors import read_delivery


class DeliveryRateInline(TabularInline):
    model = DeliveryRate
    hide_title = True
    extra = 1
    fields = (
        *("countries", "zip_code_prefix", "from_weight", "to_weight", "from_total", "to_total"),
        *("price", "free_from"),
    )


class ParcelForm(forms.Form):
    """A parcel and its destination."""

    country = forms.CharField(max_length=2, widget=UnfoldAdminTextInputWidget, help_text="ISO 3166-1 code.")
    zip_code = forms.CharField(
        label="Postal code", max_length=20, required=False, widget=UnfoldAdminTextInputWidget
    )
    weight = forms.IntegerField(
        label="Weight in g", min_value=0, initial=2_000, widget=UnfoldAdminIntegerFieldWidget
    )
    total = forms.DecimalField(
        label="Goods of", min_value=0, initial=Decimal(0), widget=UnfoldAdminDecimalFieldWidget
    )

    def clean_country(self) -> str:
        code: str = self.cleaned_data["country"].upper()
        if country(code) is None:
            raise forms.ValidationError("There is no country with this code.")
        return code

    def clean(self) -> dict[str, Any]:
        rules = country(self.cleaned_data.get("country", ""))
        zip_code = self.cleaned_data.get("zip_code")
        if rules and zip_code:
            self.cleaned_data["zip_code"] = format_zip_code(zip_code, rules)
            if self.cleaned_data["zip_code"] is None:
                self.add_error("zip_code", "This is not a postal code of this country.")
        return self.cleaned_data


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(ModelAdmin):
    list_display = ("name", "days", "tax_class", "is_active", "position")
    list_editable = ("is_active", "position")
    list_select_related = ("tax_class",)
    fields = ("name", "description", ("min_days", "max_days"), "tax_class", ("is_active", "position"))
    inlines = (DeliveryRateInline,)
    actions_list = ("show_costs",)

    @display(description="Working days")
    def days(self, method: DeliveryMethod) -> str:
        known = {str(days) for days in (method.min_days, method.max_days) if days is not None}
        return "–".join(sorted(known, key=int))

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the rates while adding, too: without one, a method is never offered."""
        return self.inlines

    @action(
        description="What would it cost?",
        url_path="what-would-it-cost",
        icon="local_shipping",
        permissions=["view"],
    )
    def show_costs(self, request: HttpRequest) -> HttpResponse:
        """Show what each method costs for a parcel, by the same function as the cart."""
        form = ParcelForm(request.GET or None)
        costs = list_costs(**form.cleaned_data) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": "What would it cost?",
            "form": form,
            "costs": costs,
            "opts": self.opts,
        }
        return render(request, "admin/pricing/deliverymethod/costs.html", context)


def list_costs(*, country: str, zip_code: str, weight: int, total: Decimal) -> list[tuple[str, str]]:
    """Return the name of each active method, and its cost or that it is not offered."""
    methods, rates = read_delivery()
    destination = Destination(country=country, zip_code=zip_code)
    offers = find_offers(rates, Parcel(weight=weight, total=total), destination)
    offered = [offer.method for offer in offers]
    return [
        *((offer.method.name, format_money(offer.cost, settings.STORE_CURRENCY)) for offer in offers),
        *((method.name, "not offered") for method in methods if method not in offered),
    ]
