"""How many products each further choice of a filter would leave."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery

from catalog.models import Category, Product
from catalog.selectors import ProductFilter, condition, few, narrowed
from core.counting import CountUpTo

# There are as many counts as categories: each stops here, and stands for as many or more.
MAX_FACET = 1_000


@dataclass(frozen=True, kw_only=True)
class Counts:
    """By a category's primary key, of those that have any; the lowest and the highest final price, None where there
    is no product; and two totals."""

    categories: dict[int, int]
    price_range: tuple[Decimal | None, Decimal | None]
    in_stock: int
    on_sale: int


@dataclass(frozen=True, kw_only=True)
class Facets:
    """Of the products `found` before the filter narrows them; `bounded` says that these are never very many.

    Each is counted without the filter's own word on it, and so shows what choosing differently would leave.
    """

    found: QuerySet[Product]
    filter: ProductFilter = field(default_factory=ProductFilter)
    bounded: bool = False

    @cached_property
    def counts(self) -> Counts:
        """In one statement; in two where something narrows the products that has no facet, such as a seller."""
        if self.bounded:
            return self.counted_one_by_one(self.found)
        others = replace(
            self.filter, categories=None, min_price=None, max_price=None, in_stock=None, on_sale=None
        )
        products = None if others == ProductFilter() else few(self.found, others)
        return self.counted_by_index() if products is None else self.counted_one_by_one(products)

    @property
    def choices(self) -> tuple[ProductFilter, ProductFilter, ProductFilter, ProductFilter]:
        """The filter as it is for the categories, the prices, what is in stock, and what is on sale."""
        return (
            replace(self.filter, categories=None),
            replace(self.filter, min_price=None, max_price=None),
            replace(self.filter, in_stock=True),
            replace(self.filter, on_sale=True),
        )

    def counted_one_by_one(self, products: QuerySet[Product]) -> Counts:
        """Looks at each of the products once."""
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

    def counted_by_index(self) -> Counts:
        """Looks at MAX_FACET products for each count, and at one for each bound."""
        any_category, any_price, in_stock, on_sale = self.choices
        in_category = narrowed(self.found, any_category).filter(category=OuterRef("pk"))
        prices = narrowed(self.found, any_price, order="final_price").values("final_price")
        rows = list(
            Category.objects.order_by().values_list(
                "pk",
                CountUpTo(in_category, most=MAX_FACET),
                Subquery(prices.order_by("final_price", "slug")[:1]),
                Subquery(prices.order_by("-final_price", "-slug")[:1]),
                CountUpTo(narrowed(self.found, in_stock), most=MAX_FACET),
                CountUpTo(narrowed(self.found, on_sale), most=MAX_FACET),
            )
        )
        _, _, lowest, highest, stocked, reduced = rows[0] if rows else (0, 0, None, None, 0, 0)
        return Counts(
            categories={key: count for key, count, *_ in rows if count},
            price_range=(lowest, highest),
            in_stock=stocked,
            on_sale=reduced,
        )
