"""The inputs and results of the catalogue's mutations and of its search."""

from decimal import Decimal
from typing import Annotated, cast

import strawberry
from strawberry import relay
from strawberry.file_uploads import Upload

import api
from catalog import selectors
from catalog.services import ProductFields
from catalog.types.objects import Product, ProductConnection


@strawberry.type(description="Fewer are left than were requested.")
class InsufficientStock(api.UserError):
    product_pk: strawberry.Private[int]
    requested: int = strawberry.field(description="The quantity that was requested.")
    available: int = strawberry.field(description="The quantity that is left.")

    @strawberry.field(graphql_type=Product, description="The product that has too few.")
    def product(self, info: api.Info) -> api.HasKey | None:
        return api.one(selectors.products().filter(pk=self.product_pk), info)


@strawberry.type(
    description='The term matches no product. The message is `No product matches "…".`, and `suggestions` has '
    "other words to try."
)
class NoProductMatches(api.UserError):
    term: str = strawberry.field(description="The term as it was searched for.")
    suggestions: list[str] = strawberry.field(description="Terms that find something; may be empty.")


@strawberry.input(description="A new product, sold by the caller.")
class CreateProductInput:
    category: str = strawberry.field(description="Slug of the category.")
    name: str = strawberry.field(description="At most 200 characters.")
    description: str = strawberry.field(description="Plain text.")
    price: Decimal = strawberry.field(
        description="Before the discount, with no more digits than the currency has."
    )
    discount: Decimal = strawberry.field(default=Decimal(0), description="Per cent off the price, 0 to 100.")
    stock: int = strawberry.field(description="The quantity in stock, 0 or more.")
    image: Upload | None = strawberry.field(default=None, description="JPEG, PNG, WebP or AVIF.")

    def fields(self) -> ProductFields:
        return cast(ProductFields, vars(self))


@strawberry.input(
    description="Changes to a product. A field left out stays the same; a null image removes the picture."
)
class UpdateProductInput:
    id: relay.GlobalID = strawberry.field(description="ID of the product.")
    category: str | None = strawberry.field(default=strawberry.UNSET, description="Slug of the category.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="At most 200 characters. The slug stays the same."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Plain text.")
    price: Decimal | None = strawberry.field(default=strawberry.UNSET, description="Before the discount.")
    discount: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Per cent off the price, 0 to 100."
    )
    stock: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The quantity in stock, which overwrites any sales in the meantime.",
    )
    image: Upload | None = strawberry.field(default=strawberry.UNSET, description="JPEG, PNG, WebP or AVIF.")

    def changes(self) -> ProductFields:
        given = {name: value for name, value in vars(self).items() if value is not strawberry.UNSET}
        del given["id"]
        return cast(ProductFields, given)


@strawberry.input(description="A product to delete.")
class DeleteProductInput:
    id: relay.GlobalID = strawberry.field(description="ID of the product.")


@strawberry.input(description="A product to add to the favourites, or to remove from them.")
class FavouriteInput:
    product_id: relay.GlobalID = strawberry.field(description="ID of the product.")


SearchResult = Annotated[
    ProductConnection | NoProductMatches | api.ValidationError,
    strawberry.union("SearchResult", description="The products found, or why there are none."),
]
CreateProductResult = Annotated[
    Product | api.ValidationError,
    strawberry.union("CreateProductResult", description="The new product, or why it could not be saved."),
]
UpdateProductResult = Annotated[
    Product | api.ValidationError | api.NotFound,
    strawberry.union("UpdateProductResult", description="The changed product, or why it could not be saved."),
]
DeleteProductResult = Annotated[
    api.Deleted | api.NotFound,
    strawberry.union(
        "DeleteProductResult", description="The ID of the deleted product, or why it could not be deleted."
    ),
]
FavouriteResult = Annotated[
    Product | api.NotFound,
    strawberry.union(
        "FavouriteResult", description="The product, or why the favourites could not be changed."
    ),
]
