"""The terms of a purchase: what the shop's tables say of its tax, delivery and code. One statement reads them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import IntegerField, QuerySet, Value
from django.db.models.expressions import Combinable

from core.money import from_units, nearest_units
from core.together import read_together
from pricing import codes, quote, selectors, tax
from pricing.codes import DiscountCodeReason, Scope
from pricing.delivery import Offer, Parcel, find_offers
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode, TaxRate
from pricing.quote import Quote, charge

NO_USES = Value(0, output_field=IntegerField())


@dataclass(frozen=True, kw_only=True)
class Goods:
    """A quantity of a variant, as far as it decides on the price of a purchase."""

    key: int  # the variant's
    product: int
    path: str  # of its category
    tax_class: int | None
    is_shipped: bool
    weight: int  # of one, in grams; 0 if it is not known
    unit: Decimal  # the price of one
    full: Decimal  # the same before the product's own discount
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The rows that a purchase is priced by. `code` is None without a code, and where no code has this text."""

    sale: tax.Sale
    tables: Sequence[TaxRate]
    methods: Sequence[DeliveryMethod]
    rates: Sequence[DeliveryRate]
    code: DiscountCode | None
    scope: Scope
    uses_of_customer: int

    def contains(self, goods: Goods) -> bool:
        """Whether the code is for these goods."""
        if self.code is None:
            return False
        return codes.is_in_scope(self.code, self.scope, product=goods.product, path=goods.path)

    def find_hindrance(self, goods: Sequence[Goods]) -> DiscountCodeReason | None:
        """Return why the code cannot be used for these goods; None if it can."""
        total = sum((each.unit * each.quantity for each in goods if self.contains(each)), Decimal(0))
        return codes.find_hindrance(
            self.code, goods=total, uses_of_customer=self.uses_of_customer, today=self.sale.day
        )


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A purchase with its quote, what can deliver it, and what was chosen of that."""

    quote: Quote
    offers: Sequence[Offer]
    delivery: Offer | None


def read_terms(
    sale: tax.Sale, *, code: str = "", uses_of_customer: Combinable = NO_USES, delivers: bool = True
) -> Terms:
    """Read the terms of a sale, which are those of `tables_of_terms`."""
    tables = tables_of_terms(sale, code=code, uses_of_customer=uses_of_customer, delivers=delivers)
    return build_terms(sale, read_together(*tables))


def tables_of_terms(
    sale: tax.Sale, *, code: str = "", uses_of_customer: Combinable = NO_USES, delivers: bool = True
) -> list[QuerySet[Any]]:
    """Return the querysets whose rows are the terms of a sale, for `read_together` and then `build_terms`.

    `uses_of_customer` counts the customer's earlier uses of the code. Nothing is offered unless it `delivers`: as long
    as the destination is not known.
    """
    methods, rates = selectors.delivery_methods(), selectors.delivery_rates()
    return [
        sale.tables(),
        methods if delivers else methods.none(),
        rates if delivers else rates.none(),
        selectors.discount_codes(code, uses_of_customer=uses_of_customer),
        selectors.scopes(code),
    ]


def build_terms(sale: tax.Sale, rows: Sequence[list[Any]]) -> Terms:
    """Return the terms that the rows of `tables_of_terms` are."""
    tables, methods_found, rates_found, codes_found, scopes = rows
    return Terms(
        sale=sale,
        tables=tables,
        methods=methods_found,
        rates=selectors.rates_of(methods_found, rates_found),
        code=codes_found[0] if codes_found else None,
        scope=Scope(
            paths=[scope.path for scope in scopes if scope.path],
            products=[scope.product_id for scope in scopes if scope.product_id],
        ),
        uses_of_customer=codes_found[0].uses_of_customer if codes_found else 0,
    )


def price(
    goods: Sequence[Goods],
    terms: Terms,
    *,
    with_code: bool,
    choose: Callable[[Sequence[Offer]], Offer | None] = lambda offers: None,
) -> Priced:
    """Price a purchase by its terms, with what `choose` chooses of what can deliver it.

    The caller says whether the code counts: see `Terms.find_hindrance`.
    """
    code = code_of(terms.code) if with_code and terms.code else None
    lines = [line_of(each, terms) for each in goods]
    offers, chosen = [], None
    if is_delivered(goods):
        offers = find_offers(terms.rates, pack(goods, lines, code), terms.sale.destination)
        chosen = choose(offers)
    delivery = delivery_of(chosen) if chosen else None
    quoted = tax.price(lines, code=code, delivery=delivery, sale=terms.sale, tables=terms.tables)
    return Priced(quote=quoted, offers=offers, delivery=chosen)


def is_delivered(goods: Sequence[Goods]) -> bool:
    """Whether there is anything to deliver. An empty cart can still get it."""
    return not goods or any(each.is_shipped for each in goods)


def pack(goods: Sequence[Goods], lines: Sequence[quote.Line], code: quote.Code | None) -> Parcel:
    """Return what has to be delivered.

    Goods that are not shipped count for neither weight nor total. The total is less the code where the shop says so.
    """
    charged = charge(lines, code=code, delivery=None, prices_include_tax=True)
    is_after = settings.STORE_DELIVERY_TOTAL == "after"
    shipped = [line for line in charged.lines if line.is_shipped]
    return Parcel(
        weight=sum(each.weight * each.quantity for each in goods if each.is_shipped),
        total=from_units(
            sum(line.charged if is_after else line.total for line in shipped), settings.STORE_CURRENCY
        ),
    )


def line_of(goods: Goods, terms: Terms) -> quote.Line:
    unit = units(goods.unit)
    return quote.Line(
        key=goods.key,
        unit=unit,
        quantity=goods.quantity,
        tax_class=goods.tax_class,
        in_scope=terms.contains(goods),
        is_shipped=goods.is_shipped,
        reduction=units(goods.full) - unit,
    )


def code_of(code: DiscountCode) -> quote.Code:
    return quote.Code(
        amount=units(code.amount or Decimal(0)),
        percent=code.percent or Decimal(0),
        free_delivery=code.free_delivery,
    )


def delivery_of(offer: Offer) -> quote.Delivery:
    return quote.Delivery(price=units(offer.cost), tax_class=offer.method.tax_class_id)


def units(amount: Decimal) -> int:
    """Return an amount in the smallest units of the store's currency."""
    return nearest_units(amount, settings.STORE_CURRENCY)
