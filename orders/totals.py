"""The quote of carts and orders, and the result that an order freezes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Address
from core.errors import ValidationError
from core.money import format_percent, from_units, nearest_units, plain
from core.places import Destination
from orders.errors import DeliveryUnavailable
from orders.models import Cart, Order, OrderItem, OrderTax, Shipping
from pricing import tax
from pricing.delivery import Offer
from pricing.quote import Quote, Rate, Tax, add_up
from pricing.terms import Priced, Terms

# What an order and its items keep of their quote.
FROZEN = (
    *("amount", "subtotal", "discount_total", "delivery_total", "delivery_discount", "tax_total"),
    *("prices_include_tax", "requires_shipping", "is_reverse_charge", "delivery_name", "discount_code"),
)
FROZEN_OF_ITEMS = ("unit_price", "discount", "tax")


def sale_to(destination: Destination, *, now: datetime, vat_id: str = "") -> tax.Sale:
    """Return the sale that is taxed. The VAT id, of a company, is normalized."""
    return tax.Sale(destination=destination, day=timezone.localdate(now), vat_id=vat_id)


def destination_of(place: Shipping | Address | Cart) -> Destination:
    return Destination(country=place.country, zip_code=place.zip_code, state=place.state)


def choose_delivery(terms: Terms, method: int | None, offers: Sequence[Offer]) -> Offer | None:
    """Return the offer of the chosen method, or the only one. A shop without methods delivers for nothing.

    Raises:
        DeliveryUnavailable: there is none, or not of this method.
        ValidationError: there are several, and none was chosen.
    """
    if not terms.methods and method is None:
        return None
    if method is None and len(offers) > 1:
        raise ValidationError.of(deliveryMethodId=_("Choose how the order is to be delivered."))
    chosen = [offer for offer in offers if method in (None, offer.method.pk)]
    if not chosen:
        raise DeliveryUnavailable(offers)
    return chosen[0]


def freeze(order: Order, items: Mapping[int, OrderItem], priced: Priced, sale: tax.Sale) -> None:
    """Set what the order and its items, by the keys of their variants, keep of the quote. Write nothing."""
    quote = priced.quote

    def money(amount: int) -> Decimal:
        return from_units(amount, order.currency)

    order.amount, order.subtotal = money(quote.total), money(quote.subtotal)
    order.discount_total, order.tax_total = money(quote.discount_total), money(quote.tax_total)
    order.delivery_name = priced.delivery.method.name if priced.delivery else ""
    order.delivery_total = money(quote.delivery_total)
    order.delivery_discount = money(quote.delivery.discount)
    order.prices_include_tax = quote.prices_include_tax
    order.requires_shipping = any(line.is_shipped for line in quote.lines)
    order.is_reverse_charge = sale.is_reverse_charge
    for line in quote.lines:
        item = items[line.key]
        item.unit_price, item.discount, item.tax = money(line.unit), money(line.discount), money(line.tax)


def put_taxes(order: Order, items: Mapping[int, OrderItem], quote: Quote) -> None:
    """Write the taxes of the quote in place of those that a draft has. The items are written."""
    if not order._state.adding:
        order.taxes.all().delete()
    parts = [(items[line.key], line.taxes) for line in quote.lines]
    OrderTax.objects.bulk_create(
        OrderTax(
            order=order,
            item=item,
            name=own.rate.name,
            percent=own.rate.percent,
            base=from_units(own.base, order.currency),
            amount=from_units(own.amount, order.currency),
        )
        for item, taxes in [*parts, (None, quote.delivery.taxes)]
        for own in taxes
    )


def taxes_of(order: Order) -> tuple[Tax, ...]:
    """Return the frozen taxes of the order, one for each rate."""
    return add_up(
        Tax(
            rate=Rate(own.name, plain(own.percent)),
            base=nearest_units(own.base, order.currency),
            amount=nearest_units(own.amount, order.currency),
        )
        for own in order.taxes.all()
    )


@dataclass(frozen=True)
class SumLine:
    """A line of an order's sum. `name` is in the current language."""

    name: str
    amount: Decimal
    is_total: bool = False


def sum_of(order: Order) -> list[SumLine]:
    """Return the lines of the order's sum, as an invoice has them below its items."""
    taxes = [
        SumLine(f"{tax.rate.name} {format_percent(tax.rate.percent)}", from_units(tax.amount, order.currency))
        for tax in taxes_of(order)
    ]
    lines = [
        SumLine(_("Discount, %(code)s") % {"code": order.discount_code}, -order.discount_total),
        SumLine(_("Delivery, %(method)s") % {"method": order.delivery_name}, order.delivery_total),
        *(() if order.prices_include_tax else taxes),
    ]
    parts = [line for line in lines if line.amount]
    included = [
        replace(tax, name=_("including %(tax)s") % {"tax": tax.name})
        for tax in taxes
        if order.prices_include_tax
    ]
    subtotal = [SumLine(_("Subtotal"), order.subtotal)] if parts else []
    return [*subtotal, *parts, SumLine(_("Total"), order.amount, is_total=True), *included]
