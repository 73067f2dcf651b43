"""Facets: the number of products that each further choice of a filter would leave."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest
from django.db.models.lookups import IsNull

from catalog.facets.categories import MAX_FACET, add_up, count_products
from catalog.facets.values import MAX_FACET_VALUES, AttributeCounts, ValueCount, group_values
from catalog.models import Attribute, AttributeValue, Category, Product, ProductValue
from catalog.selectors import (
    Branch,
    ProductFilter,
    all_chosen,
    condition,
    find_branch,
    find_few,
    find_listed,
    has_value,
    is_of_listings,
    narrow,
    narrow_listings,
    resolve,
    seek,
    wanted_variants,
)
from catalog.visibility import is_listed
from core.conditions import Each, IsIn
from core.counting import MAX_COUNT, CountUpTo
from core.sampling import IsSampled

__all__ = [
    "MAX_FACET",
    "MAX_FACET_VALUES",
    "MAX_GROUPED",
    "AttributeCounts",
    "Counts",
    "Facets",
    "ValueCount",
    "count_products",
]

# If more products pass, this many of them are read and counted.
MAX_GROUPED = MAX_COUNT


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
class Facets:
    """The facets of the products `found` before the filter; with `bounded`, these are never very many.

    With a `level` they are a sample of that level, with some further products, and the counts are estimates. With the
    key of a `category`, only its products and those below it are counted. Each facet ignores the filter's own value for
    it, so it shows what another choice would leave.
    """

    found: QuerySet[Product]
    filter: ProductFilter = field(default_factory=ProductFilter)
    category: int | None = None
    bounded: bool = False
    level: int = 0

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
            return self.count_one_by_one(self.found.filter(IsIn("pk", self.sample(others))))
        simple = others == ProductFilter(branch=self.scope)
        products = None if simple else find_few(self.found, others)
        return self.count_by_index() if products is None else self.count_one_by_one(products)

    @cached_property
    def attributes(self) -> list[AttributeCounts]:
        """The counts of the values of attributes.

        Takes two statements, one more if some are chosen, and those that read the filter's keys.
        """
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
        slugs = {each.attribute for each in chosen}
        values = AttributeValue.objects.order_by().filter(attribute__of_options=of_options)
        # Each chosen attribute is counted without its own filter, and all others with the whole filter. Most shops have
        # no more than two options. Without any others, nothing is counted: to find the products takes most of the time.
        others = Attribute.objects.filter(of_options=of_options).exclude(slug__in=slugs)
        parts = []
        if not slugs or others.exists():
            rest = values.exclude(attribute__slug__in=slugs)
            parts.append(self.count_values(rest, resolved, of_options=of_options))
        for slug in sorted(slugs):
            kept = tuple(each for each in chosen if each.attribute != slug) or None
            filter = replace(resolved, chosen_options=kept) if of_options else replace(resolved, chosen=kept)
            parts.append(
                self.count_values(values.filter(attribute__slug=slug), filter, of_options=of_options)
            )
        counts = dict(parts[0].union(*parts[1:], all=True))
        keys = {key for each in chosen for key in each.values}
        found = AttributeValue.objects.filter(pk__in=keys.union(counts))
        return group_values(found, counts, chosen=keys)

    @cached_property
    def scope(self) -> Branch | None:
        """The category and everything below it; None if all categories are counted."""
        return None if self.category is None else find_branch(Category.objects.filter(pk=self.category))

    @cached_property
    def resolved(self) -> ProductFilter:
        """The filter, within the scope."""
        resolved = resolve(self.filter)
        if self.scope is None:
            return resolved
        branch = self.scope if resolved.branch is None else self.scope & resolved.branch
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

    def count_values(
        self, values: QuerySet[AttributeValue], filter: ProductFilter, *, of_options: bool
    ) -> QuerySet[Any, Any]:
        """Query the keys of the values with the number of products that pass the filter and have each of them.

        Without a filter, each count reads at most MAX_FACET rows of an index. With one, the products are read.
        """
        if filter == ProductFilter() and not self.bounded:
            having = ProductValue.objects.filter(is_listed(), value=OuterRef("pk"))
            return values.values_list("pk", CountUpTo(having, most=MAX_FACET))
        # All values of a product are read by one look-up, and checked. Otherwise there would be one for each value.
        having = ProductValue.objects.order_by().filter(
            Each(Q(value__in=values.values("pk"))), IsIn("product", self.sample(filter))
        )
        if of_options and (filter.chosen_options or filter.in_stock):
            of_one = [each.values for each in filter.chosen_options or ()]
            wanted = wanted_variants(of_one, in_stock=filter.in_stock is True)
            wanted = wanted.filter(has_value(OuterRef("value")), product=OuterRef("product"))
            having = having.filter(IsNull(Subquery(wanted.values("pk")[:1]), False))
        counted = having.values("value").annotate(count=self.tally("product"))
        return counted.values_list("value", "count")

    def count_one_by_one(self, products: QuerySet[Product]) -> Counts:
        """Count by reading each product once."""
        any_category, any_price, in_stock, on_sale = map(condition, self.choices)
        rows = list(
            products.order_by()
            .values("category", "category__path")
            .annotate(
                count=self.tally("pk", any_category),
                lowest=Min("final_price", filter=any_price),
                highest=Max("final_price", filter=any_price),
                in_stock=self.tally("pk", in_stock),
                on_sale=self.tally("pk", on_sale),
            )
        )
        prices = [row[bound] for row in rows for bound in ("lowest", "highest") if row[bound] is not None]
        return Counts(
            categories=add_up(
                ((row["category__path"], row["count"]) for row in rows),
                within=self.scope.keys if self.scope else None,
            ),
            price_range=(min(prices, default=None), max(prices, default=None)),
            in_stock=min(sum(row["in_stock"] for row in rows), MAX_FACET),
            on_sale=min(sum(row["on_sale"] for row in rows), MAX_FACET),
        )

    def tally(self, product: str, condition: Q | None = None) -> Any:
        """Return the expression of the number of rows that pass, by the path to their product.

        The number of a sample is multiplied. That of all rows is less, but not 0 where a product has been found.
        """
        # Counting a key would read each row besides its entry in the index.
        counted = Count(Value(1), filter=condition)
        if not self.level:
            return counted
        sampled = Q(IsSampled(product, level=self.level))
        estimate = (
            Count(Value(1), filter=sampled if condition is None else sampled & condition) * 2**self.level
        )
        return Greatest(counted, estimate)

    def count_by_index(self) -> Counts:
        """Count by indexes, reading at most MAX_FACET products for each count, and one of a list for each price bound.

        In a branch the lists of prices are those of its tops.
        """
        any_category, any_price, in_stock, on_sale = self.choices
        rest = replace(any_category, branch=None)
        by_listings = is_of_listings(rest)
        of_category: QuerySet[Any] = (
            narrow_listings(self.found, rest) if by_listings else narrow(self.found, rest)
        )
        lowest, highest = self.price_bounds(any_price)
        categories = Category.objects.order_by()
        if self.scope is not None:
            categories = categories.filter(pk__in=self.scope.keys)
        rows = list(
            categories.values_list(
                "pk",
                "path",
                CountUpTo(of_category.filter(category=OuterRef("pk")), most=MAX_FACET),
                lowest,
                highest,
                self.count(in_stock),
                self.count(on_sale),
            )
        )
        *_, stocked, reduced = rows[0] if rows else (0, 0)
        if by_listings:
            counts = {key: count for key, _, count, *_ in rows if count}
        else:
            within = self.scope.keys if self.scope else None
            counts = add_up(((path, count) for _, path, count, *_ in rows), within=within)
        return Counts(
            categories=counts,
            price_range=(
                min((row[3] for row in rows if row[3] is not None), default=None),
                max((row[4] for row in rows if row[4] is not None), default=None),
            ),
            in_stock=stocked,
            on_sale=reduced,
        )

    def price_bounds(self, filter: ProductFilter) -> tuple[Any, Any]:
        """Return the expressions of the lowest and of the highest price, for a query of categories."""
        prices: QuerySet[Any] = narrow(self.found, filter, order="final_price")
        if filter.branch is not None:
            listings = narrow_listings(self.found, filter, order="final_price")
            prices = listings.filter(category=OuterRef("pk"))
        ascending = prices.order_by("final_price", "slug")
        first, last = (Subquery(each.values("final_price")[:1]) for each in (ascending, ascending.reverse()))
        if filter.branch is None:
            return first, last
        tops = filter.branch.tops
        return Case(When(pk__in=tops, then=first)), Case(When(pk__in=tops, then=last))

    def count(self, filter: ProductFilter) -> CountUpTo:
        """Return the expression of the number of products that pass."""
        listed = find_listed(self.found, filter)
        return CountUpTo(narrow(self.found, filter) if listed is None else listed, most=MAX_FACET)
