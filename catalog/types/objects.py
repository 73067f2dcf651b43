"""The GraphQL types of products, and of connections of products with their facets."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import strawberry
import strawberry_django
from django.db.models import Exists, OuterRef, QuerySet, Value
from strawberry import auto, relay

import api
from accounts.types import Profile
from catalog import models, search, selectors
from catalog.facets import MAX_FACET, Facets
from catalog.related import MAX_RELATED, find_related
from catalog.types.categories import Category
from catalog.types.choices import (
    LATEST_FAVOURITE,
    SEARCH_SORTS,
    ProductFilter,
    ProductSort,
    plain,
)
from catalog.types.variants import (
    HasImage,
    HasOptions,
    PriceRange,
    ProductOption,
    ProductVariant,
    final_price,
    image_of,
    is_available,
    on_sale,
    price,
)
from core.errors import OperationTooLarge

if TYPE_CHECKING:
    from reviews.types import CommentConnection

HowManyRelated = Annotated[
    int, strawberry.argument(description=f"The largest number of products, 1 to {MAX_RELATED}.")
]


def is_favourite(info: api.Info) -> Any:
    """Whether the product is a favourite of the caller. False for guests, without reading the table."""
    user = api.viewer(info)
    return (
        Exists(models.Favourite.objects.filter(product=OuterRef("pk"), user=user)) if user else Value(False)
    )


@strawberry.type(description="The ratings of a product.")
class RatingSummary:
    average: float | None = strawberry.field(description="The average rating; null if there are none.")
    count: int = strawberry.field(description="The number of ratings.")
    histogram: list[int] = strawberry.field(description="The number of ratings of 1, 2, 3, 4 and 5.")


class HasRatings(Protocol):
    rated_1: int
    rated_2: int
    rated_3: int
    rated_4: int
    rated_5: int
    rating_count: int
    rating_average: float


@strawberry_django.type(models.Product, description="A product of the shop.")
class Product(relay.Node):
    id: relay.NodeID[int]
    name: auto = api.field(description="The name, for display.")
    slug: auto = api.field(
        description="The unique part of the address of the product's page. It stays when the name changes."
    )
    description: auto = api.field(description="The description, as plain text.")
    category: Category = api.field(description="The category. Each product has one.")
    seller: Profile = api.field(field_name="user__profile", description="The profile of the seller.")
    discount: auto = strawberry_django.field(
        description="Per cent off the price of the cheapest variant in stock, 0 to 100."
    )
    stock: int = api.field(description="The quantity in stock, of all variants together.")
    added_at: auto = api.field(description="When it was added to the shop.")
    updated_at: auto = api.field(description="When its data last changed. A sale does not count.")
    is_favourite: bool = api.field(
        annotate=is_favourite, description="Whether it is a favourite of the caller; false for guests."
    )

    price = api.field(
        description="The price before the discount, of the cheapest variant in stock; of the cheapest, if none is."
    )(price)
    final_price = api.field(
        description="The price that the shopper pays for the cheapest variant in stock: less the discount, and rounded "
        "half up to the currency's smallest unit.",
    )(final_price)
    on_sale = api.field(description="Whether the cheapest variant in stock has a discount.")(on_sale)
    is_available = api.field(description="Whether any are in stock.")(is_available)

    @api.field(description="The picture; null if there is none.")
    @staticmethod
    def image(root: strawberry.Parent[HasImage]) -> api.Image | None:
        return image_of(root)

    @api.field(
        description="What a shopper chooses from, at most three options; empty if the product comes in one form."
    )
    @staticmethod
    def options(root: strawberry.Parent[HasOptions], info: api.Info) -> list[ProductOption]:
        values = api.read_nested(
            root, info, lambda peers: selectors.option_values({peer.pk for peer in peers})
        )
        return [
            ProductOption(name=name, values=list(dict.fromkeys(column)))
            for name, column in zip(models.used_options(root), zip(*values, strict=True), strict=False)
        ]

    @strawberry.field(
        graphql_type=list[ProductVariant],
        description="The variants in the seller's order, 1 to 100. A product that comes in one form has one variant.",
    )
    @staticmethod
    def variants(root: strawberry.Parent[api.HasKey], info: api.Info) -> list[api.HasKey]:
        return api.nested_rows(root, info, found=selectors.variants, parent="product_id")

    @strawberry.field(description="The lowest and the highest final price of the variants.")
    @staticmethod
    def price_range(root: strawberry.Parent[api.HasKey], info: api.Info) -> PriceRange:
        lowest, highest = api.read_nested(
            root, info, lambda peers: selectors.price_ranges({peer.pk for peer in peers})
        )
        return PriceRange(min=api.Money.of(lowest), max=api.Money.of(highest))

    @api.field(description="The summary of its comments' ratings.")
    @staticmethod
    def rating(root: strawberry.Parent[HasRatings]) -> RatingSummary:
        return RatingSummary(
            average=root.rating_average if root.rating_count else None,
            count=root.rating_count,
            histogram=[root.rated_1, root.rated_2, root.rated_3, root.rated_4, root.rated_5],
        )

    @strawberry.field(description="The comments on the product, newest first.")
    @staticmethod
    def comments(
        root: strawberry.Parent[api.HasKey],
        info: api.Info,
        first: api.First = None,
        after: api.After = None,
    ) -> Annotated["CommentConnection", strawberry.lazy("reviews.types")]:
        connection: type[CommentConnection] = api.type_named("CommentConnection", info)
        return connection.of_product(root, info, paging=api.Paging(first=first, after=after))

    @strawberry.field(
        description="Products of the same category with similar names. The most similar come first, and ties "
        "are ordered by sales. If there are few, the shop's best sellers follow."
    )
    @staticmethod
    def related(
        root: strawberry.Parent[api.HasKey], info: api.Info, first: HowManyRelated = 8
    ) -> list["Product"]:
        first = api.size_within(first, most=MAX_RELATED)

        def load(peers: Sequence[api.HasKey]) -> dict[int, list[api.HasKey]]:
            keys = find_related({peer.pk for peer in peers}, first=first)
            chosen = selectors.products().filter(pk__in=set(chain.from_iterable(keys.values())))
            rows = {row.pk: row for row in api.every(chosen, info)}
            return {key: [rows[other] for other in others if other in rows] for key, others in keys.items()}

        return cast(list[Product], api.read_nested(root, info, load))

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Product]:
        return models.Product.objects.all()


@strawberry.type(description="A category as a choice of the filter.")
class CategoryFacet:
    category: Category = strawberry.field(description="The category to choose.")
    count: int = strawberry.field(description="The number of products that the choice would leave.")


@strawberry.type(
    description="The number of products that each choice of the filter would leave. Each facet ignores the filter's "
    f"own value for it. Counts stop at {MAX_FACET}, which means {MAX_FACET} or more."
)
class ProductFacets:
    facets: strawberry.Private[Facets]

    @strawberry.field(
        description="The categories that have products, themselves or below, in the order of `categories`."
    )
    def categories(self, info: api.Info) -> list[CategoryFacet]:
        counts = self.facets.counts.categories
        categories = selectors.categories().filter(pk__in=counts)
        rows = api.read(
            lambda bind: categories,
            info,
            model=models.Category,
            answer="CategoryFacet",
            paths=("category",),
        )
        return [CategoryFacet(category=cast(Category, row), count=counts[row.pk]) for row in rows]

    @strawberry.field(description="The lowest final price; null without products.")
    def min_price(self) -> api.Money | None:
        lowest, _ = self.facets.counts.price_range
        return None if lowest is None else api.Money.of(lowest)

    @strawberry.field(description="The highest final price; null without products.")
    def max_price(self) -> api.Money | None:
        _, highest = self.facets.counts.price_range
        return None if highest is None else api.Money.of(highest)

    @strawberry.field(description="The number of products in stock.")
    def in_stock(self) -> int:
        return self.facets.counts.in_stock

    @strawberry.field(description="The number of products with a discount.")
    def on_sale(self) -> int:
        return self.facets.counts.on_sale


@strawberry.type(description="A page of products.")
class ProductConnection(api.Connection[Product]):
    counted: strawberry.Private[Facets]
    found: strawberry.Private[search.Found | None] = None

    @strawberry.field(
        description="The term that was searched for instead, if a search corrected typing errors. Null otherwise. "
        "To search for the term as it is, pass `asTyped`."
    )
    def corrected_term(self) -> str | None:
        return self.found.read_corrected_term() if self.found else None

    @strawberry.field(
        description="The facets of the list, counted only on request. Below another list they are refused "
        f"(OPERATION_TOO_LARGE). In a search with more than {search.MAX_COUNTED} matches, they count "
        f"{search.MAX_COUNTED} of them."
    )
    def facets(self, info: api.Info) -> ProductFacets:
        if api.is_below_list(info):
            raise OperationTooLarge("Facets are counted for one connection, not for each row of a list.")
        return ProductFacets(facets=self.counted)

    @classmethod
    def of(
        cls,
        found: Callable[[], QuerySet[models.Product]],
        info: api.Info,
        *,
        filter: ProductFilter | None,
        sort: api.Sort,
        paging: api.Paging,
    ) -> "ProductConnection":
        """Read a page of the products `found` that pass the filter."""
        narrowing = selectors.resolve(plain(filter))
        listed = selectors.narrow_list(found(), narrowing, order=sort.columns[0]) if filter else None
        page = api.page(
            listed.products if listed else found,
            info,
            answer="ProductConnection",
            sort=sort,
            paging=paging,
            merge=api.Merge(column="category_id", keys=listed.merged) if listed and listed.merged else None,
        )
        if filter:

            def count() -> int:
                # Without an order, whose index `narrow` would otherwise favour. A count has none.
                return selectors.narrow(found(), narrowing).order_by()[: api.MAX_COUNT].count()

            page = replace(page, count=count)
        return cls(page=page, counted=Facets(found=found(), filter=narrowing))

    @classmethod
    def of_search(
        cls,
        term: str,
        info: api.Info,
        *,
        filter: ProductFilter | None,
        sort: ProductSort,
        paging: api.Paging,
        as_typed: bool,
    ) -> "ProductConnection":
        """Read a page of the search results. The total and the facets also count matches that are not ranked."""
        narrowing = selectors.resolve(plain(filter))
        found = search.search(term, filter=narrowing, as_typed=as_typed)
        order = SEARCH_SORTS[sort]
        page = api.page(
            found.best if sort is ProductSort.RELEVANCE else found.select_for(order.columns[0]),
            info,
            answer="ProductConnection",
            sort=order,
            paging=paging,
        )
        page = replace(page, count=found.count)
        return cls(page=page, counted=Facets(found=found.sample, filter=narrowing, bounded=True), found=found)

    @classmethod
    def of_favourites(cls, user: api.HasKey, info: api.Info, *, paging: api.Paging) -> "ProductConnection":
        """Read a page of a person's favourites, latest first."""
        page = api.nested_page(
            user,
            info,
            found=selectors.favourites(),
            parent="fan_id",
            answer="ProductConnection",
            sort=LATEST_FAVOURITE,
            paging=paging,
        )
        favourites = selectors.products().filter(favourites__user=user.pk)
        return cls(page=page, counted=Facets(found=favourites, bounded=True))
