"""The GraphQL types of products, and of connections of products with their facets."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import strawberry
import strawberry_django
from django.db.models import Exists, OuterRef, QuerySet, Value
from strawberry import auto, relay

import api
from accounts.models import User
from accounts.types import Profile
from catalog import models, search, selectors
from catalog.facets import MAX_FACET, MAX_FACET_VALUES, MAX_GROUPED, AttributeCounts, Facets
from catalog.prices import lowest_prior_prices_of_products
from catalog.related import MAX_RELATED, find_related
from catalog.types.categories import Category, HasSeo, Seo, seo_of
from catalog.types.choices import (
    LATEST_FAVOURITE,
    NEWEST,
    SEARCH_SORTS,
    ProductFilter,
    ProductSort,
    plain,
)
from catalog.types.variants import (
    HasImage,
    HasOptions,
    HasReduction,
    PriceRange,
    ProductOption,
    ProductVariant,
    final_price,
    image_of,
    is_available,
    on_sale,
    price,
    read_prior_price,
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


@strawberry.type(description="An attribute of a product with its values.")
class ProductAttribute:
    name: str = strawberry.field(description="The name, such as `Brand`.")
    slug: str = strawberry.field(description="The unique part of its address, for filters.")
    values: list[str] = strawberry.field(description="The values, in alphabetical order.")


class HasPublication(Protocol):
    published_at: datetime | None


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
        description="The unique part of the address of the product's page. It follows the name, and old ones still "
        "lead to the product."
    )
    description: auto = api.field(description="The description, as plain text.")
    category: Category = api.field(description="The category. Each product has one.")
    seller: Profile = api.field(field_name="user__profile", description="The profile of the seller.")
    discount: auto = strawberry_django.field(
        description="Per cent off the price of the cheapest variant in stock, 0 to 100."
    )
    stock: int = api.field(description="The quantity in stock, of all variants together.")
    added_at: datetime = api.field(
        description="When it was put on sale; when it was created, if it has never been."
    )
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

    @api.field(
        description="False for a draft, and before its time. Then only its seller and the staff see it."
    )
    @staticmethod
    def is_published(root: strawberry.Parent[HasPublication]) -> bool:
        return models.is_past(root.published_at)

    @api.field(description="The first picture; null if there is none.")
    @staticmethod
    def image(root: strawberry.Parent[HasImage]) -> api.Image | None:
        return image_of(root)

    @strawberry.field(description=f"All pictures in the seller's order, at most {models.MAX_IMAGES}.")
    @staticmethod
    def images(root: strawberry.Parent[api.HasKey], info: api.Info) -> list[api.Image]:
        pictures = api.read_nested(root, info, lambda peers: selectors.pictures({peer.pk for peer in peers}))
        return [image for picture in pictures if (image := image_of(cast(HasImage, picture)))]

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

    @strawberry.field(
        description="While it is on sale: the lowest `lowestPriorPrice` of the variants that have its price. It may be "
        "lower than that, which is no reduction then."
    )
    @staticmethod
    def lowest_prior_price(root: strawberry.Parent[HasReduction], info: api.Info) -> api.Money | None:
        return read_prior_price(root, info, lowest_prior_prices_of_products)

    @strawberry.field(description="The lowest and the highest final price of the variants.")
    @staticmethod
    def price_range(root: strawberry.Parent[api.HasKey], info: api.Info) -> PriceRange:
        lowest, highest = api.read_nested(
            root, info, lambda peers: selectors.price_ranges({peer.pk for peer in peers})
        )
        return PriceRange(min=api.Money.of(lowest), max=api.Money.of(highest))

    @api.field(description="What search engines show of its page.")
    @staticmethod
    def seo(root: strawberry.Parent[HasSeo]) -> Seo:
        return seo_of(root)

    @strawberry.field(description="Its attributes, such as the brand, in the order of the shop.")
    @staticmethod
    def attributes(root: strawberry.Parent[api.HasKey], info: api.Info) -> list[ProductAttribute]:
        named = api.read_nested(
            root, info, lambda peers: selectors.attributes_of({peer.pk for peer in peers})
        )
        return [
            ProductAttribute(name=name, slug=slug, values=values) for (name, slug), values in named.items()
        ]

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
        return selectors.products_seen_by(api.viewer(info))


@strawberry.type(description="A category as a choice of the filter.")
class CategoryFacet:
    category: Category = strawberry.field(description="The category to choose.")
    count: int = strawberry.field(description="The number of products that the choice would leave.")


@strawberry.type(description="A value of an attribute, or of an option, as a choice of the filter.")
class AttributeValueFacet:
    value: str = strawberry.field(description="The value to choose.")
    slug: str = strawberry.field(description="The unique part of its address, which filters take as well.")
    count: int = strawberry.field(description="The number of products that the choice would leave.")


@strawberry.type(description="An attribute, or an option of variants, with the values to choose from.")
class AttributeFacet:
    name: str = strawberry.field(description="The name, such as `Brand`.")
    slug: str = strawberry.field(description="The slug to filter by.")
    values: list[AttributeValueFacet] = strawberry.field(
        description=f"The {MAX_FACET_VALUES} values with the most products, and those that the filter has chosen, even "
        "without products. Sizes go from small to large, and numbers by amount; the rest is in alphabetical order."
    )

    @classmethod
    def of_each(cls, counted: list[AttributeCounts]) -> "list[AttributeFacet]":
        return [
            cls(
                name=attribute.name,
                slug=attribute.slug,
                values=[
                    AttributeValueFacet(value=value.name, slug=value.slug, count=value.count)
                    for value in attribute.values
                ],
            )
            for attribute in counted
        ]


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

    @strawberry.field(description="The attributes whose values the products have, in the order of the shop.")
    def attributes(self) -> list[AttributeFacet]:
        return AttributeFacet.of_each(self.facets.attributes)

    @strawberry.field(
        description="The options in which the products come, such as size and colour. A value counts the products of "
        "which one variant has it and all else that the filter asks of a variant."
    )
    def options(self) -> list[AttributeFacet]:
        return AttributeFacet.of_each(self.facets.options)

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
    counted: strawberry.Private[Callable[[], Facets]]
    found: strawberry.Private[search.Found | None] = None

    @strawberry.field(
        description="The term that was searched for instead, if a search corrected typing errors. Null otherwise. "
        "To search for the term as it is, pass `asTyped`."
    )
    def corrected_term(self) -> str | None:
        return self.found.read_corrected_term() if self.found else None

    @strawberry.field(
        description="The facets of the list, counted only on request. Below another list they are refused "
        f"(OPERATION_TOO_LARGE). Where a search matches more than about {search.MAX_ALL} products, each count is an "
        "estimate by an even sample of them, and the prices are those of the sample and of the best matches. Where "
        f"more than {MAX_GROUPED} products pass a filter by values, they count {MAX_GROUPED} of them, and so do the "
        "facets of attributes and options where more pass any filter."
    )
    def facets(self, info: api.Info) -> ProductFacets:
        if api.is_below_list(info):
            raise OperationTooLarge("Facets are counted for one connection, not for each row of a list.")
        return ProductFacets(facets=self.counted())

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
            merge=merge_of(listed) if listed and listed.merged else None,
        )
        if filter:

            def count() -> int:
                # Without an order, whose index `narrow` would otherwise favour. A count has none.
                return selectors.seek(found(), narrowing).order_by()[: api.MAX_COUNT].count()

            page = replace(page, count=count)
        return cls(page=page, counted=lambda: Facets(found=found(), filter=narrowing))

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
        if sort is ProductSort.RELEVANCE:
            rows = found.best
        else:
            cut = api.Slice.of(selectors.products(), sort=order, paging=paging)
            rows = found.select_for(cut.bound_rows, size=cut.size + 1)
        page = api.page(
            rows,
            info,
            answer="ProductConnection",
            sort=order,
            paging=paging,
        )
        page = replace(page, count=found.count)

        def count() -> Facets:
            return Facets(found=found.counted, filter=narrowing, bounded=True, level=found.sample.level)

        return cls(page=page, counted=count, found=found)

    @classmethod
    def of_unpublished(cls, user: User, info: api.Info, *, paging: api.Paging) -> "ProductConnection":
        """Read a page of the products that this person sees and shoppers do not, latest first."""
        found = selectors.unpublished_products(user)
        page = api.page(found, info, answer="ProductConnection", sort=NEWEST, paging=paging)
        return cls(page=page, counted=lambda: Facets(found=found, bounded=True))

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
        return cls(page=page, counted=lambda: Facets(found=favourites, bounded=True))


def merge_of(listed: selectors.Listed) -> api.Merge:
    """Return the lists that a page merges."""
    key = "pk" if listed.copies is None else "product_id"
    return api.Merge(column=listed.column, keys=listed.merged, rows=listed.copies, key=key)
