"""Inputs of the catalogue's mutations, and what it answers with: the thing, or what is wrong."""

from decimal import Decimal
from typing import Annotated, cast

import strawberry
from strawberry import relay
from strawberry.file_uploads import Upload

from backend import api
from catalog import models, selectors
from catalog.services import ProductFields
from catalog.types.objects import Product, ProductConnection


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
