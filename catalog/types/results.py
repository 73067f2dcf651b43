"""The inputs and results of the catalogue's mutations and of its search."""

from decimal import Decimal
from typing import Annotated, cast

import strawberry
from django.core.files import File
from strawberry import relay
from strawberry.file_uploads import Upload

import api
from catalog import models, search_terms, selectors
from catalog.attributes import MAX_ATTRIBUTES_OF_PRODUCT, MAX_VALUES_OF_PRODUCT
from catalog.fields import ProductFields
from catalog.pictures import PictureFields
from catalog.types.objects import Product, ProductConnection
from catalog.types.variants import ProductVariant
from catalog.variants import VariantFields


@strawberry.input(description="A variant that is sold out, and who waits for it.")
class StockNoticeInput:
    variant_id: relay.GlobalID = strawberry.field(description="ID of the variant.")
    email: str = strawberry.field(description="The address to mail to, once.")


StockNoticeResult = Annotated[
    api.Done | api.ValidationError | api.NotFound | api.TooManyAttempts,
    strawberry.union(
        "StockNoticeResult",
        description="Done, whether or not the address waited for it already, or why it cannot wait for this.",
    ),
]


@strawberry.type(description="Fewer are left than were requested.")
class InsufficientStock(api.UserError):
    product_pk: strawberry.Private[int]
    variant_pk: strawberry.Private[int]
    requested: int = strawberry.field(description="The quantity that was requested.")
    available: int = strawberry.field(description="The quantity that is left.")

    @strawberry.field(graphql_type=Product, description="The product that has too few.")
    def product(self, info: api.Info) -> api.HasKey | None:
        return api.one(selectors.products().filter(pk=self.product_pk), info)

    @strawberry.field(graphql_type=ProductVariant, description="The variant that has too few.")
    def variant(self, info: api.Info) -> api.HasKey | None:
        return api.one(selectors.variants().filter(pk=self.variant_pk), info)


@strawberry.type(
    description='The term matches no product. The message is `No product matches "…".`, and `suggestions` has '
    "other words to try."
)
class NoProductMatches(api.UserError):
    term: str = strawberry.field(description="The term as it was searched for.")
    suggestions: list[str] = strawberry.field(
        description="Words of products' names that are near to the term's, or else the categories that sell best; "
        "may be empty."
    )


SearchOutcome = api.describe(
    search_terms.SearchOutcome,
    description="What came of a search.",
    FOUND="Products were found.",
    NOTHING="Nothing was found.",
    OPENED="One of the products that were found was opened.",
)


@strawberry.input(description="A search of a shopper, and what came of it.")
class CountSearchInput:
    term: str = strawberry.field(description="The term as it was typed, at most 100 characters.")
    outcome: search_terms.SearchOutcome = strawberry.field(description="What came of it.")


CountSearchResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts,
    strawberry.union("CountSearchResult", description="Done, or why the search was not counted."),
]


@strawberry.type(
    description="The id of a deleted object, for `cache.evict`, and the product that a deleted comment was about."
)
class Deleted:
    id: strawberry.ID = strawberry.field(description="The global id of the deleted object.")
    product_pk: strawberry.Private[int | None] = None

    @strawberry.field(
        graphql_type=Product | None,
        description="The product that the deleted comment was about, with its new rating; null if it has been "
        "deleted too, and after `deleteProduct`.",
    )
    def product(self, info: api.Info) -> api.HasKey | None:
        if self.product_pk is None:
            return None
        return api.one(selectors.products().filter(pk=self.product_pk), info)


PRICE = "Before the discount, with no more digits than the currency has."
SKU = "The shop's own number for it. It is unique without regard to case."
OPTION_NAMES = "The names of what a shopper chooses from, at most three, such as `Size`."
SEO_TITLE = "For `<title>`, at most 200 characters. An empty text stands for the name."
SEO_DESCRIPTION = (
    "For the meta description, at most 500 characters. An empty text stands for the beginning of the "
    "description."
)
FORMATS = "JPEG, PNG, WebP, AVIF, HEIC or GIF."
OF_ONE = "Only for a product with one variant, without `variants`."


@strawberry.input(
    description="A picture in the list of all pictures of a product. With an `id` it is one that the product has; with "
    "an `upload` it is new."
)
class ProductImageInput:
    id: relay.GlobalID | None = strawberry.field(
        default=None,
        description="ID of a picture of the product. One that has been removed in the meantime is left out.",
    )
    upload: Upload | None = strawberry.field(default=None, description=FORMATS)
    alt: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"What the picture shows, at most {models.MAX_ALT} characters. If missing it stays as it is.",
    )

    def fields(self) -> PictureFields:
        given: PictureFields = {}
        if self.id is not None:
            given["id"] = api.Image.name_of(self.id)
        if self.upload is not None:
            given["upload"] = cast(File[bytes], self.upload)
        if self.alt is not strawberry.UNSET:
            given["alt"] = self.alt or ""
        return given


@strawberry.input(
    description="A variant in the list of all variants of a product. With an `id` it changes that variant; without one "
    "it is new."
)
class VariantInput:
    id: relay.GlobalID | None = strawberry.field(
        default=None, description="ID of an existing variant of the product."
    )
    sku: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"{SKU} If missing it stays as it is; null for none."
    )
    option_values: list[str] = strawberry.field(
        description="One value for each of the product's options, in their order."
    )
    price: Decimal = strawberry.field(description=PRICE)
    discount: Decimal = strawberry.field(default=Decimal(0), description="Per cent off the price, 0 to 100.")
    stock: int = strawberry.field(
        description="The quantity in stock, 0 or more, which overwrites any sales in the meantime."
    )
    weight_grams: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Weight in grams. If missing it stays as it is; null if it is not known.",
    )
    requires_shipping: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="False for what no parcel brings, such as downloads, gift cards and services. If missing it stays "
        "as it is; a new variant is shipped.",
    )
    image: Upload | None = strawberry.field(
        default=strawberry.UNSET,
        description="A new picture of the product, to show for this variant. A file that the form sends once and maps "
        "to several variants, or to `images` too, is one picture. If missing it stays; null shows the product's first.",
    )
    image_id: relay.GlobalID | None = strawberry.field(
        default=strawberry.UNSET,
        description="ID of a picture of the product, to show for this variant. If missing it stays; null shows the "
        "product's first.",
    )

    def fields(self) -> VariantFields:
        given = {name: value for name, value in vars(self).items() if value is not strawberry.UNSET}
        key = given.pop("id")
        if key is not None:
            given["id"] = api.key_of(key, "ProductVariant")
        if "sku" in given:
            given["sku"] = given["sku"] or ""
        if self.image_id:
            given["image_id"] = api.Image.name_of(self.image_id)
        return cast(VariantFields, given)


@strawberry.input(
    description="An attribute of a product. Attributes and values that the shop does not have yet are created."
)
class AttributeInput:
    name: str = strawberry.field(
        description="The name, such as `Brand`, at most 50 characters; or the slug of one that the shop has."
    )
    values: list[str] = strawberry.field(
        description="The values, at most 100 characters each, or their slugs."
    )


@strawberry.input(description="A new product, sold by the caller.")
class CreateProductInput:
    category: str = strawberry.field(description="Slug of the category.")
    name: str = strawberry.field(description="At most 200 characters.")
    description: str = strawberry.field(description="Plain text.")
    price: Decimal | None = strawberry.field(default=None, description=f"{PRICE} {OF_ONE}")
    discount: Decimal = strawberry.field(
        default=Decimal(0), description=f"Per cent off the price, 0 to 100. {OF_ONE}"
    )
    stock: int | None = strawberry.field(
        default=None, description=f"The quantity in stock, 0 or more. {OF_ONE}"
    )
    sku: str | None = strawberry.field(default=None, description=f"{SKU} {OF_ONE}")
    options: list[str] | None = strawberry.field(default=None, description=OPTION_NAMES)
    variants: list[VariantInput] | None = strawberry.field(
        default=None, description="The variants, 1 to 100. Without them the product comes in one form."
    )
    attributes: list[AttributeInput] | None = strawberry.field(
        default=None,
        description=f"At most {MAX_ATTRIBUTES_OF_PRODUCT}, with {MAX_VALUES_OF_PRODUCT} values together.",
    )
    image: Upload | None = strawberry.field(
        default=None, description=f"The only picture. For several, give `images` instead. {FORMATS}"
    )
    images: list[Upload] | None = strawberry.field(
        default=None, description=f"The pictures in order, at most {models.MAX_IMAGES}. {FORMATS}"
    )
    seo_title: str = strawberry.field(default="", description=SEO_TITLE)
    seo_description: str = strawberry.field(default="", description=SEO_DESCRIPTION)
    is_published: bool = strawberry.field(
        default=True, description="False for a draft, which only the seller and the staff see."
    )

    def fields(self) -> ProductFields:
        given = {name: value for name, value in vars(self).items() if value is not None}
        if self.attributes is not None:
            given["attributes"] = [vars(attribute) for attribute in self.attributes]
        if self.variants is not None:
            given["variants"] = [variant.fields() for variant in self.variants]
            if not self.discount:  # cannot be told from one that was left out
                del given["discount"]
        if self.images is not None:
            given["images"] = [{"upload": upload} for upload in self.images]
        return cast(ProductFields, given)


@strawberry.input(
    description="Changes to a product. A field left out stays the same; a null image removes the first picture."
)
class UpdateProductInput:
    id: relay.GlobalID = strawberry.field(description="ID of the product.")
    category: str | None = strawberry.field(default=strawberry.UNSET, description="Slug of the category.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="At most 200 characters. The slug follows it."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Plain text.")
    price: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description=f"Before the discount. {OF_ONE}"
    )
    discount: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description=f"Per cent off the price, 0 to 100. {OF_ONE}"
    )
    stock: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"The quantity in stock, which overwrites any sales in the meantime. {OF_ONE}",
    )
    sku: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"{SKU} An empty text for none. {OF_ONE}"
    )
    options: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"{OPTION_NAMES} With another number of options, all `variants` are needed as well.",
    )
    variants: list[VariantInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The whole list of variants, 1 to 100: a variant that is missing in it is removed.",
    )
    attributes: list[AttributeInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The whole list of attributes with their values: what is missing in it is removed.",
    )
    image: Upload | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"A picture in place of the first one; null removes the first one. {FORMATS}",
    )
    images: list[ProductImageInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"The whole list of pictures in order, at most {models.MAX_IMAGES}: a picture that is missing in "
        "it is removed.",
    )
    seo_title: str | None = strawberry.field(default=strawberry.UNSET, description=SEO_TITLE)
    seo_description: str | None = strawberry.field(default=strawberry.UNSET, description=SEO_DESCRIPTION)
    is_published: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True publishes it now, as the newest product; false makes it a draft, which nobody can buy.",
    )

    def changes(self) -> ProductFields:
        given = {name: value for name, value in vars(self).items() if value is not strawberry.UNSET}
        del given["id"]
        if self.variants:
            given["variants"] = [variant.fields() for variant in self.variants]
        if self.attributes:
            given["attributes"] = [vars(attribute) for attribute in self.attributes]
        if self.images:
            given["images"] = [picture.fields() for picture in self.images]
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
    Deleted | api.NotFound,
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
