"""What a credit note takes back of its invoice: a pure function of the invoice, earlier credit notes and the refund.

Whatever was refunded, and in whatever parts, all credit notes of an order that was refunded in full add up to its
invoice, line by line and tax by tax.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from orders.documents.content import Line
from pricing.quote import Rate, allot, round_half_up

# The net and the tax of each rate of a line.
Parts = list[int]


@dataclass(frozen=True, kw_only=True)
class Returned:
    """What a refund of items pays back for a line: how many units, without tax, and the tax."""

    quantity: int
    net: int
    tax: int


def lines_left(invoice: Sequence[Line], credited: Iterable[Line]) -> list[Line]:
    """Return the invoice's lines less what was credited of them, which is negative."""
    left = {line.item: line for line in invoice}
    for line in credited:
        left[line.item] = add(left[line.item], line)
    return list(left.values())


def add(line: Line, other: Line) -> Line:
    taxes = tuple(
        replace(tax, base=tax.base + more.base, amount=tax.amount + more.amount)
        for tax, more in zip(line.taxes, other.taxes, strict=True)
    )
    return replace(line, net=line.net + other.net, taxes=taxes)


def credit(left: Sequence[Line], *, amount: int, returned: Mapping[int | None, Returned]) -> tuple[Line, ...]:
    """Return the lines of a credit note over an amount, of at most what is left of the invoice.

    Returned items are credited as they were refunded, as far as that is left. The rest of the amount is divided among
    all lines in proportion to what is left of them: first among the nets and taxes of each set of rates, so that the
    tax of each rate is exact to a unit, and then among the lines.
    """
    open_parts = {line.item: parts_of(line) for line in left}
    given = {line.item: take_back(line, returned.get(line.item)) for line in left}
    if sum(map(sum, given.values())) > amount:  # less is credited than was refunded
        given = {item: [0] * len(parts) for item, parts in given.items()}
        returned = {}
    rest = amount - sum(map(sum, given.values()))
    still_open = {item: subtract(parts, given[item]) for item, parts in open_parts.items()}
    for item, more in spread(rest, left, still_open).items():
        given[item] = [mine + own for mine, own in zip(given[item], more, strict=True)]
    return tuple(
        build(line, given[line.item], returned.get(line.item)) for line in left if any(given[line.item])
    )


def parts_of(line: Line) -> Parts:
    return [line.net, *(tax.amount for tax in line.taxes)]


def subtract(parts: Parts, others: Parts) -> Parts:
    return [part - other for part, other in zip(parts, others, strict=True)]


def take_back(line: Line, returned: Returned | None) -> Parts:
    """Return what was refunded for the line, as far as it is left."""
    if returned is None:
        return [0] * (1 + len(line.taxes))
    taxes = [tax.amount for tax in line.taxes]
    shares = allot(min(returned.tax, line.tax), taxes) if taxes else []
    return [min(returned.net, line.net), *shares]


def spread(rest: int, left: Sequence[Line], parts: Mapping[int | None, Parts]) -> dict[int | None, Parts]:
    """Divide the rest among the parts of all lines. None gets more than it has, because the rest is at most all."""
    groups: dict[tuple[tuple[Rate, ...], int], list[int | None]] = defaultdict(list)
    for line in left:
        for place in range(len(parts[line.item])):
            groups[line.rates, place].append(line.item)
    totals = [sum(parts[item][place] for item in items) for (_, place), items in groups.items()]
    given = {item: [0] * len(own) for item, own in parts.items()}
    for ((_, place), items), share in zip(groups.items(), allot(rest, totals), strict=True):
        for item, own in zip(items, allot(share, [parts[item][place] for item in items]), strict=True):
            given[item][place] = own
    return given


def build(line: Line, given: Parts, returned: Returned | None) -> Line:
    """Build the line of a credit note, whose amounts are negative."""
    net, *amounts = given
    taxes = tuple(
        replace(tax, base=-base_of(tax.base, net, line.net), amount=-amount)
        for tax, amount in zip(line.taxes, amounts, strict=True)
    )
    quantity = -returned.quantity if returned and returned.quantity else None
    return replace(line, quantity=quantity, unit=None, discount=0, net=-net, taxes=taxes)


def base_of(base: int, net: int, of_net: int) -> int:
    """Return the part of a tax's base that belongs to a part of the line's net. Several rates may share a delivery."""
    return round_half_up(Fraction(base * net, of_net)) if of_net else base
