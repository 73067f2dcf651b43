"""The errors of carts and orders.

DomainError
├── CartEmpty
├── ProductUnavailable
├── TotalChanged
├── DeliveryUnavailable
├── PaymentUnavailable
├── TooManyOpenOrders
├── OrderError
│   ├── OrderNotEditable
│   └── OrderNotCancellable
├── ReturnNotPossible
├── OrderNotShippable      only the staff can cause
└── OrderNotRestockable    these two
"""

from collections.abc import Sequence
from uuid import UUID

from catalog.models import full_name
from core.errors import DomainError
from core.money import Money
from orders.models import OrderStatus
from pricing.delivery import Offer


class CartEmpty(DomainError):
    code = "CART_EMPTY"

    def __init__(self) -> None:
        super().__init__("There is nothing to buy yet. Please add a product first.")


class ProductUnavailable(DomainError):
    """The product or its variant has been deleted since it was added. Keys and names are kept for the message."""

    code = "PRODUCT_UNAVAILABLE"

    def __init__(self, *, product_pk: int, variant_pk: int, name: str, variant_title: str) -> None:
        super().__init__(f"“{full_name(name, variant_title)}” is no longer sold. Please remove it.")
        self.product_pk = product_pk
        self.variant_pk = variant_pk
        self.name = name
        self.variant_title = variant_title


class TotalChanged(DomainError):
    code = "TOTAL_CHANGED"

    def __init__(self, *, expected: Money, actual: Money) -> None:
        super().__init__(f"The total is now {actual.amount} {actual.currency}. Please confirm it.")
        self.expected = expected
        self.actual = actual


class DeliveryUnavailable(DomainError):
    """The chosen method, or any, does not bring these goods to the destination. `offers` has those that do."""

    code = "DELIVERY_UNAVAILABLE"

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__(
            "This cannot be delivered like that any more. Please choose another delivery."
            if offers
            else "We cannot deliver this to that place."
        )
        self.offers = offers


class PaymentUnavailable(DomainError):
    code = "PAYMENT_UNAVAILABLE"

    def __init__(self, message: str = "Payment is not possible at the moment. Please try again.") -> None:
        super().__init__(message)


class TooManyOpenOrders(DomainError):
    """The owner's pending orders leave no room for another. The API's type reads them afresh."""

    code = "TOO_MANY_OPEN_ORDERS"


class OrderError(DomainError):
    """An error that comes of an order's status. `by_link`: it was caused by the holder of the order's link."""

    by_link = False

    def __init__(self, message: str, *, order_uuid: UUID, status: OrderStatus) -> None:
        super().__init__(message)
        self.order_uuid = order_uuid
        self.status = status


class OrderNotEditable(OrderError):
    code = "ORDER_NOT_EDITABLE"

    def __init__(self, *, order_uuid: UUID, status: OrderStatus) -> None:
        message = f"The order is {status.label.lower()} and cannot be changed."
        super().__init__(message, order_uuid=order_uuid, status=status)


class OrderNotCancellable(OrderError):
    code = "ORDER_NOT_CANCELLABLE"

    def __init__(self, *, order_uuid: UUID, status: OrderStatus, message: str = "") -> None:
        message = message or f"The order is {status.label.lower()} and cannot be cancelled."
        super().__init__(message, order_uuid=order_uuid, status=status)


class ReturnNotPossible(DomainError):
    code = "RETURN_NOT_POSSIBLE"


class OrderNotShippable(DomainError):
    code = "ORDER_NOT_SHIPPABLE"

    def __init__(self, status: OrderStatus, message: str = "") -> None:
        super().__init__(message or f"The order is {status.label.lower()} and cannot be shipped.")
        self.status = status


class OrderNotRestockable(DomainError):
    code = "ORDER_NOT_RESTOCKABLE"

    def __init__(self, status: OrderStatus, message: str = "") -> None:
        super().__init__(
            message or f"The order is {status.label.lower()}: only a refunded order can be restocked."
        )
        self.status = status
