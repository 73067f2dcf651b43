"""The GraphQL types of variants, and of the options in which they differ."""

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Protocol

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from catalog import models, selectors
from catalog.prices import lowest_prior_prices

if TYPE_CHECKING:
    from catalog.types.objects import Product


class HasPrice(Protocol):
    price: Decimal


class HasFinalPrice(Protocol):
    final_price: Decimal


class HasDiscount(Protocol):
    discount: Decimal


class HasReduction(api.HasKey, Protocol):
    discount: Decimal


class HasStock(Protocol):
    stock: int


class HasPicture(Protocol):
    image: api.StoredFile
    image_width: int | None
    image_height: int | None
    image_placeholder: str


class HasImage(HasPicture, Protocol):
    """A picture of a product, with what it shows."""

    image_alt: str


class HasOptions(api.HasKey, Protocol):
    option_1: str
    option_2: str
    option_3: str


class HasProductOptions(HasOptions, Protocol):
    product: HasOptions


class HasOwnImage(Protocol):
    image: HasImage | None
    product: HasImage


class HasSku(Protocol):
    sku: str


# Resolvers that products and variants share.


def price(root: strawberry.Parent[HasPrice]) -> api.Money:
    return api.Money.of(root.price)


def final_price(root: strawberry.Parent[HasFinalPrice]) -> api.Money:
    return api.Money.of(root.final_price)


def on_sale(root: strawberry.Parent[HasDiscount]) -> bool:
    return root.discount > 0


def read_prior_price(
    root: HasReduction, info: api.Info, read: Callable[[Collection[int]], dict[int, Decimal]]
) -> api.Money | None:
    """Return the lowest price before the reduction, which is read for all rows of the list at once."""
    if root.discount == 0:
        return None
    lowest = api.read_nested(
        root, info, lambda peers: dict.fromkeys(peer.pk for peer in peers) | read({peer.pk for peer in peers})
    )
    return None if lowest is None else api.Money.of(lowest)


def is_available(root: strawberry.Parent[HasStock]) -> bool:
    return root.stock > 0


def image_of(row: HasImage) -> api.Image | None:
    return api.Image.of(
        row.image.name,
        width=row.image_width,
        height=row.image_height,
        placeholder=row.image_placeholder,
        alt=row.image_alt,
    )


@strawberry.type(description="An option of a product, such as its size, with the values of its variants.")
class ProductOption:
    name: str = strawberry.field(description="The name, such as `Size`.")
    values: list[str] = strawberry.field(description="The values, in the order of the variants.")


@strawberry.type(description="The value of an option that a variant has.")
class SelectedOption:
    name: str = strawberry.field(description="The name of the option, such as `Size`.")
    value: str = strawberry.field(description="The value, such as `M`.")


@strawberry.type(description="The lowest and the highest of several prices.")
class PriceRange:
    min: api.Money = strawberry.field(description="The lowest price.")
    max: api.Money = strawberry.field(description="The highest price.")


@strawberry_django.type(
    models.ProductVariant, description="A product in one choice of its options. A variant is what is bought."
)
class ProductVariant(relay.Node):
    id: relay.NodeID[int]
    product: Annotated["Product", strawberry.lazy("catalog.types")] = api.field(
        description="The product that it is a variant of."
    )
    discount: auto = strawberry_django.field(description="Per cent off the price, 0 to 100.")
    stock: int = api.field(description="The quantity in stock.")
    requires_shipping: auto = api.field(
        description="False for what no parcel brings, such as downloads, gift cards and services."
    )
    price = api.field(description="The price before the discount.")(price)
    final_price = api.field(
        description="The price that the shopper pays: less the discount, and rounded half up to the currency's "
        "smallest unit."
    )(final_price)
    on_sale = api.field(description="Whether it has a discount.")(on_sale)
    is_available = api.field(description="Whether any are in stock.")(is_available)

    @strawberry.field(
        description="While it is on sale: the lowest final price of the 30 days before it got its present one, with "
        "the price that was in force when they began. Null otherwise, and if it never had another price. It may be "
        "lower than the present price, which is no reduction then."
    )
    @staticmethod
    def lowest_prior_price(root: strawberry.Parent[HasReduction], info: api.Info) -> api.Money | None:
        return read_prior_price(root, info, lowest_prior_prices)

    @api.field(description="The shop's own number for it, unique where there is one; null if there is none.")
    @staticmethod
    def sku(root: strawberry.Parent[HasSku]) -> str | None:
        return root.sku or None

    @api.field(description="Its values, as in `M / Red`; empty if the product has no options.")
    @staticmethod
    def title(root: strawberry.Parent[HasOptions]) -> str:
        return models.variant_title(root)

    @api.field(description="Its value of each of the product's options, in their order.")
    @staticmethod
    def selected_options(root: strawberry.Parent[HasProductOptions]) -> list[SelectedOption]:
        names, values = models.used_options(root.product), models.used_options(root)
        return [SelectedOption(name=name, value=value) for name, value in zip(names, values, strict=False)]

    @api.field(description="Its own picture, or the product's first; null if there is none.")
    @staticmethod
    def image(root: strawberry.Parent[HasOwnImage]) -> api.Image | None:
        return image_of(root.image or root.product)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.ProductVariant]:
        return selectors.variants_seen_by(api.viewer(info))
