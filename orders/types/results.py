"""What the mutations of carts and orders take, and what they answer with."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import relay

from backend import api
from catalog.types import InsufficientStock
from orders import models
from orders.models import OrderStatus
from orders.types.carts import Cart
from orders.types.orders import Order

# ── Errors ───────────────────────────────────────────────────────────────────


@strawberry.type
class CartEmpty(api.UserError):
    pass


@strawberry.type(description="The product has been deleted since it was put in.")
class ProductUnavailable(api.UserError):
    product_pk: strawberry.Private[int]
    name: str

    @strawberry.field
    def product_id(self) -> strawberry.ID:
        return api.id_of("Product", self.product_pk)


@strawberry.type
class TotalChanged(api.UserError):
    expected: api.Money
    actual: api.Money


@strawberry.type
class PaymentUnavailable(api.UserError):
    pass


@strawberry.type
class OrderNotEditable(api.UserError):
    status: OrderStatus


@strawberry.type
class OrderNotCancellable(api.UserError):
    status: OrderStatus


# ── Inputs ───────────────────────────────────────────────────────────────────


@strawberry.input
class CartItemInput:
    product_id: relay.GlobalID
    quantity: int = 1


@strawberry.input
class UpdateCartItemInput:
    product_id: relay.GlobalID
    quantity: int


@strawberry.input
class RemoveFromCartInput:
    product_id: relay.GlobalID


@strawberry.input
class ShippingInput:
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    building_number: str
    country: str = strawberry.field(description="ISO 3166-1 alpha-2.")
    city: str = ""
    zip_code: str = ""
    state: str = ""

    def row(self) -> models.Shipping:
        """Unsaved."""
        return models.Shipping(**vars(self))


@strawberry.input
class CheckoutInput:
    shipping: ShippingInput
    idempotency_key: UUID = strawberry.field(description="Made by the client, one for each intent to buy.")
    expected_total: Decimal | None = strawberry.field(
        default=None, description="What the shopper was shown; any other total is refused."
    )


@strawberry.input
class OrderInput:
    uuid: UUID


@strawberry.input
class OrderItemInput:
    order_uuid: UUID
    product_id: relay.GlobalID
    quantity: int = 1


@strawberry.input
class RemoveOrderItemInput:
    order_uuid: UUID
    product_id: relay.GlobalID


@strawberry.input
class PlaceOrderInput:
    order_uuid: UUID
    shipping: ShippingInput
    expected_total: Decimal | None = None


# ── Results ──────────────────────────────────────────────────────────────────

CartResult = Annotated[
    Cart | InsufficientStock | ProductUnavailable | api.NotFound | api.ValidationError,
    strawberry.union("CartResult"),
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
    strawberry.union("CheckoutResult"),
]
CreateOrderResult = Annotated[Order | api.TooManyAttempts, strawberry.union("CreateOrderResult")]
OrderItemResult = Annotated[
    Order | api.NotFound | InsufficientStock | ProductUnavailable | OrderNotEditable | api.ValidationError,
    strawberry.union("OrderItemResult"),
]
RetryPaymentResult = Annotated[
    Order | api.NotFound | OrderNotEditable | PaymentUnavailable, strawberry.union("RetryPaymentResult")
]
CancelOrderResult = Annotated[
    Order | api.NotFound | OrderNotCancellable, strawberry.union("CancelOrderResult")
]
