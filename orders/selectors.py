"""Reads of orders: they return unevaluated QuerySets."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from orders.models import Order, OrderStatus, Payment, PaymentStatus
from orders.owners import Owner


def orders_of(owner: Owner | None) -> QuerySet[Order]:
    """The owner's orders; none for a visitor who has written nothing yet."""
    return Order.objects.filter(**owner.lookup()) if owner else Order.objects.none()


def orders_seen_by(owner: Owner | None) -> QuerySet[Order]:
    """An owner's own; the staff with the right to see orders and people, whose names they bear, see all."""
    staff = owner.user if owner and owner.user and owner.user.is_staff else None
    if staff and staff.has_perms(["orders.view_order", "accounts.view_user"]):
        return Order.objects.all()
    return orders_of(owner)


def order(owner: Owner | None, uuid: UUID) -> QuerySet[Order]:
    return orders_of(owner).filter(pk=uuid)


def expired(now: datetime) -> QuerySet[Order]:
    """Pending orders whose time is over, the longest overdue first."""
    return Order.objects.filter(status=OrderStatus.PENDING, expires_at__lte=now).order_by("expires_at", "pk")


def unconfirmed() -> QuerySet[Order]:
    """Paid orders whose confirmation no mail server has accepted yet."""
    return Order.objects.filter(
        status__in=[OrderStatus.PAID, OrderStatus.SHIPPED], confirmation_mailed_at=None
    )


def payments_to_come() -> QuerySet[Payment]:
    """The live attempts at paying of all pending orders, that of the newest order first."""
    live = Payment.objects.filter(order__status=OrderStatus.PENDING).exclude(status=PaymentStatus.CANCELLED)
    return live.select_related("order").order_by("-order__created_at", "-order")
