"""TaxRate: what a place charges on a class of goods from a day on."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models import TaxClass
from core.money import plain
from core.places import country, state_key, states_named
from core.text import LineField, single_line, validate_not_blank

MAX_LEVEL = 5


class TaxRate(models.Model):
    """A rate of tax on a class of goods, in a country or one of its states, from a day until the next one of its kind.

    Rates of several levels are added to each other, as those of a state and a city. On each level a region's rate takes
    the place of its country's. A region is the key of a state, of which addresses may have another spelling. A rate of
    0 % is a rate, too.
    """

    tax_class = models.ForeignKey(TaxClass, on_delete=models.PROTECT, related_name="rates", db_index=False)
    country = LineField(max_length=2, help_text="ISO 3166-1 alpha-2.")
    region = LineField(
        max_length=100,
        blank=True,
        default="",
        help_text="A state or province. If left blank, the whole country.",
    )
    level = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_LEVEL)],
        help_text="1, unless several taxes are added to each other: the state's 1, the city's 2.",
    )
    name = LineField(max_length=100, validators=[validate_not_blank], help_text="As invoices name it: VAT.")
    percent = models.DecimalField(
        "rate, %",
        max_digits=7,
        decimal_places=4,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    valid_from = models.DateField(help_text="In the shop's time zone. Orders that are placed already stay.")

    is_default: bool  # whether its class is the default, annotated by selectors.tax_rates

    class Meta:
        ordering = ["country", "region", "tax_class", "level", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["tax_class", "country", "region", "level", "valid_from"],
                name="one_tax_rate_at_a_time",
                violation_error_message=(
                    "There is already a rate of this class, place and level from this day on. Two rates that are added "
                    "to each other have different levels."
                ),
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="tax_rate_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(level__gte=1, level__lte=MAX_LEVEL), name="tax_rate_level_in_range"
            ),
        ]
        indexes = [models.Index(fields=["country", "valid_from"], name="tax_rate_by_country")]

    def __str__(self) -> str:
        place = f"{self.country} {self.region}".strip()
        return f"{self.name} {plain(self.percent)} %, {place}"

    def clean(self) -> None:
        """Set the country to its code, and the region to its key.

        Raises:
            Django's ValidationError: there is no such place.
        """
        code = single_line(self.country)
        rules = country(code.upper() if code.isascii() else code)
        if rules is None:
            raise ValidationError({"country": "Enter the two-letter ISO 3166-1 code of a country."})
        self.country, typed = rules.code, single_line(self.region)
        if typed and rules.states and len(states_named(typed, rules)) != 1:
            raise ValidationError({"region": f"{rules.code} has no single state of this name."})
        self.region = state_key(typed, rules)
