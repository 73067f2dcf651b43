"""Facets: the number of products that each further choice of a filter would leave."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from heapq import nlargest
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, QuerySet, Subquery, Value, When

from catalog.models import AttributeValue, Category, Product, ProductValue, keys_in
from catalog.selectors import (
    ProductFilter,
    all_chosen,
    condition,
    expand,
    find_branches,
    find_few,
    has_value,
    narrow,
    products,
    resolve,
    seek,
    wanted_variants,
)
from catalog.visibility import is_published
from core.counting import CountUpTo

# Each count stops here, because every category has one. It then means this many or more.
MAX_FACET = 1_000
# If more products pass, this many of them are read and counted.
MAX_GROUPED = 20_000
MAX_FACET_VALUES = 100


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The counts of a list's facets.

    `categories` are by primary key, without empty ones. `price_range` is the lowest and the highest final price, or
    None without products.
    """

    categories: dict[int, int]
    price_range: tuple[Decimal | None, Decimal | None]
    in_stock: int
    on_sale: int


@dataclass(frozen=True, kw_only=True)
class ValueCount:
    name: str
    slug: str
    count: int


@dataclass(frozen=True, kw_only=True)
class AttributeCounts:
    """The counts of the values of an attribute or option: the most frequent ones, and those of the filter."""

    name: str
    slug: str
    values: list[ValueCount]


@dataclass(frozen=True, kw_only=True)
class Facets:
    """The facets of the products `found` before the filter; with `bounded`, these are never very many.

    With the key of a `category`, only its products and those below it are counted. Each facet ignores the filter's own
    value for it, so it shows what another choice would leave.
    """

    found: QuerySet[Product]
    filter: ProductFilter = field(default_factory=ProductFilter)
    category: int | None = None
    bounded: bool = False

    @cached_property
    def counts(self) -> Counts:
        """The counts, except of attributes and options.

        Takes one statement, or two if the filter has a condition without a facet. One more reads the branch of the
        filter's categories, one that of the `category`, and one the values of attributes and options.
        """
        others = replace(self.any_category, min_price=None, max_price=None, in_stock=None, on_sale=None)
        if self.bounded:
            return self.count_one_by_one(
                narrow(self.found, ProductFilter(chosen=others.chosen, chosen_options=others.chosen_options))
            )
        if all_chosen(others):
            return self.count_one_by_one(self.found.filter(pk__in=self.sample(others)))
        simple = others == ProductFilter(branch=self.scope)
        products = None if simple else find_few(self.found, others)
        return self.count_by_index() if products is None else self.count_one_by_one(products)

    @cached_property
    def attributes(self) -> list[AttributeCounts]:
        """The counts of the values of attributes. Takes two statements, and those that read the filter's keys."""
        return self.count_attributes(of_options=False)

    @cached_property
    def options(self) -> list[AttributeCounts]:
        """The counts of the values of variants' options, in as many statements.

        They count the products of which one variant has the value and all others that the filter asks for.
        """
        return self.count_attributes(of_options=True)

    def count_attributes(self, *, of_options: bool) -> list[AttributeCounts]:
        """Count the values of attributes, or of options."""
        resolved = self.resolved
        chosen = (resolved.chosen_options if of_options else resolved.chosen) or ()
        # The filter of the counts of each chosen attribute, and of those of all others.
        filters = {each.attribute: resolved for each in chosen} | {"": resolved}
        for attribute in filters:
            rest = tuple(each for each in chosen if each.attribute != attribute) or None
            filters[attribute] = (
                replace(resolved, chosen_options=rest) if of_options else replace(resolved, chosen=rest)
            )
        parts = [
            self.count_values(filter, of_options=of_options)
            .annotate(part=Value(attribute))
            .values_list("part", "value", "count")
            for attribute, filter in filters.items()
        ]
        counts = {(part, value): count for part, value, count in parts[0].union(*parts[1:], all=True)}
        keys = {key for each in chosen for key in each.values}
        values = AttributeValue.objects.filter(pk__in=keys.union(value for _, value in counts))
        return group_values(values, counts, parts={*filters}, chosen=keys)

    @cached_property
    def scope(self) -> tuple[int, ...] | None:
        """The keys of the category and of everything below it; None if all categories are counted."""
        return None if self.category is None else tuple(find_branches([self.category])[self.category])

    @cached_property
    def resolved(self) -> ProductFilter:
        """The filter, within the scope."""
        resolved = resolve(self.filter)
        if self.scope is None:
            return resolved
        branch = self.scope if resolved.branch is None else tuple({*self.scope} & {*resolved.branch})
        return replace(resolved, branch=branch)

    @property
    def any_category(self) -> ProductFilter:
        return replace(self.resolved, branch=self.scope)

    @property
    def choices(self) -> tuple[ProductFilter, ProductFilter, ProductFilter, ProductFilter]:
        """The filters of the counts of categories, of prices, of products in stock, and of products on sale.

        The values of attributes are left out, because the products that lack them are not counted at all.
        """
        # The variant that is in stock must be the one that has the options.
        options = self.resolved.chosen_options
        any_attribute = replace(self.resolved, chosen=None, chosen_options=None)
        if self.resolved.in_stock:
            any_attribute = replace(any_attribute, chosen_options=options)
        return (
            replace(any_attribute, branch=self.scope),
            replace(any_attribute, min_price=None, max_price=None),
            replace(any_attribute, chosen_options=options, in_stock=True),
            replace(any_attribute, on_sale=True),
        )

    def sample(self, filter: ProductFilter) -> QuerySet[Any, Any]:
        """Query the keys of the products that pass the filter, of at most MAX_GROUPED in the shop."""
        if self.bounded:
            return narrow(self.found, filter).order_by().values("pk")
        return seek(self.found, filter)[:MAX_GROUPED]

    def count_values(self, filter: ProductFilter, *, of_options: bool) -> QuerySet[Any, Any]:
        """Query the keys of values with the number of products that pass the filter and have each of them.

        Without a filter, each count reads at most MAX_FACET rows of an index. With one, the products are read.
        """
        values = AttributeValue.objects.order_by().filter(attribute__of_options=of_options)
        if filter == ProductFilter() and not self.bounded:
            count = CountUpTo(
                ProductValue.objects.filter(is_published("product__"), value=OuterRef("pk")), most=MAX_FACET
            )
            return values.annotate(value=F("pk"), count=count)
        having = ProductValue.objects.filter(product__in=self.sample(filter), value__in=values.values("pk"))
        if of_options and (filter.chosen_options or filter.in_stock):
            wanted = wanted_variants(
                [each.values for each in filter.chosen_options or ()], in_stock=filter.in_stock is True
            )
            having = having.filter(
                Exists(wanted.filter(has_value(OuterRef("value")), product=OuterRef("product")))
            )
        having = having.order_by()
        return having.values("value").annotate(count=Count("pk"))

    def count_one_by_one(self, products: QuerySet[Product]) -> Counts:
        """Count by reading each product once."""
        any_category, any_price, in_stock, on_sale = map(condition, self.choices)
        rows = list(
            products.order_by()
            .values("category", "category__path")
            .annotate(
                count=Count("pk", filter=any_category),
                lowest=Min("final_price", filter=any_price),
                highest=Max("final_price", filter=any_price),
                in_stock=Count("pk", filter=in_stock),
                on_sale=Count("pk", filter=on_sale),
            )
        )
        prices = [row[bound] for row in rows for bound in ("lowest", "highest") if row[bound] is not None]
        return Counts(
            categories=add_up(((row["category__path"], row["count"]) for row in rows), within=self.scope),
            price_range=(min(prices, default=None), max(prices, default=None)),
            in_stock=min(sum(row["in_stock"] for row in rows), MAX_FACET),
            on_sale=min(sum(row["on_sale"] for row in rows), MAX_FACET),
        )

    def count_by_index(self) -> Counts:
        """Count by indexes, reading at most MAX_FACET products for each count, and one of a list for each price bound.

        The products of several categories have no index by price. Then each category's bounds are read.
        """
        any_category, any_price, in_stock, on_sale = self.choices
        in_category = narrow(self.found, replace(any_category, branch=None)).filter(category=OuterRef("pk"))
        prices = narrow(self.found, replace(any_price, branch=None), order="final_price")
        lowest: Any = Subquery(prices.order_by("final_price", "slug").values("final_price")[:1])
        highest: Any = Subquery(prices.order_by("-final_price", "-slug").values("final_price")[:1])
        if any_price.branch is not None:
            own, lead = prices.filter(category=OuterRef("pk")), []
            if connection.vendor == "postgresql":
                # It might read the index by price alone, for the reason in `Slice.bound_rows`.
                own = prices.filter(category__gte=OuterRef("pk"), category__lte=OuterRef("pk"))
                lead = ["category_id"]
            ascending = own.order_by(*lead, "final_price", "slug")
            first, last = (
                Subquery(each.values("final_price")[:1]) for each in (ascending, ascending.reverse())
            )
            lowest = Case(When(pk__in=any_price.branch, then=first))
            highest = Case(When(pk__in=any_price.branch, then=last))
        categories = Category.objects.order_by()
        if self.scope is not None:
            categories = categories.filter(pk__in=self.scope)
        rows = list(
            categories.values_list(
                "path",
                CountUpTo(in_category, most=MAX_FACET),
                lowest,
                highest,
                CountUpTo(narrow(self.found, in_stock), most=MAX_FACET),
                CountUpTo(narrow(self.found, on_sale), most=MAX_FACET),
            )
        )
        _, _, _, _, stocked, reduced = rows[0] if rows else ("", 0, None, None, 0, 0)
        return Counts(
            categories=add_up(((path, count) for path, count, *_ in rows), within=self.scope),
            price_range=(
                min((row[2] for row in rows if row[2] is not None), default=None),
                max((row[3] for row in rows if row[3] is not None), default=None),
            ),
            in_stock=stocked,
            on_sale=reduced,
        )


def count_products(keys: Collection[int]) -> dict[int, int]:
    """Count the products of each of these categories and below it, up to MAX_FACET. Takes one statement.

    It counts each category's own products once, by an index. PostgreSQL might read the whole table for a branch without
    products.
    """
    own = CountUpTo(products().filter(category=OuterRef("pk")), most=MAX_FACET)
    branches = expand(Category.objects.filter(pk__in=keys))
    counts = add_up(branches.values_list("path", own), within=keys)
    return {key: counts.get(key, 0) for key in keys}


def add_up(counts: Iterable[tuple[str, int]], *, within: Collection[int] | None) -> dict[int, int]:
    """Add the counts of categories' own products, by path, to every category on the path; leave out the empty ones.

    `within` are the keys of the categories to count; None for all.
    """
    total: dict[int, int] = {}
    for path, count in counts:
        for key in keys_in(path) if count else ():
            if within is None or key in within:
                total[key] = min(total.get(key, 0) + count, MAX_FACET)
    return total


def group_values(
    values: QuerySet[AttributeValue],
    counts: Mapping[tuple[str, int], int],
    *,
    parts: Collection[str],
    chosen: Collection[int],
) -> list[AttributeCounts]:
    """Group the values with their counts by attributes, both in order. Takes one statement.

    The counts are by part and by the value's key. An attribute has the part of its slug, or else the one without a
    name. A value without products is left out, unless it is `chosen`.
    """
    attributes: dict[tuple[str, str], list[tuple[bool, int, AttributeValue]]] = {}
    in_order = values.select_related("attribute").order_by(
        "attribute__position", "attribute__sort_name", "sort_name"
    )
    for value in in_order:
        slug = value.attribute.slug
        count = counts.get((slug if slug in parts else "", value.pk), 0)
        if count or value.pk in chosen:
            counted = (value.pk in chosen, count, value)
            attributes.setdefault((value.attribute.name, slug), []).append(counted)
    return [
        AttributeCounts(name=name, slug=slug, values=take_most_frequent(counted))
        for (name, slug), counted in attributes.items()
    ]


def take_most_frequent(counted: list[tuple[bool, int, AttributeValue]]) -> list[ValueCount]:
    """Take at most MAX_FACET_VALUES of the values, those that are chosen first, and leave them in their order."""
    kept = {value.pk for _, _, value in nlargest(MAX_FACET_VALUES, counted, key=itemgetter(0, 1))}
    return [
        ValueCount(name=value.name, slug=value.slug, count=min(count, MAX_FACET))
        for _, count, value in counted
        if value.pk in kept
    ]
