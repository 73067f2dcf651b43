"""Filters and sort orders of lists of products."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

import api
from catalog import selectors


@strawberry.enum(description="The order of a list of products. Equal products are ordered by slug.")
class ProductSort(Enum):
    RELEVANCE = strawberry.enum_value(
        "relevance", description="Best match first; outside of a search, the same as NEWEST."
    )
    NEWEST = strawberry.enum_value("newest", description="Last put on sale first.")
    PRICE_ASC = strawberry.enum_value("price_asc", description="By the final price, cheapest first.")
    PRICE_DESC = strawberry.enum_value("price_desc", description="By the final price, most expensive first.")
    NAME_ASC = strawberry.enum_value("name_asc", description="By name, ignoring case.")
    DISCOUNT_DESC = strawberry.enum_value("discount_desc", description="Largest discount in per cent first.")
    BEST_SELLING = strawberry.enum_value("best_selling", description="Best sellers first.")
    TOP_RATED = strawberry.enum_value(
        "top_rated", description="Best average rating first; among equals, the one with more ratings first."
    )


NEWEST = api.Sort(("added_at", "slug"), descending=True)
SORTS = {
    ProductSort.RELEVANCE: NEWEST,
    ProductSort.NEWEST: NEWEST,
    ProductSort.PRICE_ASC: api.Sort(("final_price", "slug")),
    ProductSort.PRICE_DESC: api.Sort(("final_price", "slug"), descending=True),
    ProductSort.NAME_ASC: api.Sort(("sort_name", "slug")),
    ProductSort.DISCOUNT_DESC: api.Sort(("discount", "slug"), descending=True),
    ProductSort.BEST_SELLING: api.Sort(("sold_count", "slug"), descending=True),
    ProductSort.TOP_RATED: api.Sort(("rating_average", "rating_count", "slug"), descending=True),
}

SEARCH_SORTS = SORTS | {ProductSort.RELEVANCE: api.Sort(("rank", "sold_count", "slug"), descending=True)}
LATEST_FAVOURITE = api.Sort(("favourite_id",), descending=True)


@strawberry.input(
    description="A filter of products. A product must meet every condition that is given; null does not filter."
)
class ProductFilter:
    categories: list[str] | None = strawberry.field(
        default=None, description="Slugs of categories. The product is in one of them, or below one."
    )
    seller: str | None = strawberry.field(default=None, description="Slug of a seller's profile.")
    min_price: Decimal | None = strawberry.field(
        default=None, description="The lowest final price, inclusive."
    )
    max_price: Decimal | None = strawberry.field(
        default=None, description="The highest final price, inclusive."
    )
    in_stock: bool | None = strawberry.field(
        default=None, description="True: products in stock. False: products that are sold out."
    )
    on_sale: bool | None = strawberry.field(
        default=None, description="True: products with a discount. False: products without one."
    )
    min_rating: float | None = strawberry.field(
        default=None, description="The lowest average rating, 1 to 5."
    )
    added_after: datetime | None = strawberry.field(
        default=None, description="Only products put on sale after this instant."
    )


NarrowedBy = Annotated[
    ProductFilter | None, strawberry.argument(description="A filter of the list; null does not filter.")
]
SortedBy = Annotated[ProductSort, strawberry.argument(description="The order of the list.")]


def plain(filter: ProductFilter | None) -> selectors.ProductFilter:
    return selectors.ProductFilter(**vars(filter)) if filter else selectors.ProductFilter()
