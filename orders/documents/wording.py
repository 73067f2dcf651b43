"""The texts of a document, in its language. What they look like is pdf.py's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import to_locale

from core.money import format_for_language, from_units
from orders.documents.content import Content, Line
from orders.models import Document, DocumentKind

Row = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """All texts of a document. The first row of `lines` and of `taxes` has the headings."""

    title: str
    seller: Row
    facts: Row
    addresses: tuple[Row, ...]
    lines: tuple[Row, ...]
    sums: tuple[Row, ...]
    total: Row
    taxes: tuple[Row, ...]
    notes: Row

    @property
    def texts(self) -> Iterator[str]:
        yield from (self.title, *self.seller, *self.facts, *self.total, *self.notes)
        for rows in (self.addresses, self.lines, self.sums, self.taxes):
            for row in rows:
                yield from row


def word(document: Document, content: Content) -> Wording:
    """Put the document into the words of the language that is active."""
    return Writer(content).word(document)


@dataclass(frozen=True)
class Writer:
    content: Content

    def word(self, document: Document) -> Wording:
        content = self.content
        kind = _("Invoice") if document.kind == DocumentKind.INVOICE else _("Credit note")
        vat_id = [self.vat_id(content.seller_vat_id)] if content.seller_vat_id else []
        return Wording(
            title=f"{kind} {document.number}",
            seller=(*content.seller, *vat_id),
            facts=tuple(self.facts()),
            addresses=tuple(self.addresses()),
            lines=tuple(self.lines()),
            sums=tuple(self.sums()),
            total=(_("Total"), self.money(content.total)),
            taxes=tuple(self.taxes()),
            notes=tuple(self.notes()),
        )

    def facts(self) -> Iterator[str]:
        content = self.content
        yield _("Date: %(day)s") % {"day": self.day(content.issued_on)}
        if content.corrects:
            invoice = {"number": content.corrects, "day": self.day(content.corrects_of)}
            yield _("Corrects the invoice %(number)s of %(day)s") % invoice
        yield _("Order %(number)s of %(day)s") % {
            "number": content.order,
            "day": self.day(content.ordered_on),
        }
        if not content.corrects:
            yield _("Paid on %(day)s") % {"day": self.day(content.paid_on)}

    def addresses(self) -> Iterator[Row]:
        """Yield who buys, and where the goods go if that is another address."""
        content = self.content
        yield (_("Bill to"), *content.bills_to, *([self.vat_id(content.vat_id)] if content.vat_id else []))
        if content.ships_to:
            yield (_("Ship to"), *content.ships_to)

    def lines(self) -> Iterator[Row]:
        has_discounts = any(line.discount for line in self.content.lines)
        discount = [_("Discount")] if has_discounts else []
        yield (_("Description"), _("Quantity"), _("Unit price"), *discount, _("Tax"), _("Amount"))
        for line in self.content.lines:
            less = [self.money(-line.discount) if line.discount else ""] if has_discounts else []
            yield (
                self.describe(line),
                "" if line.quantity is None else str(line.quantity),
                "" if line.unit is None else self.money(line.unit),
                *less,
                "\n".join(self.percent(tax.percent) for tax in line.taxes) or "–",
                # As its price is: with the tax, where prices include it.
                self.money(line.gross if self.content.prices_include_tax else line.net),
            )

    def describe(self, line: Line) -> str:
        """Return the name of the line, its options, and its SKU."""
        name = line.name if line.item is not None else _("Delivery, %(name)s") % {"name": line.name}
        sku = _("SKU %(sku)s") % {"sku": line.sku} if line.sku else ""
        return "\n".join(text for text in (name, line.variant, sku) if text)

    def sums(self) -> Iterator[Row]:
        yield _("Total without tax"), self.money(self.content.net)
        for tax in self.content.taxes:
            yield f"{tax.rate.name} {self.percent(str(tax.rate.percent))}", self.money(tax.amount)

    def taxes(self) -> Iterator[Row]:
        """Yield the table of taxes by rate. What has no rate is a row of its own; a rate of 0 % is a rate."""
        content = self.content
        yield _("Taxes"), _("Without tax"), _("Tax")
        for tax in content.taxes:
            name = f"{tax.rate.name} {self.percent(str(tax.rate.percent))}"
            yield name, self.money(tax.base), self.money(tax.amount)
        if content.untaxed:
            untaxed = _("Reverse charge") if content.is_reverse_charge else _("Not taxed")
            yield untaxed, self.money(content.untaxed), self.money(0)

    def notes(self) -> Iterator[str]:
        if self.content.is_reverse_charge:
            yield _("Reverse charge: the customer owes the tax.")
        if self.content.taxes and self.content.prices_include_tax:
            yield _("Unit prices and amounts include the tax.")

    def vat_id(self, number: str) -> str:
        return _("VAT id %(vat_id)s") % {"vat_id": number}

    def money(self, units: int) -> str:
        currency = self.content.currency
        return format_for_language(from_units(units, currency), currency, self.content.language)

    def day(self, text: str) -> str:
        return format_date(date.fromisoformat(text), format="long", locale=self.locale)

    def percent(self, percent: str) -> str:
        return f"{format_decimal(percent, locale=self.locale, decimal_quantization=False)} %"

    @property
    def locale(self) -> str:
        return to_locale(self.content.language)
