"""The personal data of orders: exported on request, and released when the account is deleted."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.dispatch import receiver
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.signals import account_closing, data_requested
from core.addresses import data_of
from core.errors import ValidationError
from orders.cart import ShoppingCart, items_of
from orders.documents.content import Content
from orders.models import (
    Document,
    Fulfilment,
    Order,
    OrderEvent,
    OrderItem,
    OrderStatus,
    Payment,
    Portion,
    Return,
    Shipping,
)
from orders.owners import Owner

UNPAID = gettext_lazy(
    "You have an unpaid order. Pay or cancel it first, because you can do neither without the account."
)


WITH_ORDERS = (
    *("items", "taxes", "payments__refunds", "documents", "events"),
    *("fulfilments__items__item", "returns__items__item"),
)


@receiver(account_closing)
def release_orders(*, user: User, **_: Any) -> None:
    """Give the orders to a visitor key that is in no session, so that only the staff and whoever has their mailed
    links can read them.

    Orders that were never placed are deleted. The cart is deleted with the user. Invoices and credit notes stay as they
    are, because the law wants them kept.

    Raises: ValidationError, while an order is unpaid.
    Locks: the cart, so that no order is placed in the meantime; then the orders.
    """
    ShoppingCart(Owner(user=user)).lock_or_create()
    orders = Order.objects.filter(user=user)
    if orders.filter(status=OrderStatus.PENDING).exists():
        raise ValidationError.of(**{"": UNPAID})
    # One statement moves them all: a draft that another tab begins now is either among them or refused.
    nobody = uuid4()
    orders.update(user=None, visitor=nobody)
    never_placed = [OrderStatus.DRAFT, OrderStatus.CANCELLED]
    Order.objects.filter(visitor=nobody, status__in=never_placed, shipping=None).delete()


@receiver(data_requested)
def collect(*, user: User, **_: Any) -> dict[str, Any]:
    """Return the cart, and the orders with all that has happened to them, but for notes of the staff."""
    orders = Order.objects.filter(user=user).select_related("shipping", "billing_address")
    return {
        "cart": [
            {
                "product": line.product_name,
                "variant": line.variant_title,
                "quantity": line.quantity,
                "addedAt": line.added_at,
            }
            for line in items_of(Owner(user=user))
        ],
        "orders": [order_data(order) for order in orders.prefetch_related(*WITH_ORDERS)],
    }


def order_data(order: Order) -> dict[str, Any]:
    return {
        "uuid": order.pk,
        "number": order.number,
        "status": order.status,
        "amount": order.amount,
        "currency": order.currency,
        "subtotal": order.subtotal,
        "discountTotal": order.discount_total,
        "deliveryTotal": order.delivery_total,
        "taxTotal": order.tax_total,
        "taxes": [
            {"name": tax.name, "rate": tax.percent, "base": tax.base, "amount": tax.amount}
            for tax in order.taxes.all()
        ],
        "createdAt": order.created_at,
        "paidAt": order.paid_at,
        "shippedAt": order.shipped_at,
        "cancelledAt": order.cancelled_at,
        "items": [item_data(item) for item in order.items.all()],
        "shipping": shipping_data(order.shipping) if order.shipping else None,
        "email": order.email,
        "billing": billing_data(order, order.billing_address) if order.billing_address else None,
        "note": order.note,
        "payments": [payment_data(payment) for payment in order.payments.all()],
        "documents": [document_data(document) for document in order.documents.all()],
        "parcels": [parcel_data(parcel) for parcel in order.fulfilments.all()],
        "returns": [return_data(asked) for asked in order.returns.all()],
        "events": [event_data(event) for event in order.events.all() if event.kind != OrderEvent.Kind.NOTE],
    }


def item_data(item: OrderItem) -> dict[str, Any]:
    return {
        "name": item.name,
        "variant": item.variant_title,
        "sku": item.sku,
        "quantity": item.quantity,
        "unitPrice": item.unit_price,
        "discount": item.discount,
        "tax": item.tax,
    }


def shipping_data(shipping: Shipping) -> dict[str, Any]:
    return {**data_of(shipping), "email": shipping.email}


def billing_data(order: Order, address: Shipping) -> dict[str, Any]:
    return {"company": order.billing_company, "vatId": order.vat_id, "address": shipping_data(address)}


def payment_data(payment: Payment) -> dict[str, Any]:
    return {
        "status": payment.status,
        "amount": payment.amount,
        "refunded": payment.refunded,
        "createdAt": payment.created_at,
        "refunds": [
            {"status": refund.status, "amount": refund.amount, "createdAt": refund.created_at}
            for refund in payment.refunds.all()
        ],
    }


def document_data(document: Document) -> dict[str, Any]:
    content = Content.of(document.content)
    return {
        "kind": document.kind,
        "number": document.number,
        "issuedAt": document.issued_at,
        "total": document.total,
        "billsTo": content.bills_to,
        "shipsTo": content.ships_to,
        "vatId": content.vat_id,
    }


def parcel_data(parcel: Fulfilment) -> dict[str, Any]:
    return {
        "items": portions_data(parcel.items.all()),
        "carrier": parcel.carrier,
        "trackingNumber": parcel.tracking_number,
        "trackingUrl": parcel.tracking_url,
        "shippedAt": parcel.shipped_at,
    }


def return_data(asked: Return) -> dict[str, Any]:
    return {
        "status": asked.status,
        "items": portions_data(asked.items.all()),
        "reason": asked.reason,
        "createdAt": asked.created_at,
    }


def portions_data(portions: Iterable[Portion]) -> list[dict[str, Any]]:
    return [{"name": portion.item.full_name, "quantity": portion.quantity} for portion in portions]


def event_data(event: OrderEvent) -> dict[str, Any]:
    return {"kind": event.kind, "by": event.by, "data": event.data, "createdAt": event.created_at}
