"""Fields, constraints and texts that products and variants share."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol, cast

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.money import AmountField, apply_discount
from core.slugs import SlugField

MAX_STOCK = 1_000_000_000
MAX_ALT = 500  # characters
# The names of the options on a product, and their values on a variant.
OPTIONS = ("option_1", "option_2", "option_3")
# The same values of a variant as rows.
OPTION_VALUES = ("value_1", "value_2", "value_3")
MAX_OPTIONS = len(OPTIONS)


def slug_field() -> SlugField:
    """Return the field of a slug, which the services take from the name where it is left blank."""
    return SlugField(
        blank=True,
        help_text="A part of the page's address. It is made of the name if left blank. Old addresses still lead here.",
    )


class HasPrice(Protocol):
    price: Decimal
    discount: Decimal


class FinalPriceField(AmountField):
    """The price less the discount, computed whenever the row is written, like auto_now."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Decimal:
        priced = cast(HasPrice, model_instance)
        final_price = apply_discount(
            Decimal(priced.price), Decimal(priced.discount), currency=settings.STORE_CURRENCY
        )
        setattr(priced, self.attname, final_price)
        return final_price


def percent_field() -> models.DecimalField[Decimal | int, Decimal]:
    """Return the field of a discount. Not a class of its own, of which Strawberry-Django would not know the type."""
    return models.DecimalField(
        "discount, %",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )


def stock_field() -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField("in stock", default=0, validators=[MaxValueValidator(MAX_STOCK)])


def priced_and_stocked(prefix: str) -> list[models.CheckConstraint]:
    """Return the rules of price, discount and stock, which a product and its variants share."""
    conditions = {
        "price_not_negative": Q(price__gte=0),
        "discount_is_a_percentage": Q(discount__gte=0, discount__lte=100),
        "final_price_at_most_price": Q(final_price__gte=0, final_price__lte=F("price")),
        "stock_in_range": Q(stock__gte=0, stock__lte=MAX_STOCK),
    }
    return [
        models.CheckConstraint(condition=condition, name=f"{prefix}_{name}")
        for name, condition in conditions.items()
    ]


def options_without_gaps(prefix: str) -> models.CheckConstraint:
    """Return the rule that the second option is only used with the first, and the third with the second."""
    second = Q(option_2="") | ~Q(option_1="")
    third = Q(option_3="") | ~Q(option_2="")
    return models.CheckConstraint(condition=second & third, name=f"{prefix}_options_without_gaps")


def is_past(moment: datetime | None) -> bool:
    """Whether the moment has come; False for none."""
    return moment is not None and moment <= timezone.now()


class HasOptions(Protocol):
    option_1: str
    option_2: str
    option_3: str


def used_options(row: HasOptions) -> list[str]:
    return [text for text in (row.option_1, row.option_2, row.option_3) if text]
