"""Filling an order that becomes pending: its items, its price, and at last its stock.

The products that everybody buys are locked for as short a time as possible. So everything is read, priced and written
before the lock, and compared under it with what is sold. If a seller has changed it meanwhile, which is rare, the
transaction begins again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial, wraps
from operator import attrgetter
from typing import ParamSpec, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS

from catalog.models import ProductVariant
from catalog.stock import check_stock, find_on_sale, take_stock
from core.errors import field_errors
from core.money import Money, validate_amount
from core.together import read_together
from orders import holds
from orders.details import Details, put_details
from orders.errors import ProductUnavailable, TotalChanged
from orders.models import Order, OrderItem
from orders.payments.attempts import check_payable
from orders.selectors import uses_of
from orders.totals import FROZEN_OF_ITEMS, choose_delivery, destination_of, freeze, put_taxes, sale_to
from pricing.codes import DiscountCodeReason, DiscountCodeRefused, count_use
from pricing.models import DiscountCode
from pricing.terms import Goods, build_terms, is_delivered, price, tables_of_terms

# What an item keeps of its variant, product and price once the order is placed.
KEPT = ("name", "variant_title", "sku", "requires_shipping", *FROZEN_OF_ITEMS)
# Whatever of a variant decides on its item and on the price of the order.
SOLD_BY = attrgetter(
    *("product_id", "product_name", "title", "sku", "final_price"),
    *("requires_shipping", "weight_grams", "tax_class", "category_path"),
)
# How often an order is placed again because of changes. One change in between is rare, and five are a fault.
ATTEMPTS = 5

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A quantity of a variant, with the product's key and the names that they had when it was added."""

    product_pk: int
    name: str
    variant_title: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """The variants and quantities of a filled order, by the variants' keys, and its discount code, if it has one."""

    variants: Mapping[int, ProductVariant]
    quantities: Mapping[int, int]
    code: DiscountCode | None


class GoodsChanged(Exception):
    """A variant was changed after the order was filled with it."""


def repeat_if_changed(place: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Repeat a transaction that has filled an order with what was changed before it was sold."""

    @wraps(place)
    def attempt(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        for _ in range(ATTEMPTS - 1):
            try:
                return place(*arguments, **options)
            except GoodsChanged:
                continue
        return place(*arguments, **options)

    return attempt


def fill(
    order: Order,
    wanted: Mapping[int, Wanted],
    *,
    details: Details,
    expected_total: Decimal | None,
    now: datetime,
) -> Purchase:
    """Set the details, items at current prices and parts of an order that becomes pending. Lock nothing.

    `wanted` is by the variants' keys.

    A step of an open transaction. The caller saves the order's own row, and then calls `sell`.

    Raises: ProductUnavailable, InsufficientStock, ValidationError, DeliveryUnavailable, DiscountCodeRefused,
    TotalChanged, PaymentUnavailable.
    """
    put_details(order, details)
    order.expires_at = holds.first_expiry(now)
    sale = sale_to(destination_of(details.shipping), now=now, vat_id=details.vat_id)
    tables = tables_of_terms(sale, code=order.discount_code, uses_of_customer=uses_of(emails_of(order)))
    found, *rows = read_together(find_on_sale(wanted), *tables)
    terms = build_terms(sale, rows)
    variants: dict[int, ProductVariant] = {variant.pk: variant for variant in found}
    quantities = {key: item.quantity for key, item in wanted.items()}
    check_stock(quantities, variants)
    for key, item in wanted.items():
        if key not in variants:
            raise ProductUnavailable(
                product_pk=item.product_pk,
                variant_pk=key,
                name=item.name,
                variant_title=item.variant_title,
            )
    items = {
        key: item_of(order, variants[key], name=variants[key].product_name, quantity=quantity)
        for key, quantity in quantities.items()
    }
    goods = [goods_of(variants[key], quantity=quantity) for key, quantity in quantities.items()]
    if details.missing and is_delivered(goods):
        raise details.missing
    if order.discount_code and (reason := terms.find_hindrance(goods)):
        raise DiscountCodeRefused(reason)
    priced = price(
        goods,
        terms,
        with_code=bool(order.discount_code),
        choose=partial(choose_delivery, terms, details.delivery_method),
    )
    freeze(order, items, priced, sale)
    if expected_total is not None:
        check_expected(expected_total, actual=Money.of(order.amount, order.currency))
    check_payable(order.amount, order.currency)
    put_items(list(items.values()), written=KEPT)
    put_taxes(order, items, priced.quote)
    return Purchase(variants=variants, quantities=quantities, code=terms.code)


def sell(order: Order, purchase: Purchase, *, now: datetime) -> None:
    """Take the stock of an order that was filled, and count a use of its code.

    The last step of the transaction, which ends soon after it: everybody who buys the same waits for that.

    Raises: InsufficientStock, DiscountCodeRefused; GoodsChanged, for `repeat_if_changed`.
    Locks: the products in order of their keys, then the order's discount code.
    """
    sold = take_stock(quantities=purchase.quantities, order_uuid=order.pk, now=now)
    before = purchase.variants
    if sold.keys() != before.keys() or any(SOLD_BY(sold[key]) != SOLD_BY(before[key]) for key in before):
        raise GoodsChanged
    if purchase.code:
        redeem(purchase.code, emails=emails_of(order))


def redeem(code: DiscountCode, *, emails: Collection[str]) -> None:
    """Count a use of the code by an order that is written.

    Raises: DiscountCodeRefused, if others have used it up since it was read.
    Locks: the code, so that nobody else counts uses of it before the commit.
    """
    if not count_use(code.code):
        raise DiscountCodeRefused(DiscountCodeReason.USED_UP)
    if code.max_uses_each is None:
        return
    used = DiscountCode.objects.filter(pk=code.pk).values_list(uses_of(emails), "max_uses_each")
    if any(most is not None and uses > most for uses, most in used):
        raise DiscountCodeRefused(DiscountCodeReason.USED_UP)


def emails_of(order: Order) -> set[str]:
    """Return the addresses by which the customer of an order that is being placed is known."""
    return {order.email, *([order.user.email] if order.user else [])}


def goods_of(variant: ProductVariant, *, quantity: int) -> Goods:
    """Return what decides on the price of a variant of `find_on_sale`."""
    return Goods(
        key=variant.pk,
        product=variant.product_id,
        path=variant.category_path,
        tax_class=variant.tax_class,
        is_shipped=variant.requires_shipping,
        weight=variant.weight_grams or 0,
        unit=variant.final_price,
        full=variant.final_price,
        quantity=quantity,
    )


def item_of(order: Order, variant: ProductVariant, *, name: str, quantity: int) -> OrderItem:
    """Build an order's item, which keeps the variant's price, title and SKU, and the `name` of its product."""
    return OrderItem(
        order=order,
        product_id=variant.product_id,
        variant=variant,
        name=name,
        variant_title=variant.title,
        sku=variant.sku,
        quantity=quantity,
        unit_price=variant.final_price,
        requires_shipping=variant.requires_shipping,
    )


def put_items(items: list[OrderItem], *, written: Sequence[str]) -> None:
    """Insert the items; where the order has one of the variant already, write these columns of it."""
    OrderItem.objects.bulk_create(
        items, update_conflicts=True, unique_fields=["order", "variant"], update_fields=written
    )


def check_expected(total: Decimal, *, actual: Money) -> None:
    """Compare the total that the shopper was shown with the actual one.

    Raises: ValidationError, where it cannot be a total; TotalChanged, where the two differ.
    """
    with field_errors(**{NON_FIELD_ERRORS: "expectedTotal"}):
        validate_amount(total)
    if total != actual.amount:
        raise TotalChanged(expected=Money.of(total, actual.currency), actual=actual)
