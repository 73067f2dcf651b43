"""What the mutations of carts and orders take, and what they answer with."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import relay

import api
from catalog.types import InsufficientStock
from orders import models
from orders.models import OrderStatus
from orders.types.carts import Cart
from orders.types.orders import Order

# ── Errors ───────────────────────────────────────────────────────────────────


@strawberry.type(description="There is nothing to buy.")
class CartEmpty(api.UserError):
    pass


@strawberry.type(description="The product has been deleted since it was put in.")
class ProductUnavailable(api.UserError):
    product_pk: strawberry.Private[int]
    name: str = strawberry.field(description="What the product was called.")

    @strawberry.field(description="The id that it had, for `removeFromCart` or `removeOrderItem`.")
    def product_id(self) -> strawberry.ID:
        return api.id_of("Product", self.product_pk)


@strawberry.type(description="A price has changed meanwhile: show the total and ask again.")
class TotalChanged(api.UserError):
    expected: api.Money = strawberry.field(description="What the shopper was shown.")
    actual: api.Money = strawberry.field(description="What it costs now.")


@strawberry.type(
    description="No payment can be taken for this: too small an amount, or the payment provider cannot be reached."
)
class PaymentUnavailable(api.UserError):
    pass


@strawberry.type(description="The order is past the status in which this can be done.")
class OrderNotEditable(api.UserError):
    status: OrderStatus = strawberry.field(description="The status that it has.")


@strawberry.type(description="The order is past cancelling: it is on its way, or over.")
class OrderNotCancellable(api.UserError):
    status: OrderStatus = strawberry.field(description="The status that it has.")


# ── Inputs ───────────────────────────────────────────────────────────────────


@strawberry.input(description="A product, and how many more of it.")
class CartItemInput:
    product_id: relay.GlobalID = strawberry.field(description="Of the product.")
    quantity: int = strawberry.field(
        default=1, description="Added to what the cart has: 1 or more, 999 together."
    )


@strawberry.input(description="A product of the cart, and how many of it.")
class UpdateCartItemInput:
    product_id: relay.GlobalID = strawberry.field(description="Of the product.")
    quantity: int = strawberry.field(description="Instead of what the cart has: 0 to 999.")


@strawberry.input(description="A product of the cart.")
class RemoveFromCartInput:
    product_id: relay.GlobalID = strawberry.field(
        description="Of the product, also of one that has been deleted."
    )


@strawberry.input(
    description="Where an order goes. Postal code and state are required where the country's addresses have them."
)
class ShippingInput:
    first_name: str = strawberry.field(description="Of the recipient.")
    last_name: str = strawberry.field(
        description="Of the recipient; empty where a person has one name alone."
    )
    email: str = strawberry.field(description="Where the confirmation goes.")
    phone: str = strawberry.field(
        description="In the international form, or as it is dialled in the country; with its extension, if any."
    )
    address: str = strawberry.field(description="The street.")
    building_number: str = strawberry.field(
        description="With whatever belongs to it: 12b. Empty where the house has none."
    )
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    city: str = strawberry.field(default="", description="Town or city.")
    zip_code: str = strawberry.field(default="", description="The postal code.")
    state: str = strawberry.field(default="", description="State, province or region: its name, or its code.")

    def row(self) -> models.Shipping:
        """Unsaved."""
        return models.Shipping(**vars(self))


@strawberry.input(description="What is needed to buy what is in the cart.")
class CheckoutInput:
    shipping: ShippingInput = strawberry.field(description="Where it goes.")
    idempotency_key: UUID = strawberry.field(description="Made by the client, one for each intent to buy.")
    expected_total: Decimal | None = strawberry.field(
        default=None, description="What the shopper was shown; any other total is refused."
    )


@strawberry.input(description="An order of the caller's.")
class OrderInput:
    uuid: UUID = strawberry.field(description="Of the order.")


@strawberry.input(description="A product for a draft, and how many more of it.")
class OrderItemInput:
    order_uuid: UUID = strawberry.field(description="Of the draft.")
    product_id: relay.GlobalID = strawberry.field(description="Of the product.")
    quantity: int = strawberry.field(
        default=1, description="Added to what the draft has: 1 or more, 999 together."
    )


@strawberry.input(description="A product of a draft.")
class RemoveOrderItemInput:
    order_uuid: UUID = strawberry.field(description="Of the draft.")
    product_id: relay.GlobalID = strawberry.field(
        description="Of the product, also of one that has been deleted."
    )


@strawberry.input(description="What is needed to place a draft.")
class PlaceOrderInput:
    order_uuid: UUID = strawberry.field(description="Of the draft.")
    shipping: ShippingInput = strawberry.field(description="Where it goes.")
    expected_total: Decimal | None = strawberry.field(
        default=None, description="What the shopper was shown; any other total is refused."
    )


# ── Results ──────────────────────────────────────────────────────────────────

CartResult = Annotated[
    Cart | InsufficientStock | ProductUnavailable | api.NotFound | api.ValidationError,
    api.result("CartResult"),
]
CheckoutResult = Annotated[
    Order
    | CartEmpty
    | InsufficientStock
    | ProductUnavailable
    | TotalChanged
    | api.ValidationError
    | PaymentUnavailable
    | OrderNotEditable
    | api.NotFound,
    api.result("CheckoutResult"),
]
CreateOrderResult = Annotated[Order | api.TooManyAttempts, api.result("CreateOrderResult")]
OrderItemResult = Annotated[
    Order | api.NotFound | InsufficientStock | ProductUnavailable | OrderNotEditable | api.ValidationError,
    api.result("OrderItemResult"),
]
RetryPaymentResult = Annotated[
    Order | api.NotFound | OrderNotEditable | PaymentUnavailable, api.result("RetryPaymentResult")
]
CancelOrderResult = Annotated[Order | api.NotFound | OrderNotCancellable, api.result("CancelOrderResult")]
