"""What narrows a list of products, and what orders it."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

import strawberry

from backend import api
from catalog import selectors


@strawberry.enum
class ProductSort(Enum):
    RELEVANCE = strawberry.enum_value(
        "relevance", description="Best match first; outside a search the same as NEWEST."
    )
    NEWEST = "newest"
    PRICE_ASC = "price_asc"
    PRICE_DESC = "price_desc"
    NAME_ASC = "name_asc"
    DISCOUNT_DESC = "discount_desc"
    BEST_SELLING = "best_selling"
    TOP_RATED = "top_rated"


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


@strawberry.input
class ProductFilter:
    categories: list[str] | None = strawberry.field(
        default=None, description="Slugs; a product in any of them passes."
    )
    seller: str | None = strawberry.field(default=None, description="Slug of a seller's profile.")
    min_price: Decimal | None = strawberry.field(
        default=None, description="Bounds on the final price, both inclusive."
    )
    max_price: Decimal | None = None
    in_stock: bool | None = None
    on_sale: bool | None = None
    min_rating: float | None = None
    added_after: datetime | None = None


def plain(filter: ProductFilter | None) -> selectors.ProductFilter:
    return selectors.ProductFilter(**vars(filter)) if filter else selectors.ProductFilter()
