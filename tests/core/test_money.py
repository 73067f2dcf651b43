"""Amounts as people write them."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from core.currencies import DIGITS
from core.money import format_money


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
