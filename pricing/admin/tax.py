"""Rates of tax, for the staff."""

from django.contrib import admin
from unfold.contrib.filters.admin import RelatedDropdownFilter

from core.admin import ModelAdmin
from pricing.models import TaxRate


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):
    fields = (("tax_class", "level"), ("country", "region"), ("name", "percent"), "valid_from")
    list_display = ("country", "region", "tax_class", "level", "name", "percent", "valid_from")
    list_display_links = ("country", "name")
    list_filter = (("tax_class", RelatedDropdownFilter), "country")
    list_filter_submit = True
    list_select_related = ("tax_class",)
    search_fields = ("country", "region", "name")
