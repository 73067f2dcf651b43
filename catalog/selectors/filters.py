"""The filter of products, and the condition of each of its parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from accounts.models import Profile
from catalog.models import OPTION_VALUES, AttributeValue, Category, Product, ProductValue, ProductVariant
from catalog.selectors.products import ZERO
from catalog.selectors.tree import Branch, expand
from catalog.selectors.values import Asked, Chosen, is_named


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """A filter of products; None does not filter. Prices are final prices, and both bounds are inclusive.

    A product passes in one of the `categories`, or below, with all of the `attributes`, and with one variant that has
    all of the `options`, and is in stock if that is asked. `resolve` replaces their slugs by keys: the `branch` has
    those of all of these categories, and the `chosen` and `chosen_options` have those of the values.
    """

    categories: list[str] | None = None
    branch: Branch | None = None
    attributes: tuple[Asked, ...] | None = None
    chosen: tuple[Chosen, ...] | None = None
    options: tuple[Asked, ...] | None = None
    chosen_options: tuple[Chosen, ...] | None = None
    seller: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    min_rating: float | None = None
    added_after: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OneVariant:
    """What a single variant of a product must have: one of the values of each option, and perhaps some in stock."""

    options: tuple[Asked, ...] | tuple[Chosen, ...]
    in_stock: bool


def in_branch(branch: Branch) -> Q:
    """Match the products of these categories. An index that begins with the category can be sought for one key."""
    keys = branch.keys
    return Q(category=keys[0]) if len(keys) == 1 else Q(category__in=keys)


def has_one(values: Any, *, product: str = "pk") -> IsNull:
    """Match the rows whose `product` has one of the values. It is checked for each row that an index has found.

    PostgreSQL would join EXISTS, or read all products with the values first, which costs more than a page.
    """
    rows = ProductValue.objects.filter(product=OuterRef(product), value__in=values)
    return IsNull(Subquery(rows.values("pk")[:1]), False)


def has_each(attributes: Iterable[Asked]) -> Q:
    """Match the products that have one of the values of each of the attributes."""
    return Q(*(has_one(values_asked(asked, of_options=False)) for asked in attributes))


def values_asked(asked: Asked, *, of_options: bool) -> QuerySet[Any, Any]:
    """Query the keys of the values."""
    values = AttributeValue.objects.order_by().filter(
        is_named((None, text) for text in asked.values),
        is_named([(None, asked.attribute)], prefix="attribute__"),
        attribute__of_options=of_options,
    )
    return values.values("pk")


def is_chosen(chosen: Iterable[Chosen], *, product: str = "pk") -> Q:
    """Match the rows whose `product` has one of the values of each."""
    return Q(*(has_one(each.values, product=product) if each.values else NOTHING for each in chosen))


def has_variant(wanted: OneVariant, *, product: str = "pk") -> Q:
    """Match the rows of whose `product` a single variant has all that is wanted. It is checked as in `has_one`."""
    options: list[Any] = [
        each.values if isinstance(each, Chosen) else values_asked(each, of_options=True)
        for each in wanted.options
    ]
    if not options:
        return Q()
    if any(values == () for values in options):
        return NOTHING
    variants = wanted_variants(options, in_stock=wanted.in_stock).filter(product=OuterRef(product))
    return Q(IsNull(Subquery(variants.values("pk")[:1]), False))


def wanted_variants(options: Iterable[Any], *, in_stock: bool) -> QuerySet[ProductVariant]:
    """Query the variants with one of the values of each option.

    A value belongs to one option, so any of the columns may have it.
    """
    variants = ProductVariant.objects.order_by()
    if in_stock:
        variants = variants.filter(stock__gt=ZERO)
    for values in options:
        variants = variants.filter(has_value(values, lookup="in"))
    return variants


def has_value(value: Any, *, lookup: str = "exact") -> Q:
    """Match the variants with the value in one of their columns."""
    return reduce(or_, (Q(**{f"{column}__{lookup}": value}) for column in OPTION_VALUES))


NOTHING = Q(pk__in=[])
CONDITIONS: dict[str, Callable[[Any], Q]] = {
    "categories": lambda slugs: Q(category__in=expand(Category.objects.filter(slug__in=slugs)).values("pk")),
    "branch": in_branch,
    "attributes": has_each,
    "chosen": is_chosen,
    "options": has_variant,
    "chosen_options": has_variant,
    "seller": lambda slug: Q(user=Subquery(Profile.objects.filter(slug=slug).values("user"))),
    "min_price": lambda amount: Q(final_price__gte=amount),
    "max_price": lambda amount: Q(final_price__lte=amount),
    "in_stock": lambda yes: Q(stock__gt=ZERO) if yes else Q(stock=ZERO),
    "on_sale": lambda yes: Q(discount__gt=0) if yes else Q(discount=0),
    "min_rating": lambda average: Q(rating_average__gte=average),
    "added_after": lambda moment: Q(added_at__gt=moment),
}
# The conditions that are checked row by row.
CHECKED = ("attributes", "chosen", "options", "chosen_options")
# The orders in which a seller's products have an index.
SELLER_ORDERS = ("added_at", "final_price")


class Checked(Func):
    """A condition that SQLite checks for each row, without seeking an index for it.

    SQLite would seek that index and sort all matches, although the index of the list's order fills a page at once.
    PostgreSQL chooses by its statistics, unless the rows are `of_each` of several categories, which have none.
    """

    conditional = True
    output_field = BooleanField()
    template = "%(expressions)s"
    unseekable = "((%(expressions)s) IS TRUE)"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.unseekable, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = self.unseekable if self.extra["of_each"] else self.template
        return self.as_sql(compiler, connection, template=template, **extra)


def narrow(
    products: QuerySet[Product], filter: ProductFilter, *, order: str | None = None, of_each: bool = False
) -> QuerySet[Product]:
    """Filter the products. `order` is the column that the list is sorted by, if any.

    `of_each` says that the first products of each of several categories are read.
    """
    for name, value in list_conditions(filter).items():
        condition = CONDITIONS[name](value)
        checked = order is not None and has_other_index(name, value, order=order)
        products = products.filter(Checked(condition, of_each=of_each) if checked else condition)
    return products


def condition(filter: ProductFilter) -> Q | None:
    """Return the filter as one condition; None if all products pass."""
    conditions = [CONDITIONS[name](value) for name, value in list_conditions(filter).items()]
    return reduce(and_, conditions) if conditions else None


def list_conditions(filter: ProductFilter) -> dict[str, Any]:
    """Return the conditions of the filter that are set, by name."""
    conditions = {name: value for name, value in vars(filter).items() if value is not None}
    for name in ("options", "chosen_options"):
        if name in conditions:
            conditions[name] = OneVariant(options=conditions[name], in_stock=filter.in_stock is True)
    return conditions


def has_other_index(name: str, value: Any, *, order: str) -> bool:
    """Whether a condition could seek an index in another order than the list's."""
    if name == "categories":
        return True
    if name in CHECKED:
        return False  # see `has_one`
    if name == "branch":
        return len(value.keys) > 1 or order != "sold_count"  # listings have the other orders
    if name == "seller":
        return order not in SELLER_ORDERS
    return sought_column(CONDITIONS[name](value)) != order


def sought_column(condition: Q) -> str | None:
    """Return the column whose index a database might seek for the condition; None if it is not about one alone."""
    match condition.children:
        case [(str(lookup), _)]:
            return lookup.partition("__")[0]
        case _:
            return None
