"""How many products each further choice of a filter would leave."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Max, Min, QuerySet

from catalog.models import Product
from catalog.selectors import ProductFilter, narrowed


@dataclass(frozen=True, kw_only=True)
class Facets:
    """Of the products `found` before the filter narrows them: one statement for each property that is read.

    Each is counted without the filter's own word on it, and so shows what choosing differently would leave.
    """

    found: QuerySet[Product]
    filter: ProductFilter = field(default_factory=ProductFilter)

    @cached_property
    def categories(self) -> dict[int, int]:
        """How many are in each category that has any, by its primary key."""
        products = narrowed(self.found, replace(self.filter, categories=None))
        return dict(products.values_list("category").annotate(Count("pk")))

    @cached_property
    def price_range(self) -> tuple[Decimal | None, Decimal | None]:
        """The lowest and the highest final price; None where there is no product."""
        products = narrowed(self.found, replace(self.filter, min_price=None, max_price=None))
        prices = products.aggregate(low=Min("final_price"), high=Max("final_price"))
        return prices["low"], prices["high"]

    @cached_property
    def in_stock(self) -> int:
        return narrowed(self.found, replace(self.filter, in_stock=True)).count()

    @cached_property
    def on_sale(self) -> int:
        return narrowed(self.found, replace(self.filter, on_sale=True)).count()
