"""Reads of what an order's price is made of."""

from collections.abc import Collection
from datetime import date

from django.db.models import F, QuerySet

from pricing.models import TaxRate


def tax_rates(*, countries: Collection[str], regions: Collection[str], day: date) -> QuerySet[TaxRate]:
    """The rates of the countries and of these regions of them, up to this day, with `is_default` of their class."""
    found = TaxRate.objects.filter(country__in=countries, region__in=["", *regions], valid_from__lte=day)
    return found.annotate(is_default=F("tax_class__is_default"))  # type: ignore[no-redef]  # declared on the model
