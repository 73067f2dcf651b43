"""Category, Product, and connections of products with their facets."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry
import strawberry_django
from django.db.models import Exists, OuterRef, QuerySet, Value
from strawberry import auto, relay

from accounts.models import User
from accounts.types import Profile
from backend import api
from backend.errors import OperationTooLarge
from catalog import models, search, selectors
from catalog.facets import Facets
from catalog.related import MAX_RELATED, related
from catalog.types.choices import LATEST_FAVOURITE, SEARCH_SORTS, SORTS, ProductFilter, ProductSort, plain

if TYPE_CHECKING:
    from reviews.types import CommentConnection


def is_favourite(info: api.Info) -> Any:
    """Whether the product is a favourite of the caller; false for guests, without a look at the table."""
    user = api.viewer(info)
    return (
        Exists(models.Favourite.objects.filter(product=OuterRef("pk"), user=user)) if user else Value(False)
    )


@strawberry.type
class RatingSummary:
    average: float | None = strawberry.field(description="Null while nobody has rated.")
    count: int
    histogram: list[int] = strawberry.field(description="How many gave 1, 2, 3, 4 and 5.")


@strawberry_django.type(models.Category)
class Category(relay.Node):
    id: relay.NodeID[int]
    name: auto
    slug: auto
    product_count: int = api.field(
        annotate=api.CountUpTo(models.Product.objects.filter(category=OuterRef("pk"))),
        description=f"Counted up to {api.MAX_COUNT}, which stands for as many or more.",
    )

    @strawberry.field
    @staticmethod
    def products(
        root: strawberry.Parent[models.Category],
        info: api.Info,
        filter: ProductFilter | None = None,
        sort: ProductSort = ProductSort.NEWEST,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Annotated["ProductConnection", strawberry.lazy("catalog.types")]:
        page = api.nested_page(
            root,
            info,
            queryset=selectors.narrowed(selectors.products(), plain(filter), order=SORTS[sort].columns[0]),
            parent="category_id",
            answer="ProductConnection",
            sort=SORTS[sort],
            first=first,
            after=after,
            last=last,
            before=before,
        )
        found = selectors.products().filter(category=root)
        return ProductConnection(page=page, facet_counts=Facets(found=found, filter=plain(filter)))

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Category]:
        return models.Category.objects.all()


@strawberry_django.type(models.Product)
class Product(relay.Node):
    id: relay.NodeID[int]
    name: auto
    slug: auto
    description: auto
    category: Category
    seller: Profile = api.field(field_name="user__profile")
    discount: auto = strawberry_django.field(description="Per cent off the price, 0 to 100.")
    stock: int
    added_at: auto
    updated_at: auto
    is_favourite: bool = api.field(annotate=is_favourite)

    @api.field(only=["price"])
    @staticmethod
    def price(root: strawberry.Parent[models.Product]) -> api.Money:
        return api.Money.of(root.price)

    @api.field(
        only=["final_price"],
        description="What the shopper pays: the price less the discount, rounded half up to the currency's "
        "smallest unit.",
    )
    @staticmethod
    def final_price(root: strawberry.Parent[models.Product]) -> api.Money:
        return api.Money.of(root.final_price)

    @api.field(only=["discount"])
    @staticmethod
    def on_sale(root: strawberry.Parent[models.Product]) -> bool:
        return root.discount > 0

    @api.field(only=["stock"])
    @staticmethod
    def is_available(root: strawberry.Parent[models.Product]) -> bool:
        return root.stock > 0

    @api.field(only=["image", "image_width", "image_height", "image_placeholder"])
    @staticmethod
    def image(root: strawberry.Parent[models.Product]) -> api.Image | None:
        return api.Image.of(
            root.image.name,
            width=root.image_width,
            height=root.image_height,
            placeholder=root.image_placeholder,
        )

    @api.field(only=["rated_1", "rated_2", "rated_3", "rated_4", "rated_5", "rating_count", "rating_average"])
    @staticmethod
    def rating(root: strawberry.Parent[models.Product]) -> RatingSummary:
        return RatingSummary(
            average=root.rating_average if root.rating_count else None,
            count=root.rating_count,
            histogram=[getattr(root, f"rated_{rating}") for rating in models.RATINGS],
        )

    @strawberry.field(description="The newest first.")
    @staticmethod
    def comments(
        root: strawberry.Parent[models.Product],
        info: api.Info,
        first: int | None = None,
        after: str | None = None,
    ) -> Annotated["CommentConnection", strawberry.lazy("reviews.types")]:
        connection: type[CommentConnection] = api.type_named("CommentConnection", info)
        return connection.of_product(root, info, first=first, after=after)

    @strawberry.field(
        description="Of the same category and with similar names, the most alike and best sold first; where those are "
        f"few, best sellers. At most {MAX_RELATED}."
    )
    @staticmethod
    def related(root: strawberry.Parent[models.Product], info: api.Info, first: int = 8) -> list["Product"]:
        first = api.size_within(first, most=MAX_RELATED)

        def load(peers: Sequence[models.Product]) -> dict[int, list[models.Product]]:
            keys = related({peer.pk for peer in peers}, first=first)
            chosen = selectors.products().filter(pk__in=set(chain.from_iterable(keys.values())))
            rows = {row.pk: row for row in api.every(chosen, info)}
            return {key: [rows[other] for other in others if other in rows] for key, others in keys.items()}

        return cast(list[Product], api.nested(root, info, load))

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Product]:
        return models.Product.objects.all()


@strawberry.type
class CategoryFacet:
    category: Category
    count: int


@strawberry.type(description="How many products each further choice would leave.")
class ProductFacets:
    counts: strawberry.Private[Facets]

    @strawberry.field(description="Those that have any, by name.")
    def categories(self, info: api.Info) -> list[CategoryFacet]:
        counts = self.counts.categories
        categories = selectors.categories().filter(pk__in=counts)
        rows = api.optimized_below(categories, info, answer="CategoryFacet", paths=["category"])
        return [CategoryFacet(category=cast(Category, row), count=counts[row.pk]) for row in api.read(rows)]

    @strawberry.field(description="The lowest final price; null where there is no product.")
    def min_price(self) -> api.Money | None:
        lowest, _ = self.counts.price_range
        return None if lowest is None else api.Money.of(lowest)

    @strawberry.field(description="The highest final price; null where there is no product.")
    def max_price(self) -> api.Money | None:
        _, highest = self.counts.price_range
        return None if highest is None else api.Money.of(highest)

    @strawberry.field
    def in_stock(self) -> int:
        return self.counts.in_stock

    @strawberry.field
    def on_sale(self) -> int:
        return self.counts.on_sale


@strawberry.type
class ProductConnection(api.Connection[Product]):
    facet_counts: strawberry.Private[Facets]

    @strawberry.field(
        description="Counted only when they are asked for, and refused (OPERATION_TOO_LARGE) below a list."
    )
    def facets(self, info: api.Info) -> ProductFacets:
        if any(isinstance(step, int) for step in info.path.as_list()):
            raise OperationTooLarge("Facets are counted for one connection, not for each row of a list.")
        return ProductFacets(counts=self.facet_counts)

    @classmethod
    def of(
        cls,
        found: QuerySet[models.Product],
        info: api.Info,
        *,
        filter: ProductFilter | None,
        sort: api.Sort,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> "ProductConnection":
        """A page of the products `found` that pass the filter."""
        narrowing = plain(filter)
        page = api.page(
            selectors.listed(found, narrowing, order=sort.columns[0]),
            info,
            answer="ProductConnection",
            sort=sort,
            first=first,
            after=after,
            last=last,
            before=before,
        )
        return cls(page=page, facet_counts=Facets(found=found, filter=narrowing))

    @classmethod
    def of_search(
        cls,
        term: str,
        info: api.Info,
        *,
        filter: ProductFilter | None,
        sort: ProductSort,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> "ProductConnection":
        """A page of what the term finds; its total and its facets count beyond what is ranked."""
        narrowing = plain(filter)
        found = search.search(term, filter=narrowing)
        order = SEARCH_SORTS[sort]
        page = api.page(
            found.best if sort is ProductSort.RELEVANCE else found.ordered_by(order.columns[0]),
            info,
            answer="ProductConnection",
            sort=order,
            first=first,
            after=after,
            last=last,
            before=before,
        )
        counted = replace(page, count=found.count)
        return cls(page=counted, facet_counts=Facets(found=found.matches, filter=narrowing))

    @classmethod
    def of_favourites(
        cls, user: User, info: api.Info, *, first: int | None, after: str | None
    ) -> "ProductConnection":
        """A person's favourites, the latest first."""
        page = api.nested_page(
            user,
            info,
            queryset=selectors.favourites(),
            parent="fan_id",
            answer="ProductConnection",
            sort=LATEST_FAVOURITE,
            first=first,
            after=after,
        )
        return cls(page=page, facet_counts=Facets(found=selectors.products().filter(favourites__user=user)))
