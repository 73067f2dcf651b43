"""Facets: the number of products that each further choice of a filter would leave."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery

from catalog.models import Category, Product
from catalog.selectors import ProductFilter, condition, find_few, narrow
from core.counting import CountUpTo

# Each count stops here, because every category has one. It then means this many or more.
MAX_FACET = 1_000


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

    Each facet ignores the filter's own value for it, so it shows what another choice would leave.
    """

    found: QuerySet[Product]
    filter: ProductFilter = field(default_factory=ProductFilter)
    bounded: bool = False

    @cached_property
    def counts(self) -> Counts:
        """The counts. Takes one statement, or two if the filter has a condition without a facet, such as a seller."""
        if self.bounded:
            return self.count_one_by_one(self.found)
        others = replace(
            self.filter, categories=None, min_price=None, max_price=None, in_stock=None, on_sale=None
        )
        products = None if others == ProductFilter() else find_few(self.found, others)
        return self.count_by_index() if products is None else self.count_one_by_one(products)

    @property
    def choices(self) -> tuple[ProductFilter, ProductFilter, ProductFilter, ProductFilter]:
        """The filters of the counts of categories, of prices, of products in stock, and of products on sale."""
        return (
            replace(self.filter, categories=None),
            replace(self.filter, min_price=None, max_price=None),
            replace(self.filter, in_stock=True),
            replace(self.filter, on_sale=True),
        )

    def count_one_by_one(self, products: QuerySet[Product]) -> Counts:
        """Count by reading each product once."""
        any_category, any_price, in_stock, on_sale = map(condition, self.choices)
        rows = list(
            products.order_by()
            .values("category")
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
            categories={row["category"]: min(row["count"], MAX_FACET) for row in rows if row["count"]},
            price_range=(min(prices, default=None), max(prices, default=None)),
            in_stock=min(sum(row["in_stock"] for row in rows), MAX_FACET),
            on_sale=min(sum(row["on_sale"] for row in rows), MAX_FACET),
        )

    def count_by_index(self) -> Counts:
        """Count by indexes, reading at most MAX_FACET products for each count and one for each price bound."""
        any_category, any_price, in_stock, on_sale = self.choices
        in_category = narrow(self.found, any_category).filter(category=OuterRef("pk"))
        prices = narrow(self.found, any_price, order="final_price").values("final_price")
        rows = list(
            Category.objects.order_by().values_list(
                "pk",
                CountUpTo(in_category, most=MAX_FACET),
                Subquery(prices.order_by("final_price", "slug")[:1]),
                Subquery(prices.order_by("-final_price", "-slug")[:1]),
                CountUpTo(narrow(self.found, in_stock), most=MAX_FACET),
                CountUpTo(narrow(self.found, on_sale), most=MAX_FACET),
            )
        )
        _, _, lowest, highest, stocked, reduced = rows[0] if rows else (0, 0, None, None, 0, 0)
        return Counts(
            categories={key: count for key, count, *_ in rows if count},
            price_range=(lowest, highest),
            in_stock=stocked,
            on_sale=reduced,
        )
