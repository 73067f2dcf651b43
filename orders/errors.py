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

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from catalog.models import full_name
from core.errors import DomainError, Text
from core.money import Money, format_money
from orders.models import OrderStatus
from pricing.delivery import Offer

# Translators: The word stands in "The order is … and cannot be changed."
STATUS_WORDS = {
    OrderStatus.DRAFT: pgettext_lazy("the order is …", "a draft"),
    OrderStatus.PENDING: pgettext_lazy("the order is …", "pending"),
    OrderStatus.PAID: pgettext_lazy("the order is …", "paid"),
    OrderStatus.PARTIALLY_SHIPPED: pgettext_lazy("the order is …", "partially shipped"),
    OrderStatus.SHIPPED: pgettext_lazy("the order is …", "shipped"),
    OrderStatus.CANCELLED: pgettext_lazy("the order is …", "cancelled"),
    OrderStatus.REFUNDED: pgettext_lazy("the order is …", "refunded"),
}


class CartEmpty(DomainError):
    code = "CART_EMPTY"

    def __init__(self) -> None:
        super().__init__(_("There is nothing to buy yet. Please add a product first."))


class ProductUnavailable(DomainError):
    """The product or its variant has been deleted since it was added. Keys and names are kept for the message."""

    code = "PRODUCT_UNAVAILABLE"

    def __init__(self, *, product_pk: int, variant_pk: int, name: str, variant_title: str) -> None:
        super().__init__(
            _("“%(name)s” is no longer sold. Please remove it.") % {"name": full_name(name, variant_title)}
        )
        self.product_pk = product_pk
        self.variant_pk = variant_pk
        self.name = name
        self.variant_title = variant_title


class TotalChanged(DomainError):
    code = "TOTAL_CHANGED"

    def __init__(self, *, expected: Money, actual: Money) -> None:
        total = format_money(actual.amount, actual.currency)
        super().__init__(_("The total is now %(total)s. Please confirm it.") % {"total": total})
        self.expected = expected
        self.actual = actual


class DeliveryUnavailable(DomainError):
    """The chosen method, or any, does not bring these goods to the destination. `offers` has those that do."""

    code = "DELIVERY_UNAVAILABLE"

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__(
            _("This cannot be delivered like that any more. Please choose another delivery.")
            if offers
            else _("We cannot deliver this to that place.")
        )
        self.offers = offers


class PaymentUnavailable(DomainError):
    code = "PAYMENT_UNAVAILABLE"

    def __init__(self, message: Text = "") -> None:
        super().__init__(message or _("Payment is not possible at the moment. Please try again."))


class TooManyOpenOrders(DomainError):
    """The owner's pending orders leave no room for another. The API's type reads them afresh."""

    code = "TOO_MANY_OPEN_ORDERS"


class OrderError(DomainError):
    """An error that comes of an order's status. `by_link`: it was caused by the holder of the order's link."""

    by_link = False

    def __init__(self, message: Text, *, order_uuid: UUID, status: OrderStatus) -> None:
        super().__init__(message)
        self.order_uuid = order_uuid
        self.status = status


class OrderNotEditable(OrderError):
    code = "ORDER_NOT_EDITABLE"

    def __init__(self, *, order_uuid: UUID, status: OrderStatus) -> None:
        message = _("The order is %(status)s and cannot be changed.") % {"status": STATUS_WORDS[status]}
        super().__init__(message, order_uuid=order_uuid, status=status)


class OrderNotCancellable(OrderError):
    code = "ORDER_NOT_CANCELLABLE"

    def __init__(self, *, order_uuid: UUID, status: OrderStatus, message: Text = "") -> None:
        reason = _("The order is %(status)s and cannot be cancelled.") % {"status": STATUS_WORDS[status]}
        super().__init__(message or reason, order_uuid=order_uuid, status=status)


class ReturnNotPossible(DomainError):
    code = "RETURN_NOT_POSSIBLE"


class OrderNotShippable(DomainError):
    code = "ORDER_NOT_SHIPPABLE"

    def __init__(self, status: OrderStatus, message: Text = "") -> None:
        super().__init__(
            message or _("The order is %(status)s and cannot be shipped.") % {"status": STATUS_WORDS[status]}
        )
        self.status = status


class OrderNotRestockable(DomainError):
    code = "ORDER_NOT_RESTOCKABLE"

    def __init__(self, status: OrderStatus, message: Text = "") -> None:
        super().__init__(
            message
            or _("The order is %(status)s: only a refunded order can be restocked.")
            % {"status": STATUS_WORDS[status]}
        )
        self.status = status
