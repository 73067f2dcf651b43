"""DeliveryMethod, and DeliveryRate, which is its price to a place."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q

from catalog.models import TaxClass
from core.money import AmountField, optional_amount
from core.places import country
from core.text import LineField, SingleLine, validate_not_blank

MAX_COUNTRIES_LENGTH = 1_000  # of the codes of all countries


def validate_countries(text: str) -> None:
    """Check each code of a CountriesField.

    Raises: Django's ValidationError.
    """
    unknown = [code for code in split_countries(text) if country(code) is None]
    if unknown:
        raise ValidationError(f"There is no country with the code {', '.join(unknown)}.", code="country")


def split_countries(text: str) -> list[str]:
    return [code for code in re.split(r"[,;\s]+", text) if code]


class CountriesField(SingleLine, models.CharField[str, str]):
    """ISO 3166-1 codes in one text, `AT, DE`. They may be typed in any order and case."""

    plain_name = "CharField"
    default_validators = [validate_countries]

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_COUNTRIES_LENGTH, "blank": True, "default": "", **options})

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return ", ".join(sorted(set(split_countries(value.upper())))) if isinstance(value, str) else value


class DeliveryMethod(models.Model):
    """A way to bring an order to the customer. Its rates say where to, for what, and at what price."""

    name = LineField(max_length=100, validators=[validate_not_blank])
    description = models.TextField(
        blank=True, validators=[MaxLengthValidator(2_000)], help_text="For the shopper, who chooses by it."
    )
    tax_class = models.ForeignKey(
        TaxClass,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="If left blank, delivery is taxed like the goods that it brings, in proportion.",
    )
    min_days = models.PositiveSmallIntegerField("working days, at least", null=True, blank=True)
    max_days = models.PositiveSmallIntegerField("working days, at most", null=True, blank=True)
    is_active = models.BooleanField("active", default=True, help_text="Off: it is not offered.")
    position = models.PositiveIntegerField(default=0, help_text="Among methods of the same cost.")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_days=None) | Q(max_days=None) | Q(min_days__lte=F("max_days")),
                name="delivery_days_in_order",
                violation_error_message="The two numbers of days are out of order.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryRate(models.Model):
    """The price of a delivery method to a place, for a range of weights and of the goods' totals.

    A method without rates is never offered. `pricing.delivery` says which of several rates counts.
    """

    method = models.ForeignKey(DeliveryMethod, on_delete=models.CASCADE, related_name="rates")
    countries = CountriesField(help_text="Their codes, such as “AT, DE”. If left blank, all countries.")
    zip_code_prefix = LineField(
        "postal code begins with",
        max_length=20,
        blank=True,
        default="",
        help_text="A part of one country. The rates of the whole country then do not count there.",
    )
    from_weight = models.PositiveIntegerField("from g", default=0)
    to_weight = models.PositiveIntegerField("to g", null=True, blank=True)
    from_total = AmountField(verbose_name="from goods of", default=0)
    to_total = optional_amount("to goods of")
    price = AmountField()
    free_from = optional_amount("free from goods of")

    class Meta:
        ordering = ["method", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_weight=None) | Q(from_weight__lte=F("to_weight")),
                name="delivery_weights_in_order",
                violation_error_message="The two weights are out of order.",
            ),
            models.CheckConstraint(
                condition=Q(to_total=None) | Q(from_total__lte=F("to_total")),
                name="delivery_totals_in_order",
                violation_error_message="The two totals are out of order.",
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0, from_total__gte=0) & (Q(free_from=None) | Q(free_from__gte=0)),
                name="delivery_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(zip_code_prefix="") | ~Q(countries="") & ~Q(countries__contains=","),
                name="delivery_postal_codes_in_one_country",
                violation_error_message="Name the one country that has these postal codes.",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.countries, self.zip_code_prefix))) or "all countries"

    @property
    def country_codes(self) -> list[str]:
        return split_countries(self.countries)
