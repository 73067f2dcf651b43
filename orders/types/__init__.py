"""GraphQL types of carts, orders and payments."""

from orders.models import OrderStatus
from orders.types.carts import Cart
from orders.types.orders import Order, OrderConnection
from orders.types.results import (
    CancelOrderResult,
    CartItemInput,
    CartResult,
    CheckoutInput,
    CheckoutResult,
    CreateOrderResult,
    OrderInput,
    OrderItemInput,
    OrderItemResult,
    PlaceOrderInput,
    RemoveFromCartInput,
    RemoveOrderItemInput,
    RetryPaymentResult,
    UpdateCartItemInput,
)

__all__ = [
    "CancelOrderResult",
    "Cart",
    "CartItemInput",
    "CartResult",
    "CheckoutInput",
    "CheckoutResult",
    "CreateOrderResult",
    "Order",
    "OrderConnection",
    "OrderInput",
    "OrderItemInput",
    "OrderItemResult",
    "OrderStatus",
    "PlaceOrderInput",
    "RemoveFromCartInput",
    "RemoveOrderItemInput",
    "RetryPaymentResult",
    "UpdateCartItemInput",
]
