"""Tax: the rates of a sale, what a price is abroad, and the seam for a provider of tax."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Protocol

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from core.money import plain
from core.places import Destination, country, state_key
from pricing import selectors, vat
from pricing.models import TaxRate
from pricing.quote import (
    Code,
    Delivery,
    Line,
    Quote,
    Rate,
    Rates,
    Tax,
    add_taxes,
    charge,
    round_half_up,
    tax_by_rates,
)


def home() -> Destination:
    """Return where the shop is, which is also assumed until a destination is known."""
    return Destination(country=settings.STORE_COUNTRY)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What decides on the tax, besides the goods. The VAT id is normalized, and blank for consumers."""

    destination: Destination
    day: date
    vat_id: str = ""

    @property
    def is_reverse_charge(self) -> bool:
        return vat.is_reverse_charge(
            seller=settings.STORE_COUNTRY, destination=self.destination, vat_id=self.vat_id
        )

    @property
    def is_abroad(self) -> bool:
        return self.destination.country != settings.STORE_COUNTRY or vat.is_outside(self.destination)

    @property
    def takes_over_net(self) -> bool:
        """Whether the price without the tax of the shop's country stays, instead of the price with it."""
        if not settings.STORE_PRICES_INCLUDE_TAX:
            return False
        return self.is_reverse_charge or (self.is_abroad and settings.STORE_PRICES_ABROAD == "net")

    def tables(self) -> QuerySet[TaxRate]:
        """Return the rates that `price` needs."""
        return selectors.tax_rates(
            countries={settings.STORE_COUNTRY, self.destination.country},
            regions={region_of(self.destination)},
            day=self.day,
        )


class TaxProvider(Protocol):
    """A class that STORE_TAX_PROVIDER can name: lines and destination in, amounts out.

    It is asked inside the checkout's transaction, and by the cart a moment before. One that asks another service should
    do so with a short timeout, and keep the answers in the cache.
    """

    def taxes(self, charged: Quote, sale: Sale, rates: Rates) -> Sequence[Sequence[Tax]]:
        """Return the taxes of each of the quote's parts, in their order. `rates` are those of the shop's own tables."""


class TaxTables:
    """The provider that charges the rates of the shop's tables."""

    def taxes(self, charged: Quote, sale: Sale, rates: Rates) -> Sequence[Sequence[Tax]]:
        return tax_by_rates(charged, rates)


def price(
    lines: Sequence[Line],
    *,
    code: Code | None = None,
    delivery: Delivery | None = None,
    sale: Sale,
    tables: Iterable[TaxRate],
) -> Quote:
    """Return what a sale costs by the shop's settings. `tables` are the rows of `sale.tables()`."""
    rows = list(tables)
    rates = {} if sale.is_reverse_charge else rates_at(rows, sale.destination)
    if sale.takes_over_net:
        lines, delivery = take_over_net(lines, delivery, here=rates_at(rows, home()), there=rates)
    charged = charge(
        lines, code=code, delivery=delivery, prices_include_tax=settings.STORE_PRICES_INCLUDE_TAX
    )
    provider: TaxProvider = import_string(settings.STORE_TAX_PROVIDER)()
    return add_taxes(charged, provider.taxes(charged, sale, rates))


def region_of(destination: Destination) -> str:
    return state_key(destination.state, country(destination.country))


def rates_at(tables: Iterable[TaxRate], destination: Destination) -> Rates:
    """Return the rates of each tax class at the destination, on the day of `tables`.

    Of one class and level, a region's rate counts before its country's, and the latest of those. A territory outside
    of its country's VAT area has only the rates of its own region.
    """
    regions = {region_of(destination), ""}
    if vat.is_outside(destination):
        regions.remove("")
    there = [rate for rate in tables if rate.country == destination.country and rate.region in regions]
    chosen: dict[tuple[int, int], TaxRate] = {}
    for rate in sorted(there, key=lambda rate: (rate.region != "", rate.valid_from)):
        chosen[rate.tax_class_id, rate.level] = rate
    rates: dict[int | None, list[Rate]] = defaultdict(list)
    for (tax_class, _), rate in sorted(chosen.items()):
        own = Rate(rate.name, plain(rate.percent))
        rates[tax_class].append(own)
        if rate.is_default:
            rates[None].append(own)
    return rates


def take_over_net(
    lines: Sequence[Line], delivery: Delivery | None, *, here: Rates, there: Rates
) -> tuple[list[Line], Delivery | None]:
    """Return the lines and the delivery at prices that include the tax there in place of the tax here."""

    def convert(amount: int, tax_class: int | None) -> int:
        return round_half_up(
            Fraction(amount) * (100 + percent_of(there, tax_class)) / (100 + percent_of(here, tax_class))
        )

    def convert_line(line: Line) -> Line:
        unit, full = convert(line.unit, line.tax_class), convert(line.unit + line.reduction, line.tax_class)
        return replace(line, unit=unit, reduction=full - unit)

    converted = [convert_line(line) for line in lines]
    if delivery and delivery.tax_class is not None:
        delivery = replace(delivery, price=convert(delivery.price, delivery.tax_class))
    elif delivery and (goods := sum(line.total for line in lines if line.is_shipped)):
        moved = Fraction(sum(line.total for line in converted if line.is_shipped), goods)
        delivery = replace(delivery, price=round_half_up(delivery.price * moved))
    return converted, delivery


def percent_of(rates: Rates, tax_class: int | None) -> Fraction:
    return sum((Fraction(rate.percent) for rate in rates.get(tax_class, ())), Fraction(0))
