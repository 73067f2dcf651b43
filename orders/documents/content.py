"""What an invoice or a credit note says. It is frozen as JSON; amounts are integers of the smallest unit.

Nothing that is edited later, such as an address, a name or a rate of tax, changes it.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.addresses import lines_of
from core.money import nearest_units, plain
from orders.models import Order, OrderItem, OrderTax, Shipping
from pricing.quote import Rate, Tax, add_up


@dataclass(frozen=True, kw_only=True)
class LineTax:
    """The tax of one rate on a line. The base is without tax."""

    name: str
    percent: str
    base: int
    amount: int

    @property
    def rate(self) -> Rate:
        return Rate(self.name, Decimal(self.percent))


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line: an item of the order by its key, or the delivery, which has none.

    A line of a credit note that pays back an amount has no quantity and no price of a unit.
    """

    item: int | None
    name: str
    variant: str = ""
    sku: str = ""
    quantity: int | None = None
    unit: int | None = None
    discount: int = 0
    net: int
    taxes: tuple[LineTax, ...] = ()

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)

    @property
    def gross(self) -> int:
        return self.net + self.tax

    @property
    def rates(self) -> tuple[Rate, ...]:
        return tuple(tax.rate for tax in self.taxes)

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Line":
        return cls(**{**data, "taxes": tuple(LineTax(**tax) for tax in data["taxes"])})


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that a document says, but for its own number. Days are those of the shop's time zone."""

    seller: tuple[str, ...]  # the name, then the lines of the address
    seller_vat_id: str
    bills_to: tuple[str, ...]
    ships_to: tuple[str, ...]  # empty if nothing is shipped, and if it is the same
    vat_id: str
    country: str  # of the buyer
    order: str
    ordered_on: str
    paid_on: str
    issued_on: str
    language: str
    currency: str
    prices_include_tax: bool
    is_reverse_charge: bool
    lines: tuple[Line, ...]
    # The number of the invoice that a credit note corrects, and its day.
    corrects: str = ""
    corrects_of: str = ""

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """One for each rate, the highest first."""
        return add_up(
            Tax(rate=tax.rate, base=tax.base, amount=tax.amount) for line in self.lines for tax in line.taxes
        )

    @property
    def untaxed(self) -> int:
        """What has no rate of tax at all. 0 % is a rate."""
        return sum(line.net for line in self.lines if not line.taxes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Content":
        """The inverse of `to_json`."""
        lines = tuple(Line.of(line) for line in data["lines"])
        texts = {name: tuple(data[name]) for name in ("seller", "bills_to", "ships_to")}
        return cls(**{**data, **texts, "lines": lines})


def freeze_order(
    order: Order,
    *,
    items: Iterable[OrderItem],
    taxes: Collection[OrderTax],
    addresses: Iterable[Shipping],
    paid_at: datetime,
    now: datetime,
) -> Content:
    """Return what the invoice of a placed order says."""
    by_key = {address.pk: address for address in addresses}
    ships_to = by_key[order.shipping_id or 0]
    bills_to = by_key[order.billing_address_id] if order.billing_address_id else ships_to
    buyer, parcel = postal_lines(bills_to), postal_lines(ships_to)
    company = [order.billing_company] if order.billing_company else []
    return Content(
        seller=(settings.STORE_NAME, *settings.STORE_ADDRESS),
        seller_vat_id=settings.STORE_VAT_ID,
        bills_to=(*company, *buyer),
        ships_to=tuple(parcel) if order.requires_shipping and parcel != buyer else (),
        vat_id=order.vat_id,
        country=bills_to.country,
        order=order.number,
        ordered_on=day_of(order.created_at),
        paid_on=day_of(paid_at),
        issued_on=day_of(now),
        language=order.language or settings.LANGUAGE_CODE,
        currency=order.currency,
        prices_include_tax=order.prices_include_tax,
        is_reverse_charge=order.is_reverse_charge,
        lines=lines_of_order(order, items=items, taxes=taxes),
    )


def day_of(moment: datetime) -> str:
    return timezone.localdate(moment).isoformat()


def postal_lines(address: Shipping) -> list[str]:
    """Return the lines of an address without its phone number."""
    return lines_of(Shipping(**{field: getattr(address, field) for field in POSTAL}))


# The columns of an address that are printed.
POSTAL = (
    *("first_name", "last_name", "company", "address", "address2", "building_number"),
    *("city", "zip_code", "state", "country"),
)


def lines_of_order(
    order: Order, *, items: Iterable[OrderItem], taxes: Collection[OrderTax]
) -> tuple[Line, ...]:
    """Return a line for each item, and one for a delivery that costs something, from what the order has frozen."""

    def units(amount: Decimal) -> int:
        return nearest_units(amount, order.currency)

    def build(charged: int, item: int | None, **columns: Any) -> Line:
        own = tuple(
            LineTax(
                name=tax.name, percent=str(plain(tax.percent)), base=units(tax.base), amount=units(tax.amount)
            )
            for tax in taxes
            if tax.item_id == item
        )
        line = Line(item=item, net=charged, taxes=own, **columns)
        return replace(line, net=charged - line.tax) if order.prices_include_tax else line

    lines = [
        build(
            units(item.unit_price * item.quantity - item.discount),
            item.pk,
            name=item.name,
            variant=item.variant_title,
            sku=item.sku,
            quantity=item.quantity,
            unit=units(item.unit_price),
            discount=units(item.discount),
        )
        for item in items
    ]
    if order.delivery_total:
        delivery = build(
            units(order.delivery_total - order.delivery_discount),
            None,
            name=order.delivery_name,
            quantity=1,
            unit=units(order.delivery_total),
            discount=units(order.delivery_discount),
        )
        lines.append(delivery)
    return tuple(lines)
