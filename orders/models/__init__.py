"""The rows of carts, orders, and what happens to orders, with the rules that the database enforces."""

from orders.models.carts import (
    LENGTH_OF_KEYS,
    MAX_LINES,
    MAX_QUANTITY,
    MAX_TITLE,
    Cart,
    CartItem,
)
from orders.models.documents import Document, DocumentKind, DocumentSeries
from orders.models.history import OrderEvent
from orders.models.parcels import Fulfilment, Portion, RefundLine, Return, ReturnStatus
from orders.models.payments import OPEN_PAYMENTS, Payment, PaymentStatus, Refund, StripeEvent
from orders.models.sales import (
    MAX_NOTE,
    PHONE_END,
    KeptKeyField,
    Order,
    OrderItem,
    OrderMail,
    OrderStatus,
    OrderTax,
    Shipping,
)

__all__ = [
    "LENGTH_OF_KEYS",
    "MAX_LINES",
    "MAX_NOTE",
    "MAX_QUANTITY",
    "MAX_TITLE",
    "OPEN_PAYMENTS",
    "PHONE_END",
    "Cart",
    "CartItem",
    "Document",
    "DocumentKind",
    "DocumentSeries",
    "Fulfilment",
    "KeptKeyField",
    "Order",
    "OrderEvent",
    "OrderItem",
    "OrderMail",
    "OrderStatus",
    "OrderTax",
    "Payment",
    "PaymentStatus",
    "Portion",
    "Refund",
    "RefundLine",
    "Return",
    "ReturnStatus",
    "Shipping",
    "StripeEvent",
]
