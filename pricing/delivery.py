"""Delivery: what can bring a parcel to its destination, and what it costs. Pure functions over rows that are read."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from core.places import SEPARATORS, Destination
from pricing.models import DeliveryMethod, DeliveryRate

# Their postal codes are an outward and an inward code, SE1 7TW. The letters that begin the outward code are the area.
WITH_OUTWARD_CODES = frozenset({"GB", "GG", "IM", "JE"})
AREA = re.compile(r"[A-Z]+")


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What has to be delivered: its weight in grams, and the total of its goods."""

    weight: int
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A method that can bring the parcel, and its cost."""

    method: DeliveryMethod
    cost: Decimal


def find_offers(rates: Iterable[DeliveryRate], parcel: Parcel, destination: Destination) -> list[Offer]:
    """Return what can bring the parcel there, the cheapest first; at equal cost, in the staff's order.

    `rates` are those of `selectors.delivery_rates()`, where the rates of one method stand together.
    """
    offers = []
    for method, own in groupby(rates, key=attrgetter("method")):
        cost = find_cost(list(own), parcel, destination)
        if cost is not None:
            offers.append(Offer(method=method, cost=cost))
    return sorted(offers, key=attrgetter("cost"))  # a stable sort


def find_cost(rates: Sequence[DeliveryRate], parcel: Parcel, destination: Destination) -> Decimal | None:
    """Return the cost by the rates of one method; None if it does not bring the parcel there.

    Only the rates of the narrowest place count: an island with postal codes of its own never gets the price of its
    country. Of those that take the parcel, the cheapest counts.
    """
    there = [rate for rate in rates if covers(rate, destination)]
    narrowest = max(map(narrowness, there), default=None)
    costs = [cost_by(rate, parcel) for rate in there if narrowness(rate) == narrowest and takes(rate, parcel)]
    return min(costs, default=None)


def covers(rate: DeliveryRate, destination: Destination) -> bool:
    """Whether the destination is in the rate's place."""
    if rate.countries and destination.country not in rate.country_codes:
        return False
    return not rate.zip_code_prefix or has_prefix(destination, rate.zip_code_prefix)


def narrowness(rate: DeliveryRate) -> tuple[int, bool]:
    return len(rate.zip_code_prefix), bool(rate.countries)


def has_prefix(destination: Destination, prefix: str) -> bool:
    """Whether the postal code begins with the prefix.

    British outward codes are compared as a whole, because SE1 is not SE10. Letters alone stand for their area.
    """
    outward, _, _ = destination.zip_code.rpartition(" ")
    if destination.country in WITH_OUTWARD_CODES and " " not in prefix:
        area = AREA.match(outward)
        return prefix == outward or (area is not None and prefix == area[0])
    return without_separators(destination.zip_code).startswith(without_separators(prefix))


def without_separators(zip_code: str) -> str:
    return SEPARATORS.sub("", zip_code)


def takes(rate: DeliveryRate, parcel: Parcel) -> bool:
    """Whether the rate is for this weight and total. Both ends of a range belong to it."""
    return (
        rate.from_weight <= parcel.weight
        and (rate.to_weight is None or parcel.weight <= rate.to_weight)
        and rate.from_total <= parcel.total
        and (rate.to_total is None or parcel.total <= rate.to_total)
    )


def cost_by(rate: DeliveryRate, parcel: Parcel) -> Decimal:
    is_free = rate.free_from is not None and parcel.total >= rate.free_from
    return Decimal(0) if is_free else rate.price
