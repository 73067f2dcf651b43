"""Reads of orders: they return unevaluated QuerySets."""

from uuid import UUID

from django.db.models import QuerySet

from orders.models import Order, OrderStatus
from orders.owners import Owner


def orders_of(owner: Owner | None) -> QuerySet[Order]:
    """The owner's orders; none for a visitor who has written nothing yet."""
    return Order.objects.filter(**owner.lookup()) if owner else Order.objects.none()


def orders(status: OrderStatus | None) -> QuerySet[Order]:
    """Everyone's, in this status if one is given."""
    return Order.objects.filter(status=status) if status else Order.objects.all()


def order(owner: Owner | None, uuid: UUID) -> QuerySet[Order]:
    return orders_of(owner).filter(pk=uuid)
