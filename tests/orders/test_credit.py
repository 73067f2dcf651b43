"""Credit notes add up: of random orders, refunded in random parts, no unit is lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from orders.documents.content import Line, LineTax
from orders.documents.credit import Returned, credit, lines_left
from orders.refunding import part
from pricing.quote import Part, Quote
from tests.benchmarks.sums import draw

REFUNDS = 12


def invoice_of(order: Quote) -> tuple[Line, ...]:
    """Return the lines of the invoice of a quote."""

    def build(part: Part, item: int | None, quantity: int) -> Line:
        taxes = tuple(
            LineTax(name=tax.rate.name, percent=str(tax.rate.percent), base=tax.base, amount=tax.amount)
            for tax in part.taxes
        )
        net = part.charged - part.tax if order.prices_include_tax else part.charged
        return Line(item=item, name="", quantity=quantity, unit=0, net=net, taxes=taxes)

    lines = [build(line, line.key, line.quantity) for line in order.lines]
    return (*lines, build(order.delivery, None, 1))


@dataclass
class Refunding:
    """Refunds of an order as the staff make them: of amounts, and of units at what was paid for them."""

    invoice: Sequence[Line]
    random: Random
    credited: list[tuple[Line, ...]] = field(default_factory=list)
    units: Counter[int | None] = field(default_factory=Counter)
    shares: dict[int | None, tuple[int, int]] = field(default_factory=dict)

    @property
    def left(self) -> list[Line]:
        return lines_left(self.invoice, [line for note in self.credited for line in note])

    @property
    def open_amount(self) -> int:
        return sum(line.gross for line in self.left)

    def refund(self, amount: int, returned: dict[int | None, Returned] | None = None) -> None:
        self.credited.append(credit(self.left, amount=amount, returned=returned or {}))

    def refund_units(self, line: Line) -> None:
        """Refund some units of a line, by what refunds of items alone have left of it, as `write_refund` does."""
        units = (line.quantity or 0) - self.units[line.item]
        if not units:
            return
        wanted = self.random.randint(1, units)
        net, tax = self.shares.get(line.item, (line.net, line.tax))
        own = Returned(quantity=wanted, net=part(net, units, wanted), tax=part(tax, units, wanted))
        if 0 < own.net + own.tax <= self.open_amount:
            self.units[line.item] += wanted
            self.shares[line.item] = net - own.net, tax - own.tax
            self.refund(own.net + own.tax, {line.item: own})

    def go_on(self) -> None:
        if self.random.random() < 0.6:
            self.refund_units(self.random.choice(self.invoice))
        elif self.open_amount:
            self.refund(self.random.randint(1, self.open_amount))

    def faults(self) -> Iterator[str]:
        for note in self.credited:
            for line in note:
                if line.net > 0 or any(tax.amount > 0 or tax.base > 0 for tax in line.taxes):
                    yield f"a credit note adds something: {line}"
        for line in self.left:
            if min([line.net, *(value for tax in line.taxes for value in (tax.amount, tax.base))]) < 0:
                yield f"more is credited than there was: {line}"


@pytest.mark.parametrize("seed", range(60))
def test_parts_add_up_to_the_invoice(seed: int) -> None:
    random = Random(f"credit/{seed}")
    invoice = invoice_of(draw(random))
    refunding = Refunding(invoice, random)
    for _ in range(REFUNDS):
        refunding.go_on()
        assert list(refunding.faults()) == []
    if refunding.open_amount:
        refunding.refund(refunding.open_amount)
    assert [line for line in refunding.left if line.net or line.tax] == []
    assert [tax for line in refunding.left for tax in line.taxes if tax.base] == []


@pytest.mark.parametrize("seed", range(30))
def test_an_amount_has_the_share_of_each_tax(seed: int) -> None:
    """Over the lines of one set of rates, each tax is within a unit of its exact share, however many they are."""
    random = Random(f"shares/{seed}")
    invoice = tuple(
        Line(
            item=key,
            name="",
            net=random.randint(1, 5_000),
            taxes=(LineTax(name="VAT", percent="19", base=0, amount=random.randint(0, 900)),),
        )
        for key in range(50)
    )
    total, tax = sum(line.gross for line in invoice), sum(line.tax for line in invoice)
    amount = random.randint(1, total)
    lines = credit(invoice, amount=amount, returned={})
    assert -sum(line.gross for line in lines) == amount
    assert abs(-sum(line.tax for line in lines) - Fraction(tax * amount, total)) < 1


class TestCredit:
    LINE = Line(
        item=1,
        name="Lamp",
        quantity=3,
        unit=100,
        net=252,
        taxes=(LineTax(name="VAT", percent="19", base=252, amount=48),),
    )

    def test_units_have_their_quantity(self) -> None:
        returned: dict[int | None, Returned] = {1: Returned(quantity=2, net=168, tax=32)}
        [line] = credit([self.LINE], amount=200, returned=returned)
        assert (line.quantity, line.net, line.tax, line.taxes[0].base) == (-2, -168, -32, -168)

    def test_an_amount_has_none(self) -> None:
        [line] = credit([self.LINE], amount=119, returned={})
        assert (line.quantity, line.unit, line.net, line.tax) == (None, None, -100, -19)

    def test_what_is_credited_already_is_taken_from_the_rest(self) -> None:
        """An amount was refunded before, so the last unit is worth more than what is left of its line."""
        other = Line(item=2, name="Shade", quantity=1, unit=100, net=100)
        [first, second] = credit([self.LINE, other], amount=200, returned={})
        left = lines_left([self.LINE, other], [first, second])
        assert (first.gross, second.gross) == (-150, -50)
        lines = credit(left, amount=100, returned={2: Returned(quantity=1, net=100, tax=0)})
        assert [(line.item, line.gross) for line in lines] == [(1, -50), (2, -50)]

    def test_less_than_was_refunded(self) -> None:
        returned: dict[int | None, Returned] = {1: Returned(quantity=3, net=252, tax=48)}
        [line] = credit([self.LINE], amount=30, returned=returned)
        assert (line.quantity, line.gross) == (None, -30)

    def test_a_rate_of_0_percent_stays(self) -> None:
        line = Line(item=1, name="", net=100, taxes=(LineTax(name="VAT", percent="0", base=100, amount=0),))
        [credited] = credit([line], amount=40, returned={})
        assert credited.taxes == (LineTax(name="VAT", percent="0", base=-40, amount=0),)
        assert Decimal(credited.taxes[0].percent) == 0
