"""Amounts of money: smallest units, rounding and formatting."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any, cast

from babel import Locale
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern
from babel.numbers import format_percent as babel_percent
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _
from django.utils.translation import to_locale

from core.currencies import DIGITS, EXPONENTS
from core.languages import current_language

SYMBOL_BEFORE_NUMBER = re.compile(r"¤(?=[#0])")

# The most that Stripe charges at once, in its smallest units.
MAX_MINOR_UNITS = 99_999_999


@cache
def smallest_unit(currency: str) -> Decimal:
    """The smallest difference between two amounts.

    Raises: KeyError, for a currency that is not in the table.
    """
    return Decimal(1).scaleb(-DIGITS[currency])


def round_half_up(amount: Decimal, currency: str) -> Decimal:
    """Round to the currency's smallest unit. This also gives an amount from the database its proper digits."""
    return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


def apply_discount(price: Decimal, discount: Decimal, *, currency: str) -> Decimal:
    """Return the price less `discount` per cent, rounded half up."""
    return round_half_up(price * (100 - discount) / 100, currency)


def plain(number: Decimal) -> Decimal:
    """Return the number without zeros at its end, and without an exponent: 20, not 20.0000 or 2E+1."""
    return Decimal(f"{number.normalize():f}")


def to_units(amount: Decimal, currency: str) -> int:
    """Return the amount in the currency's smallest units. Stripe's can be smaller ones, which it does not charge.

    Raises: ValueError, for an amount with more digits than the currency has.
    """
    exact = round_half_up(amount, currency)
    if amount != exact:
        raise ValueError(f"{amount} has more digits than {currency}")
    return int(exact.scaleb(DIGITS[currency]))


def nearest_units(amount: Decimal, currency: str) -> int:
    """Return an amount of the database, which may have more digits than the currency, in the smallest units."""
    return to_units(round_half_up(amount, currency), currency)


def from_units(units: int, currency: str) -> Decimal:
    """The inverse of `to_units`."""
    return units * smallest_unit(currency)


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Return the amount in Stripe's smallest units.

    Raises: ValueError, for an amount with more digits than the currency has.
    """
    of_one: int = 10 ** (EXPONENTS[currency] - DIGITS[currency])
    return to_units(amount, currency) * of_one


def from_minor_units(units: int, currency: str) -> Decimal:
    """The inverse of `to_minor_units`."""
    return round_half_up(Decimal(units).scaleb(-EXPONENTS[currency]), currency)


def format_money(amount: Decimal, currency: str) -> str:
    """Format the amount as the current language does: `$19.90`, `1.234,50 €`."""
    return format_for_language(amount, currency, current_language())


@lru_cache(maxsize=10_000)
def format_for_language(amount: Decimal, currency: str, language: str) -> str:
    locale = Locale.parse(to_locale(language))
    exact = round_half_up(amount, currency)
    text: str = pattern(currency, locale).apply(exact, locale, currency=currency, currency_digits=False)
    return text


def format_percent(percent: Decimal) -> str:
    """Format the number of per cent as the current language does: `7.25%`, `7,25 %`."""
    locale = Locale.parse(to_locale(current_language()))
    text: str = babel_percent(percent / 100, locale=locale, decimal_quantization=False)
    return text


@cache
def pattern(currency: str, locale: Locale) -> NumberPattern:
    """The locale's pattern with our digits. Babel's are not always the digits that are charged, as in RSD.

    A symbol that ends in a letter gets a space before the number: Babel does not know this rule of the locales.
    """
    text = locale.currency_formats["standard"].pattern
    if get_currency_symbol(currency, locale)[-1].isalpha():
        text = SYMBOL_BEFORE_NUMBER.sub("¤\N{NO-BREAK SPACE}", text)
    standard = parse_pattern(text)
    standard.frac_prec = DIGITS[currency], DIGITS[currency]
    return standard


@dataclass(frozen=True)
class Money:
    """An amount with its currency's digits."""

    amount: Decimal
    currency: str

    @property
    def minor_units(self) -> int:
        return to_minor_units(self.amount, self.currency)

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """Build it from an amount of the database, which may have more or fewer digits than the currency."""
        return cls(round_half_up(amount, currency), currency)


def validate_amount(amount: Decimal) -> None:
    """Check that an amount is 0 to MAX_MINOR_UNITS, with no more digits than STORE_CURRENCY has.

    Raises: Django's ValidationError.
    """
    currency = settings.STORE_CURRENCY
    most = from_minor_units(MAX_MINOR_UNITS, currency)
    if not (amount.is_finite() and 0 <= amount <= most):
        raise ValidationError(_("Enter an amount between 0 and %(most)s.") % {"most": most}, code="range")
    if amount != round_half_up(amount, currency):
        raise ValidationError(
            _("Enter at most %(digits)s digits after the point.") % {"digits": DIGITS[currency]},
            code="digits",
        )


class AmountField(models.DecimalField[Decimal | int | Combinable, Decimal]):
    """An amount in any currency of the table."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{"max_digits": 10, "decimal_places": 2, "validators": [validate_amount], **options}
        )


def optional_amount(
    verbose_name: str, **options: Any
) -> "models.DecimalField[Decimal | int | None, Decimal | None]":
    """Return the field of an amount that may be missing."""
    field = AmountField(**{"verbose_name": verbose_name, "null": True, "blank": True, **options})
    return cast("models.DecimalField[Decimal | int | None, Decimal | None]", field)
