"""What narrows a list of products, and what orders it."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

import api
from catalog import selectors


@strawberry.enum(description="What orders a list of products; what is equal is ordered by the slug.")
class ProductSort(Enum):
    RELEVANCE = strawberry.enum_value(
        "relevance", description="Best match first; outside a search the same as NEWEST."
    )
    NEWEST = strawberry.enum_value("newest", description="The last added first.")
    PRICE_ASC = strawberry.enum_value("price_asc", description="By the final price, the cheapest first.")
    PRICE_DESC = strawberry.enum_value("price_desc", description="By the final price, the dearest first.")
    NAME_ASC = strawberry.enum_value("name_asc", description="By name, whatever the case.")
    DISCOUNT_DESC = strawberry.enum_value(
        "discount_desc", description="The largest discount in per cent first."
    )
    BEST_SELLING = strawberry.enum_value("best_selling", description="The most sold first.")
    TOP_RATED = strawberry.enum_value(
        "top_rated", description="The best average rating first, the more rated first among equals."
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
    description="What narrows a list of products: all that is given must be met, and null narrows nothing."
)
class ProductFilter:
    categories: list[str] | None = strawberry.field(
        default=None, description="Slugs; a product in any of them passes."
    )
    seller: str | None = strawberry.field(default=None, description="Slug of a seller's profile.")
    min_price: Decimal | None = strawberry.field(
        default=None, description="Bounds on the final price, both inclusive."
    )
    max_price: Decimal | None = strawberry.field(default=None, description="The upper bound.")
    in_stock: bool | None = strawberry.field(
        default=None, description="True: those that can be bought now; false: those that are sold out."
    )
    on_sale: bool | None = strawberry.field(
        default=None, description="True: those with a discount; false: those without."
    )
    min_rating: float | None = strawberry.field(
        default=None, description="The lowest average rating, 1 to 5."
    )
    added_after: datetime | None = strawberry.field(default=None, description="Only products that are newer.")


NarrowedBy = Annotated[
    ProductFilter | None, strawberry.argument(description="What narrows the list; null narrows nothing.")
]
SortedBy = Annotated[ProductSort, strawberry.argument(description="What orders the list.")]


def plain(filter: ProductFilter | None) -> selectors.ProductFilter:
    return selectors.ProductFilter(**vars(filter)) if filter else selectors.ProductFilter()
