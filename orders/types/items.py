"""The GraphQL type of an order's item."""

from decimal import Decimal
from typing import Protocol

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from catalog.models import is_past
from catalog.types import HasPublication, Product, ProductVariant
from orders import models, selectors
from orders.owners import owner_of


def visible_orders(info: api.Info) -> QuerySet[models.Order]:
    return selectors.orders_seen_by(owner_of(info.context.request))


class HasCurrency(Protocol):
    currency: str


class HasUnitPrice(Protocol):
    unit_price: Decimal
    order: HasCurrency


class HasProduct(Protocol):
    product: HasPublication


class HasOptionalProduct(Protocol):
    product: HasPublication | None


class HasVariant(Protocol):
    variant: HasProduct | None


class HasTotal(HasUnitPrice, Protocol):
    quantity: int


class HasDiscount(Protocol):
    discount: Decimal
    order: HasCurrency


class HasTax(Protocol):
    tax: Decimal
    order: HasCurrency


class HasSku(Protocol):
    sku: str


@strawberry_django.type(models.OrderItem, description="A variant of a product in an order, as it was bought.")
class OrderItem(relay.Node):
    id: relay.NodeID[int]
    name: auto = api.field(description="The product's name when it was ordered.")
    variant_title: str = api.field(
        description="The variant's title when it was ordered, such as `M / Red`; empty if it had none."
    )
    quantity: int = api.field(description="The quantity, 1 to 999.")
    requires_shipping: auto = api.field(description="Whether it is shipped. It stays as it was ordered.")

    @api.related(
        graphql_type=Product | None,
        description="The product as it is now; null once it has been deleted, and while it is not published. The "
        "item's name and price stay.",
    )
    @staticmethod
    def product(root: strawberry.Parent[HasOptionalProduct]) -> HasPublication | None:
        return root.product if root.product and is_past(root.product.published_at) else None

    @api.related(
        graphql_type=ProductVariant | None,
        description="The variant as it is now; null once it has been deleted, and while its product is not published. "
        "The item's title and price stay.",
    )
    @staticmethod
    def variant(root: strawberry.Parent[HasVariant]) -> HasProduct | None:
        variant = root.variant
        return variant if variant and is_past(variant.product.published_at) else None

    @api.field(description="The variant's SKU when it was ordered; null if it had none.")
    @staticmethod
    def sku(root: strawberry.Parent[HasSku]) -> str | None:
        return root.sku or None

    @api.field(description="The price of one unit when it was ordered.")
    @staticmethod
    def unit_price(root: strawberry.Parent[HasUnitPrice]) -> api.Money:
        return api.Money.of(root.unit_price, root.order.currency)

    @api.field(description="The unit price times the quantity.")
    @staticmethod
    def total(root: strawberry.Parent[HasTotal]) -> api.Money:
        return api.Money.of(root.unit_price * root.quantity, root.order.currency)

    @api.field(description="The discount by the code, over the whole quantity.")
    @staticmethod
    def discount(root: strawberry.Parent[HasDiscount]) -> api.Money:
        return api.Money.of(root.discount, root.order.currency)

    @api.field(
        description=(
            "The tax over the whole quantity, after the discount. `total` includes it if the order's prices do."
        )
    )
    @staticmethod
    def tax(root: strawberry.Parent[HasTax]) -> api.Money:
        return api.Money.of(root.tax, root.order.currency)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.OrderItem]:
        return models.OrderItem.objects.filter(order__in=visible_orders(info))
