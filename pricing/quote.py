"""The quote: what goods, code, delivery and tax come to. All amounts are integers of the smallest unit of a currency.

It is a pure function of its arguments. Nothing else in the store adds up an order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

# ── What goes in ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Rate:
    """A rate of tax, by the name that it has on invoices. 0 % is a rate, too."""

    name: str
    percent: Decimal


# The rates of each tax class at the destination, which are added to each other. None is the class of goods that name
# none. A class that is missing is not taxed.
Rates = Mapping[int | None, Sequence[Rate]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A quantity of one variant at its price. The key is the caller's, to find its line again."""

    key: int
    unit: int
    quantity: int
    tax_class: int | None = None
    in_scope: bool = True  # of the code
    is_shipped: bool = True
    reduction: int = 0  # what the product's own discount took off the unit

    @property
    def total(self) -> int:
        return self.unit * self.quantity


@dataclass(frozen=True, kw_only=True)
class Code:
    """What a code takes off the goods in its scope, an amount or a percentage, and whether it pays for the delivery."""

    amount: int = 0
    percent: Decimal = Decimal(0)
    free_delivery: bool = False


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The price of a delivery. Without a tax class it is taxed by the rates of the goods, in proportion."""

    price: int
    tax_class: int | None = None


# ── What comes out ───────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Tax:
    """The tax of one rate on a line, a delivery or an order. The base is without tax."""

    rate: Rate
    base: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """A line or the delivery, as it is charged. Its discount and its taxes are those of the whole quantity."""

    total: int  # before the code
    discount: int
    tax_class: int | None
    taxes: tuple[Tax, ...] = ()

    @property
    def charged(self) -> int:
        return self.total - self.discount

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)


@dataclass(frozen=True, kw_only=True)
class QuotedLine(Part):
    key: int
    unit: int
    quantity: int
    reduction: int
    is_shipped: bool


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What an order costs.

    `total` is `subtotal` less `discount_total`, plus `delivery_total`, plus `tax_total` where prices do not include it.
    """

    lines: tuple[QuotedLine, ...]
    delivery: Part
    prices_include_tax: bool

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.lines, self.delivery)

    @cached_property
    def subtotal(self) -> int:
        """The goods, before the code."""
        return sum(line.total for line in self.lines)

    @cached_property
    def reduction(self) -> int:
        """What the products' own discounts took off the goods, before the subtotal."""
        return sum(line.reduction * line.quantity for line in self.lines)

    @cached_property
    def discount_total(self) -> int:
        """What the code took off, from goods and delivery."""
        return sum(part.discount for part in self.parts)

    @property
    def delivery_total(self) -> int:
        """The delivery, before the code."""
        return self.delivery.total

    @cached_property
    def tax_total(self) -> int:
        return sum(part.tax for part in self.parts)

    @cached_property
    def taxes(self) -> tuple[Tax, ...]:
        """One for each rate, over the order."""
        return add_up(tax for part in self.parts for tax in part.taxes)

    @cached_property
    def total(self) -> int:
        """What the shopper pays."""
        charged = sum(part.charged for part in self.parts)
        return charged if self.prices_include_tax else charged + self.tax_total


# ── The quote ────────────────────────────────────────────────────────────────


def quote(
    lines: Sequence[Line],
    *,
    code: Code | None = None,
    delivery: Delivery | None = None,
    rates: Rates,
    prices_include_tax: bool,
) -> Quote:
    """Return what the lines cost with the code and the delivery. Without anything to ship, nothing is delivered."""
    charged = charge(lines, code=code, delivery=delivery, prices_include_tax=prices_include_tax)
    return add_taxes(charged, tax_by_rates(charged, rates))


def charge(
    lines: Sequence[Line], *, code: Code | None, delivery: Delivery | None, prices_include_tax: bool
) -> Quote:
    """Return the quote without its taxes.

    The code takes no more than the goods, and is allotted to them in proportion.
    """
    cost = delivery.price if delivery and any(line.is_shipped for line in lines) else 0
    return Quote(
        lines=tuple(
            QuotedLine(
                key=line.key,
                unit=line.unit,
                quantity=line.quantity,
                reduction=line.reduction,
                is_shipped=line.is_shipped,
                total=line.total,
                discount=discount,
                tax_class=line.tax_class,
            )
            for line, discount in zip(lines, discounts_of(lines, code), strict=True)
        ),
        delivery=Part(
            total=cost,
            discount=cost if code and code.free_delivery else 0,
            tax_class=delivery.tax_class if delivery else None,
        ),
        prices_include_tax=prices_include_tax,
    )


def discounts_of(lines: Sequence[Line], code: Code | None) -> list[int]:
    """Return what the code takes off each line."""
    weights = [line.total if line.in_scope else 0 for line in lines]
    goods = sum(weights)
    if code is None or not goods:
        return [0] * len(lines)
    wanted = code.amount + round_half_up(goods * Fraction(code.percent) / 100)
    return allot(min(wanted, goods), weights)


def add_taxes(charged: Quote, taxes: Sequence[Sequence[Tax]]) -> Quote:
    """Return the quote with the taxes of each of its parts, in their order."""
    *of_lines, of_delivery = map(tuple, taxes)
    lines = [replace(line, taxes=own) for line, own in zip(charged.lines, of_lines, strict=True)]
    return replace(charged, lines=tuple(lines), delivery=replace(charged.delivery, taxes=of_delivery))


def tax_by_rates(charged: Quote, rates: Rates) -> list[tuple[Tax, ...]]:
    """Return the taxes of each part of the quote.

    Tax is rounded half up, once for each set of rates over goods and delivery, and allotted to them in proportion.
    Rounding it for each line would be off by a unit for every few lines. Where prices include tax, the tax is rounded,
    and the rest is the net.
    """
    lines, delivery = charged.lines, charged.delivery
    sets = [rate_set(rates, line.tax_class) for line in lines]
    if delivery.tax_class is None:
        carried = carry(charged, sets)
    else:
        carried = {rate_set(rates, delivery.tax_class): delivery.charged}
    shares = {rates: share for rates, share in carried.items() if share}
    amounts = [*(line.charged for line in lines), *shares.values()]
    taxes = tax_by_set(amounts, [*sets, *shares], included=charged.prices_include_tax)
    of_delivery = add_up(tax for own in taxes[len(lines) :] for tax in own)
    return [*taxes[: len(lines)], of_delivery]


# A set of rates in one order, so that two classes with the same rates are taxed together.
RateSet = tuple[Rate, ...]


def rate_set(rates: Rates, tax_class: int | None) -> RateSet:
    return tuple(in_order(rates.get(tax_class, ())))


def in_order(rates: Iterable[Rate]) -> list[Rate]:
    """Return the rates, the highest first."""
    return sorted(rates, key=lambda rate: (-rate.percent, rate.name))


def carry(charged: Quote, sets: Sequence[RateSet]) -> dict[RateSet, int]:
    """Divide what is charged for the delivery among the sets of rates of the goods that it brings, in proportion.

    Where the code has made all of them free, their prices before it count.
    """
    brought = [each for each in zip(sets, charged.lines, strict=True) if each[1].is_shipped]
    weights: dict[RateSet, int] = dict.fromkeys([rates for rates, _ in brought], 0)
    are_free = not any(line.charged for _, line in brought)
    for rates, line in brought:
        weights[rates] += line.total if are_free else line.charged
    shares = allot(charged.delivery.charged, list(weights.values()))
    return dict(zip(weights, shares, strict=True))


def tax_by_set(amounts: Sequence[int], sets: Sequence[RateSet], *, included: bool) -> list[tuple[Tax, ...]]:
    """Return the taxes of each amount by its set of rates."""
    members: dict[RateSet, list[int]] = defaultdict(list)
    for index, rates in enumerate(sets):
        members[rates].append(index)
    taxes: list[tuple[Tax, ...]] = [()] * len(amounts)
    for rates, indexes in members.items():
        percents = [Fraction(rate.percent) for rate in rates]
        percent, taxable = sum(percents, Fraction(0)), [amounts[index] for index in indexes]
        tax = round_half_up(sum(taxable) * percent / (100 + percent if included else 100))
        # Each amount gets its part of the tax, and divides it among the rates by what they still have to give. So
        # neither loses a unit, and no amount is taxed by more than itself.
        left = allot(tax, percents) if rates else []
        for index, share in zip(indexes, allot(tax, taxable), strict=True):
            shares = allot(share, left)
            left = [rest - given for rest, given in zip(left, shares, strict=True)]
            base = amounts[index] - share if included else amounts[index]
            taxes[index] = tuple(
                Tax(rate=rate, base=base, amount=given) for rate, given in zip(rates, shares, strict=True)
            )
    return taxes


def add_up(taxes: Iterable[Tax]) -> tuple[Tax, ...]:
    """Return one tax for each rate, the highest first."""
    sums: dict[Rate, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for tax in taxes:
        base, amount = sums[tax.rate]
        sums[tax.rate] = base + tax.base, amount + tax.amount
    return tuple(Tax(rate=rate, base=sums[rate][0], amount=sums[rate][1]) for rate in in_order(sums))


def allot(total: int, weights: Sequence[int | Fraction]) -> list[int]:
    """Divide a total in proportion to the weights, by largest remainder. Ties go to the earlier.

    If all weights are 0, they count as equal. This is the only place where a unit is given to somebody.
    """
    if not weights and total:
        raise ValueError(f"There is nobody to give {total} to.")
    if total < 0:
        return [-share for share in allot(-total, weights)]
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    quotas = [divmod(total * weight, whole) for weight in weights]
    shares = [int(share) for share, _ in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda index: -quotas[index][1])  # a stable sort
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def round_half_up(number: Fraction) -> int:
    """Round a number that is not negative."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)
