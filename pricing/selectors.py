"""Reads of what an order's price is made of."""

from collections.abc import Collection
from datetime import date

from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable

from core.together import read_together
from pricing.models import CodeScope, DeliveryMethod, DeliveryRate, DiscountCode, TaxRate


def tax_rates(*, countries: Collection[str], regions: Collection[str], day: date) -> QuerySet[TaxRate]:
    """The rates of the countries and of these regions of them, up to this day, with `is_default` of their class."""
    found = TaxRate.objects.filter(country__in=countries, region__in=["", *regions], valid_from__lte=day)
    return found.annotate(is_default=F("tax_class__is_default"))  # type: ignore[no-redef]  # declared on the model


def delivery_methods() -> QuerySet[DeliveryMethod]:
    """The methods that are offered."""
    return DeliveryMethod.objects.filter(is_active=True)


def delivery_rates() -> QuerySet[DeliveryRate]:
    """The rates of the methods that are offered."""
    return DeliveryRate.objects.filter(method__is_active=True)


def discount_codes(code: str, *, uses_of_customer: Combinable) -> QuerySet[DiscountCode]:
    """The code with this text, if there is one, with the customer's uses of it."""
    found = DiscountCode.objects.filter(code=code)
    return found.annotate(uses_of_customer=uses_of_customer)  # type: ignore[no-redef]  # declared on the model


def scopes(code: str) -> QuerySet[CodeScope]:
    """The scopes of a code, each with the `path` of its category."""
    return CodeScope.objects.filter(code__code=code).annotate(path=F("category__path"))  # type: ignore[no-redef]  # declared on the model


def served_countries() -> set[str] | None:
    """Read the codes of the countries that anything can be delivered to; None for all of them."""
    methods, rates = read_delivery()
    places = [rate.country_codes for rate in rates]
    if not methods or not all(places):
        return None
    return {code for codes in places for code in codes}


def read_delivery() -> tuple[list[DeliveryMethod], list[DeliveryRate]]:
    """Read the methods that are offered, and their rates, for `pricing.delivery`."""
    methods, rates = read_together(delivery_methods(), delivery_rates())
    return methods, rates_of(methods, rates)


def rates_of(methods: list[DeliveryMethod], rates: list[DeliveryRate]) -> list[DeliveryRate]:
    """Return the rates with their methods, one method's together, in the staff's order of the methods."""
    by_key = {method.pk: method for method in methods}
    for rate in rates:
        rate.method = by_key[rate.method_id]
    return sorted(rates, key=lambda rate: (rate.method.position, rate.method_id, rate.pk))
