"""Amounts as people write them."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from core.currencies import DIGITS
from core.money import format_money, from_units, to_minor_units, to_units


class TestFormatted:
    @pytest.mark.parametrize(
        ("language", "amount", "currency", "text"),
        [
            ("en-us", "19.9", "USD", "$19.90"),
            ("en-us", "653.00", "JPY", "¥653"),
            ("en-us", "1234567.00", "KRW", "₩1,234,567"),
            ("de", "1234.5", "EUR", "1.234,50\xa0€"),
            ("de-ch", "1234.5", "CHF", "CHF\xa01'234.50"),
            ("fr", "1234.5", "EUR", "1\u202f234,50\xa0€"),
            ("ja", "653", "JPY", "￥653"),
            ("en-us", "12.50", "RSD", "RSD\xa012.50"),
            ("en-us", "12.50", "BHD", "BHD\xa012.50"),
            ("en-us", "1200", "ISK", "ISK\xa01,200"),
        ],
    )
    def test_as_the_locale_writes_it(
        self, settings: Settings, language: str, amount: str, currency: str, text: str
    ) -> None:
        settings.LANGUAGE_CODE = language
        assert format_money(Decimal(amount), currency) == text

    def test_every_currency_with_its_own_digits(self) -> None:
        for currency, digits in DIGITS.items():
            number = format_money(Decimal(1), currency)
            assert number.endswith(f"1.{'0' * digits}" if digits else "1"), number


class TestUnits:
    @pytest.mark.parametrize(
        ("amount", "currency", "units", "minor_units"),
        [
            ("19.90", "USD", 1990, 1990),
            ("653.00", "JPY", 653, 653),
            ("1.25", "KWD", 125, 1250),
            ("1200.00", "ISK", 1200, 120000),
        ],
    )
    def test_are_the_smallest_that_are_charged(
        self, amount: str, currency: str, units: int, minor_units: int
    ) -> None:
        assert to_units(Decimal(amount), currency) == units
        assert from_units(units, currency) == Decimal(amount)
        assert to_minor_units(Decimal(amount), currency) == minor_units

    @pytest.mark.parametrize(("amount", "currency"), [("0.5", "ISK"), ("0.001", "KWD"), ("0.1", "JPY")])
    def test_are_not_divided(self, amount: str, currency: str) -> None:
        with pytest.raises(ValueError, match="more digits"):
            to_units(Decimal(amount), currency)
