"""GraphQL types of the catalogue."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry
import strawberry_django
from django.db.models import Count, Exists, OuterRef, QuerySet, Value
from strawberry import auto, relay
from strawberry.file_uploads import Upload

from accounts.models import User
from accounts.types import Profile
from backend import api
from backend.errors import OperationTooLarge
from catalog import models, selectors
from catalog.facets import Facets
from catalog.services import ProductFields

if TYPE_CHECKING:
    from reviews.types import CommentConnection


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

SEARCH_SORTS = SORTS | {ProductSort.RELEVANCE: api.Sort(("rank", "added_at", "slug"), descending=True)}
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
            queryset=selectors.narrowed(selectors.products(), plain(filter)),
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
            selectors.narrowed(found, narrowing),
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


@strawberry.type(description="Fewer are left than were asked for.")
class InsufficientStock(api.UserError):
    product_pk: strawberry.Private[int]
    requested: int
    available: int

    @strawberry.field(graphql_type=Product)
    def product(self, info: api.Info) -> models.Product | None:
        return api.one(selectors.products().filter(pk=self.product_pk), info)


@strawberry.type(
    description='The answer to a term that matches no product at all: `No product matches "…".`, '
    "with other words to try."
)
class NoProductMatches(api.UserError):
    term: str
    suggestions: list[str]


@strawberry.input
class CreateProductInput:
    category: str = strawberry.field(description="Slug of the category.")
    name: str
    description: str
    price: Decimal
    discount: Decimal = strawberry.field(default=Decimal(0), description="Per cent off the price, 0 to 100.")
    stock: int
    image: Upload | None = strawberry.field(default=None, description="JPEG, PNG, WebP or AVIF.")

    def fields(self) -> ProductFields:
        return cast(ProductFields, vars(self))


@strawberry.input(description="A field left out stays as it is; an image given as null is taken away.")
class UpdateProductInput:
    id: relay.GlobalID
    category: str | None = strawberry.field(default=strawberry.UNSET, description="Slug of the category.")
    name: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    price: Decimal | None = strawberry.UNSET
    discount: Decimal | None = strawberry.UNSET
    stock: int | None = strawberry.UNSET
    image: Upload | None = strawberry.UNSET

    def changes(self) -> ProductFields:
        given = {name: value for name, value in vars(self).items() if value is not strawberry.UNSET}
        del given["id"]
        return cast(ProductFields, given)


@strawberry.input
class DeleteProductInput:
    id: relay.GlobalID


@strawberry.input
class FavouriteInput:
    product_id: relay.GlobalID


SearchResult = Annotated[
    ProductConnection | NoProductMatches | api.ValidationError, strawberry.union("SearchResult")
]
CreateProductResult = Annotated[Product | api.ValidationError, strawberry.union("CreateProductResult")]
UpdateProductResult = Annotated[
    Product | api.ValidationError | api.NotFound, strawberry.union("UpdateProductResult")
]
DeleteProductResult = Annotated[api.Deleted | api.NotFound, strawberry.union("DeleteProductResult")]
FavouriteResult = Annotated[Product | api.NotFound, strawberry.union("FavouriteResult")]
