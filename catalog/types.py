"""GraphQL types of the catalogue."""

import dataclasses
from decimal import Decimal
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
import strawberry_django
from django.db.models import Count, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce
from strawberry import auto, relay

from accounts.models import User
from accounts.types import Profile
from backend import api
from catalog import models, selectors

if TYPE_CHECKING:
    from reviews.types import CommentConnection


@strawberry.enum
class ProductSort(Enum):
    RELEVANCE = "relevance"
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

    def plain(self) -> selectors.ProductFilter:
        return selectors.ProductFilter(**vars(self))


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
    product_count: int = api.field(annotate=Count("products"))

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
            queryset=selectors.products(filter.plain() if filter else None),
            parent="category_id",
            answer="ProductConnection",
            sort=SORTS[sort],
            first=first,
            after=after,
            last=last,
            before=before,
        )
        return ProductConnection(page=page)

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
    discount: auto
    stock: int
    added_at: auto
    updated_at: auto
    is_favourite: bool = api.field(annotate=is_favourite)

    @api.field(only=["price"])
    @staticmethod
    def price(root: strawberry.Parent[models.Product]) -> api.Money:
        return api.Money.of(root.price)

    @api.field(only=["final_price"])
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

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Product]:
        return models.Product.objects.all()


@strawberry.type
class CategoryFacet:
    category: Category
    count: int


@strawberry.type(description="How many products each further choice would leave.")
class ProductFacets:
    categories: list[CategoryFacet]
    min_price: api.Money | None
    max_price: api.Money | None
    in_stock: int
    on_sale: int


@strawberry.type
class ProductConnection(api.Connection[Product]):
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
        return cls(page=page)


@strawberry.type
class InsufficientStock(api.UserError):
    product_pk: strawberry.Private[int]
    requested: int
    available: int

    @strawberry.field(graphql_type=Product)
    def product(self, info: api.Info) -> models.Product:
        product: models.Product = api.one(models.Product.objects.filter(pk=self.product_pk), info)
        return product
