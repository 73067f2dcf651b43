"""Quotes random orders in four currencies, and says where a unit is lost or found.

python -m tests.benchmarks.sums --orders 100000
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
django.setup()

from core.money import from_minor_units, from_units, to_minor_units  # noqa: E402
from pricing.quote import Code, Delivery, Line, Part, Quote, Rate, allot, quote  # noqa: E402

# With two digits, none, three of which two are used, and none in an amount of hundredths at Stripe.
CURRENCIES = ("USD", "JPY", "KWD", "ISK")
PERCENTS = ("0", "5", "7", "8.625", "9.9750", "19", "20", "25.5", "100")


def draw(random: Random) -> Quote:
    """Return the quote of a random order."""
    classes = [None, 1, 2]
    rates = {
        tax_class: [
            Rate(f"Tax {level}", Decimal(random.choice(PERCENTS))) for level in range(random.randint(0, 3))
        ]
        for tax_class in classes
    }
    lines = [
        Line(
            key=key,
            unit=random.choice([0, 1, random.randint(1, 99), random.randint(100, 999_999)]),
            quantity=random.choice([1, 2, 3, random.randint(1, 999)]),
            tax_class=random.choice(classes),
            in_scope=random.random() < 0.8,
            is_shipped=random.random() < 0.8,
        )
        for key in range(random.randint(1, 12))
    ]
    code = random.choice(
        [
            None,
            Code(amount=random.randint(1, 10**6)),
            Code(percent=Decimal(random.randint(1, 10_000)) / 100, free_delivery=random.random() < 0.2),
        ]
    )
    delivery = Delivery(price=random.randint(0, 5_000), tax_class=random.choice(classes))
    return quote(
        lines,
        code=code,
        delivery=random.choice([None, delivery]),
        rates=rates,
        prices_include_tax=random.random() < 0.5,
    )


def faults(order: Quote, currency: str) -> Iterator[str]:
    """Yield what does not add up, in units and as the decimals that orders keep."""

    def kept(units: int) -> Decimal:
        return from_units(units, currency)

    charged = sum((kept(part.total) - kept(part.discount) for part in order.parts), Decimal(0))
    added = Decimal(0) if order.prices_include_tax else kept(order.tax_total)
    if charged + added != kept(order.total):
        yield f"the parts are {charged + added}, the total is {kept(order.total)}"
    by_part = kept(order.subtotal) - kept(order.discount_total) + kept(order.delivery_total) + added
    if by_part != kept(order.total):
        yield f"subtotal, discount, delivery and tax are {by_part}, the total is {kept(order.total)}"
    if sum((kept(tax.amount) for tax in order.taxes), Decimal(0)) != kept(order.tax_total):
        yield "the taxes by rate are not the tax"
    if from_minor_units(to_minor_units(kept(order.total), currency), currency) != kept(order.total):
        yield f"Stripe would charge another amount than {kept(order.total)}"
    for line in order.lines:
        yield from faults_of(line, included=order.prices_include_tax)
    returned = sum(sum(allot(part.charged, [1] * units)) for part, units in units_of(order))
    if returned != sum(part.charged for part in order.parts):
        yield f"piece by piece {returned} are returned"


def faults_of(line: Part, *, included: bool) -> Iterator[str]:
    if min([line.discount, line.charged, *(tax.amount for tax in line.taxes)]) < 0:
        yield f"an amount is negative: {line}"
    for tax in line.taxes:
        if tax.base + (line.tax if included else 0) != line.charged:
            yield f"base and tax are not what is charged: {line}"


def units_of(order: Quote) -> Iterator[tuple[Part, int]]:
    """Yield each part with the number of pieces that it can be returned in."""
    yield from ((line, line.quantity) for line in order.lines)
    yield order.delivery, 1


def check(number: int, *, seed: str) -> list[str]:
    """Quote an order in each of the currencies in turn, and return its faults."""
    currency = CURRENCIES[number % len(CURRENCIES)]
    return [
        f"order {number} in {currency}: {fault}"
        for fault in faults(draw(Random(f"{seed}/{number}")), currency)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    start = time.monotonic()
    found = [fault for number in range(options.orders) for fault in check(number, seed=options.seed)]
    seconds = time.monotonic() - start
    last = f"{options.orders} orders, {len(found)} faults, {seconds:.0f} s"
    sys.stdout.write("\n".join([*found[:20], last, ""]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
