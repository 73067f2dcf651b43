"""System checks of the settings of tax."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from core.places import country


@register()
def check_country_exists(**_: Any) -> list[CheckMessage]:
    """Check that STORE_COUNTRY is a country (pricing.E001): its tax would never be charged."""
    if country(settings.STORE_COUNTRY):
        return []
    return [
        Error(
            f"STORE_COUNTRY is {settings.STORE_COUNTRY}, which is not a country.",
            hint="Set it to the two-letter ISO 3166-1 code of the shop's country, such as DE.",
            id="pricing.E001",
        )
    ]


@register()
def check_tax_provider_can_be_asked(**_: Any) -> list[CheckMessage]:
    """Check that STORE_TAX_PROVIDER names a class with the method `taxes` (pricing.E002)."""
    try:
        provider = import_string(settings.STORE_TAX_PROVIDER)
    except ImportError as error:
        reason = str(error)
    else:
        if callable(getattr(provider, "taxes", None)):
            return []
        reason = "it has no method `taxes`"
    return [
        Error(
            f"STORE_TAX_PROVIDER, {settings.STORE_TAX_PROVIDER}, cannot be used: {reason}.",
            hint="Set it to the path of a class like pricing.tax.TaxTables.",
            id="pricing.E002",
        )
    ]
