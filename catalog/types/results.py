"""Inputs of the catalogue's mutations, and what it answers with: the thing, or what is wrong."""

from decimal import Decimal
from typing import Annotated, cast

import strawberry
from strawberry import relay
from strawberry.file_uploads import Upload

import api
from catalog import selectors
from catalog.services import ProductFields
from catalog.types.objects import Product, ProductConnection


@strawberry.type(description="Fewer are left than were asked for.")
class InsufficientStock(api.UserError):
    product_pk: strawberry.Private[int]
    requested: int = strawberry.field(description="How many were asked for.")
    available: int = strawberry.field(description="How many are left.")

    @strawberry.field(graphql_type=Product, description="The product that has too few.")
    def product(self, info: api.Info) -> api.HasKey | None:
        return api.one(selectors.products().filter(pk=self.product_pk), info)


@strawberry.type(
    description='The answer to a term that matches no product at all: `No product matches "…".`, '
    "with other words to try."
)
class NoProductMatches(api.UserError):
    term: str = strawberry.field(description="The term as it was searched for.")
    suggestions: list[str] = strawberry.field(description="Terms that would find something; may be empty.")


@strawberry.input(description="A product to offer. It is sold by the caller.")
class CreateProductInput:
    category: str = strawberry.field(description="Slug of the category.")
    name: str = strawberry.field(description="At most 200 characters.")
    description: str = strawberry.field(description="Plain text.")
    price: Decimal = strawberry.field(
        description="Before the discount, with no more digits than the currency has."
    )
    discount: Decimal = strawberry.field(default=Decimal(0), description="Per cent off the price, 0 to 100.")
    stock: int = strawberry.field(description="How many there are, 0 or more.")
    image: Upload | None = strawberry.field(default=None, description="JPEG, PNG, WebP or AVIF.")

    def fields(self) -> ProductFields:
        return cast(ProductFields, vars(self))


@strawberry.input(description="A field left out stays as it is; an image given as null is taken away.")
class UpdateProductInput:
    id: relay.GlobalID = strawberry.field(description="Of the product.")
    category: str | None = strawberry.field(default=strawberry.UNSET, description="Slug of the category.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="At most 200 characters. The slug stays."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Plain text.")
    price: Decimal | None = strawberry.field(default=strawberry.UNSET, description="Before the discount.")
    discount: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Per cent off the price, 0 to 100."
    )
    stock: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many there are now; sales meanwhile are overwritten."
    )
    image: Upload | None = strawberry.field(default=strawberry.UNSET, description="JPEG, PNG, WebP or AVIF.")

    def changes(self) -> ProductFields:
        given = {name: value for name, value in vars(self).items() if value is not strawberry.UNSET}
        del given["id"]
        return cast(ProductFields, given)


@strawberry.input(description="A product to delete.")
class DeleteProductInput:
    id: relay.GlobalID = strawberry.field(description="Of the product.")


@strawberry.input(description="A product to remember, or to forget.")
class FavouriteInput:
    product_id: relay.GlobalID = strawberry.field(description="Of the product.")


SearchResult = Annotated[
    ProductConnection | NoProductMatches | api.ValidationError, api.result("SearchResult")
]
CreateProductResult = Annotated[Product | api.ValidationError, api.result("CreateProductResult")]
UpdateProductResult = Annotated[
    Product | api.ValidationError | api.NotFound, api.result("UpdateProductResult")
]
DeleteProductResult = Annotated[api.Deleted | api.NotFound, api.result("DeleteProductResult")]
FavouriteResult = Annotated[Product | api.NotFound, api.result("FavouriteResult")]
