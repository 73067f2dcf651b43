"""Rates of tax: which count where and when, prices abroad, and other providers of tax."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog.models import TaxClass
from core.places import Destination
from pricing.checks import check_country_exists, check_tax_provider_can_be_asked
from pricing.models import TaxRate
from pricing.quote import Delivery, Line, Quote, Rate, Rates, Tax
from pricing.tax import Sale, home, price, rates_at
from tests.factories import default_tax_class, make_rate

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 1)
GERMANY = Destination(country="DE", zip_code="50667")
AUSTRIA = Destination(country="AT", zip_code="1010")
SWITZERLAND = Destination(country="CH", zip_code="8001")
NEW_YORK = Destination(country="US", zip_code="10001", state="NY")
FRENCH = "FR40303265045"


@pytest.fixture(autouse=True)
def _german_shop(settings: Settings) -> None:
    settings.STORE_COUNTRY = "DE"
    settings.STORE_PRICES_INCLUDE_TAX = True


@pytest.fixture
def books() -> TaxClass:
    return TaxClass.objects.create(name="Books")


def sale(destination: Destination = GERMANY, *, day: date = TODAY, vat_id: str = "") -> Sale:
    return Sale(destination=destination, day=day, vat_id=vat_id)


def rates_of(sold: Sale) -> Rates:
    return rates_at(sold.tables(), sold.destination)


def percents(sold: Sale, tax_class: TaxClass | None = None) -> list[str]:
    rates = rates_of(sold).get(tax_class.pk if tax_class else None, ())
    return [str(rate.percent) for rate in rates]


def line(unit: int = 11900, quantity: int = 1, **fields: Any) -> Line:
    return Line(key=1, unit=unit, quantity=quantity, **fields)


def cost(lines: Sequence[Line], sold: Sale, **parts: Any) -> Quote:
    return price(lines, sale=sold, tables=sold.tables(), **parts)


class TestTaxRate:
    @pytest.mark.parametrize("percent", ["-1", "-0.0001", "100.0001", "1000", "NaN", "Infinity", "x"])
    def test_is_a_percentage(self, percent: str) -> None:
        with pytest.raises(ValidationError) as refusal:
            make_rate("DE", percent)
        assert "percent" in refusal.value.message_dict

    @pytest.mark.parametrize("percent", ["-1", "101"])
    def test_is_a_percentage_whoever_writes_it(self, percent: str) -> None:
        rate = make_rate("DE", "19")
        with transaction.atomic(), pytest.raises(IntegrityError):
            TaxRate.objects.filter(pk=rate.pk).update(percent=Decimal(percent))

    def test_overlaps_none_of_its_class_place_and_day(self, books: TaxClass) -> None:
        make_rate("US", "4", region="NY")
        with pytest.raises(ValidationError, match="already a rate"):
            make_rate("us", "5", region="New York", name="Another")
        for other in ({"region": "NJ"}, {"level": 2}, {"tax_class": books}, {"valid_from": TODAY}):
            make_rate("US", "5", **{"region": "NY", **other})
        rate = TaxRate.objects.get(region="NJ")
        with transaction.atomic(), pytest.raises(IntegrityError):
            TaxRate.objects.filter(pk=rate.pk).update(region="NY")

    @pytest.mark.parametrize("country", ["", "XX", "ZZ", "Germany", "ß", "D", "DE" * 5000, "\0\0"])
    def test_is_of_a_country_that_exists(self, country: str) -> None:
        with pytest.raises(ValidationError) as refusal:
            make_rate(country, "19")
        assert "country" in refusal.value.message_dict

    def test_is_of_a_region_that_exists(self) -> None:
        with pytest.raises(ValidationError) as refusal:
            make_rate("US", "4", region="Bavaria")
        assert "region" in refusal.value.message_dict
        with pytest.raises(ValidationError) as refusal:
            make_rate("ES", "7", region="Canarias")  # two provinces
        assert "region" in refusal.value.message_dict

    def test_has_one_spelling(self) -> None:
        rate = make_rate(" us ", "4", region="new york")
        assert (rate.country, rate.region) == ("US", "NY")

    def test_says_what_it_is(self) -> None:
        assert str(make_rate("US", "4.5", region="NY", name="State tax")) == "State tax 4.5 %, US NY"
        assert str(make_rate("DE", "20", name="VAT")) == "VAT 20 %, DE"


class TestRatesAt:
    def test_a_fresh_store_has_none(self) -> None:
        assert rates_of(sale()) == {}
        found = cost([line()], sale())
        assert (found.total, found.tax_total) == (11900, 0)

    def test_goods_without_a_class_are_of_the_default_one(self, books: TaxClass) -> None:
        make_rate("DE", "19")
        make_rate("DE", "7", tax_class=books)
        assert percents(sale()) == percents(sale(), default_tax_class()) == ["19"]
        assert percents(sale(), books) == ["7"]

    def test_a_rate_counts_from_its_day_to_the_next(self) -> None:
        make_rate("DE", "19", valid_from=date(2020, 1, 1))
        make_rate("DE", "16", valid_from=date(2026, 7, 1))
        make_rate("DE", "20", valid_from=date(2027, 1, 1))
        for day, percent in (
            (date(2019, 12, 31), []),
            (date(2026, 6, 30), ["19"]),
            (date(2026, 7, 1), ["16"]),
            (date(2026, 12, 31), ["16"]),
            (date(2027, 1, 1), ["20"]),
        ):
            assert percents(sale(day=day)) == percent

    def test_a_rate_of_zero_is_a_rate(self) -> None:
        """A state at 0 beside a default of 15."""
        make_rate("US", "15")
        make_rate("US", "0", region="OR")
        assert percents(sale(replace(NEW_YORK, state="OR"))) == ["0"]
        assert percents(sale(NEW_YORK)) == ["15"]

    def test_a_class_without_a_rate_is_not_taxed_by_another(self, books: TaxClass) -> None:
        make_rate("DE", "19")
        assert percents(sale(), books) == []

    def test_rates_of_two_levels_are_added(self) -> None:
        make_rate("US", "4", region="NY", name="State")
        make_rate("US", "4.875", region="NY", name="City", level=2)
        assert percents(sale(NEW_YORK)) == ["4", "4.875"]

    def test_a_region_replaces_the_rate_of_its_level_alone(self) -> None:
        """Canada's federal tax is the first level. Ontario has one tax in place of it, Quebec another beside it."""
        make_rate("CA", "5", name="GST")
        make_rate("CA", "9.975", region="QC", name="QST", level=2)
        make_rate("CA", "13", region="ON", name="HST")
        found = {
            state: percents(sale(Destination(country="CA", state=state))) for state in ("QC", "ON", "AB", "")
        }
        assert found == {"QC": ["5", "9.975"], "ON": ["13"], "AB": ["5"], "": ["5"]}

    def test_a_region_keeps_its_rate_when_the_country_changes_its_own(self) -> None:
        make_rate("US", "0", region="OR")
        make_rate("US", "15", valid_from=date(2026, 5, 1))
        assert percents(sale(replace(NEW_YORK, state="OR"))) == ["0"]

    def test_a_region_waits_for_its_day(self) -> None:
        make_rate("US", "15")
        make_rate("US", "0", region="OR", valid_from=date(2026, 7, 1))
        oregon = replace(NEW_YORK, state="OR")
        assert percents(sale(oregon, day=date(2026, 6, 30))) == ["15"]
        assert percents(sale(oregon, day=date(2026, 7, 1))) == ["0"]

    def test_a_territory_outside_the_vat_area_has_only_rates_of_its_own(self) -> None:
        make_rate("ES", "21")
        islands = Destination(country="ES", zip_code="35001", state="Las Palmas")
        assert percents(sale(islands)) == []
        assert percents(sale(replace(islands, state=""))) == []
        make_rate("ES", "7", region="Las Palmas", name="IGIC")
        assert percents(sale(islands)) == ["7"]
        assert percents(sale(replace(islands, state=""))) == []

    @pytest.mark.parametrize("state", ["Tokyo", "東京都", "tokyo-to"])
    def test_a_region_has_one_key_in_every_script(self, state: str) -> None:
        assert make_rate("JP", "11", region="東京").region == "東京都"
        assert percents(sale(Destination(country="JP", state=state))) == ["11"]

    def test_they_take_one_statement(self, books: TaxClass) -> None:
        for country in ("DE", "AT"):
            make_rate(country, "20")
            make_rate(country, "10", tax_class=books)
        with CaptureQueriesContext(connection) as captured:
            cost([line(), line(tax_class=books.pk)], sale(AUSTRIA))
        assert len(captured) == 1


class TestPrice:
    def test_at_home_includes_the_tax(self) -> None:
        make_rate("DE", "19")
        found = cost([line()], sale())
        assert (found.total, found.tax_total) == (11900, 1900)

    def test_at_home_is_without_the_tax(self, settings: Settings) -> None:
        settings.STORE_PRICES_INCLUDE_TAX = False
        make_rate("DE", "19")
        found = cost([line(10000)], sale())
        assert (found.total, found.tax_total) == (11900, 1900)

    def test_stays_abroad_with_the_tax_there(self) -> None:
        make_rate("DE", "19")
        make_rate("AT", "20")
        found = cost([line()], sale(AUSTRIA))
        assert (found.total, found.tax_total) == (11900, 1983)
        found = cost([line()], sale(SWITZERLAND))
        assert (found.total, found.tax_total) == (11900, 0)

    def test_without_tax_stays_abroad(self, settings: Settings) -> None:
        settings.STORE_PRICES_ABROAD = "net"
        make_rate("DE", "19")
        make_rate("AT", "20")
        found = cost([line()], sale(AUSTRIA))
        assert (found.total, found.tax_total, found.lines[0].unit) == (12000, 2000, 12000)
        found = cost([line()], sale(SWITZERLAND))
        assert (found.total, found.tax_total) == (10000, 0)
        assert cost([line()], sale()).total == 11900

    def test_without_tax_stays_in_a_territory_outside_the_vat_area(self, settings: Settings) -> None:
        settings.STORE_PRICES_ABROAD = "net"
        make_rate("DE", "19")
        assert cost([line()], sale(Destination(country="DE", zip_code="27498"))).total == 10000

    def test_abroad_is_also_that_of_the_delivery_and_before_a_reduction(self, settings: Settings) -> None:
        settings.STORE_PRICES_ABROAD = "net"
        make_rate("DE", "19")
        own = default_tax_class().pk
        for delivery in (Delivery(price=595), Delivery(price=595, tax_class=own)):
            found = cost([line(reduction=2380)], sale(SWITZERLAND), delivery=delivery)
            assert (found.delivery_total, found.reduction, found.total) == (500, 2000, 10500)

    def test_without_tax_is_the_same_everywhere(self, settings: Settings) -> None:
        settings.STORE_PRICES_INCLUDE_TAX, settings.STORE_PRICES_ABROAD = False, "net"
        make_rate("DE", "19")
        make_rate("AT", "20")
        assert cost([line(10000)], sale(AUSTRIA)).total == 12000
        assert cost([line(10000)], sale(SWITZERLAND)).total == 10000

    @pytest.mark.parametrize("abroad", ["gross", "net"])
    def test_for_a_company_of_another_member_is_without_tax(self, settings: Settings, abroad: str) -> None:
        settings.STORE_PRICES_ABROAD = abroad
        make_rate("DE", "19")
        make_rate("FR", "20")
        france = Destination(country="FR", zip_code="75001")
        owed = sale(france, vat_id=FRENCH)
        assert owed.is_reverse_charge
        found = cost([line()], owed)
        assert (found.total, found.tax_total, found.taxes) == (10000, 0, ())
        assert not sale(france).is_reverse_charge

    def test_in_the_canary_islands_is_without_tax_whoever_buys(self) -> None:
        make_rate("ES", "21")
        for vat_id in ("", "ESB58378431"):
            for zip_code in ("35001", " 35 001 "):
                sold = sale(Destination(country="ES", zip_code=zip_code), vat_id=vat_id)
                assert not sold.is_reverse_charge
                assert cost([line()], sold).tax_total == 0

    def test_is_assumed_to_be_at_home(self, settings: Settings) -> None:
        assert home() == Destination(country="DE")
        settings.STORE_COUNTRY = "AT"
        assert home() == Destination(country="AT")


class FlatTax:
    """A provider that charges 1 % on everything, delivery too."""

    def taxes(self, charged: Quote, sale: Sale, rates: Rates) -> Sequence[Sequence[Tax]]:
        one = Rate(f"Flat tax of {sale.destination.country}", Decimal(1))
        return [
            [Tax(rate=one, base=part.charged, amount=part.charged // 100)] if part.charged else []
            for part in charged.parts
        ]


class TestProvider:
    def test_is_a_class_of_the_settings(self, settings: Settings) -> None:
        settings.STORE_TAX_PROVIDER = f"{__name__}.FlatTax"
        settings.STORE_PRICES_INCLUDE_TAX = False
        make_rate("US", "8")
        found = cost([line(10000)], sale(NEW_YORK), delivery=Delivery(price=500))
        assert (found.total, found.tax_total, found.delivery.tax) == (10605, 105, 5)
        [tax] = found.taxes
        assert (tax.rate.name, tax.base) == ("Flat tax of US", 10500)

    def test_is_checked_at_the_start(self, settings: Settings) -> None:
        assert check_tax_provider_can_be_asked() == []
        for path in ("pricing.tax.Nothing", "nothing", "", "pricing.tax.Sale"):
            settings.STORE_TAX_PROVIDER = path
            [error] = check_tax_provider_can_be_asked()
            assert error.id == "pricing.E002"


class TestCountry:
    @pytest.mark.parametrize("code", ["XX", "", "GERMANY", "UK"])
    def test_that_does_not_exist_is_reported(self, settings: Settings, code: str) -> None:
        assert check_country_exists() == []
        settings.STORE_COUNTRY = code
        [error] = check_country_exists()
        assert error.id == "pricing.E001"
