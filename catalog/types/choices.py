"""Filters and sort orders of lists of products."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

import api
from catalog import selectors
from catalog.models import MAX_OPTIONS
from core.errors import BadUserInput

# The attributes of a filter, and their values together. The same for the options of variants.
MAX_FILTER_ATTRIBUTES = 10
MAX_FILTER_VALUES = 100


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


@strawberry.input(description="Values of an attribute. A product passes that has one of them.")
class AttributeFilter:
    slug: str = strawberry.field(
        description="Slug of the attribute. Without such an attribute no product passes."
    )
    values: list[str] = strawberry.field(
        description="The values, as facets and products name them, or their slugs."
    )


@strawberry.input(description="Values of an option of variants. A variant passes that has one of them.")
class OptionFilter:
    name: str = strawberry.field(
        description="Name of the option, such as `Size`, in any case. Without such an option no product passes."
    )
    values: list[str] = strawberry.field(
        description="The values, as facets and products name them, in any case."
    )


@strawberry.input(
    description="A filter of products. A product must meet every condition that is given; null does not filter."
)
class ProductFilter:
    categories: list[str] | None = strawberry.field(
        default=None, description="Slugs of categories. The product is in one of them, or below one."
    )
    attributes: list[AttributeFilter] | None = strawberry.field(
        default=None,
        description="The product passes each of them: at most "
        f"{MAX_FILTER_ATTRIBUTES}, with {MAX_FILTER_VALUES} values together.",
    )
    options: list[OptionFilter] | None = strawberry.field(
        default=None,
        description="One variant of the product passes all of them, and is in stock where `inStock` is true: at most "
        f"{MAX_OPTIONS}, with {MAX_FILTER_VALUES} values together.",
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
    """Return the filter for the selectors.

    Raises:
        BadUserInput: it has too many attributes, options or values.
    """
    if filter is None:
        return selectors.ProductFilter()
    given = vars(filter)
    if filter.attributes is not None:
        given = given | {"attributes": plain_attributes(filter.attributes)}
    if filter.options is not None:
        given = given | {"options": plain_options(filter.options)}
    return selectors.ProductFilter(**given)


def plain_attributes(attributes: list[AttributeFilter]) -> tuple[selectors.Asked, ...]:
    """Return the attributes of a filter for the selectors.

    Raises:
        BadUserInput: there are too many of them, or of their values.
    """
    if len(attributes) > MAX_FILTER_ATTRIBUTES:
        raise BadUserInput(f"Filter by at most {MAX_FILTER_ATTRIBUTES} attributes.")
    if sum(len(attribute.values) for attribute in attributes) > MAX_FILTER_VALUES:
        raise BadUserInput(f"Filter by at most {MAX_FILTER_VALUES} values of attributes.")
    return tuple(
        selectors.Asked(attribute=attribute.slug, values=tuple(attribute.values)) for attribute in attributes
    )


def plain_options(options: list[OptionFilter]) -> tuple[selectors.Asked, ...]:
    """Return the options of a filter for the selectors.

    Raises:
        BadUserInput: there are too many of them, or of their values.
    """
    if len(options) > MAX_OPTIONS:
        raise BadUserInput(f"Filter by at most {MAX_OPTIONS} options.")
    if sum(len(option.values) for option in options) > MAX_FILTER_VALUES:
        raise BadUserInput(f"Filter by at most {MAX_FILTER_VALUES} values of options.")
    return tuple(selectors.Asked(attribute=option.name, values=tuple(option.values)) for option in options)
