"""The rows of orders that `manage.py housekeeping` deletes. Those that the audit reads, such as placed orders, stay."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.housekeeping import Heap
from orders.models import Cart, CartItem, Order, OrderStatus, StripeEvent


def heaps(now: datetime) -> list[Heap]:
    """Return the heaps. The carts of accounts and the drafts that are still being filled are not among them."""
    return [
        Heap(name="carts of visitors", rows=old_carts(now)),
        Heap(name="abandoned drafts", rows=old_drafts(now)),
        Heap(
            name="Stripe's events",
            rows=StripeEvent.objects.filter(received_at__lt=now - settings.STORE_KEEP_EVENTS),
        ),
    ]


def old_carts(now: datetime) -> QuerySet[Cart]:
    """Carts that visitors have added nothing to for STORE_KEEP_CARTS. The next write creates an empty one again."""
    recent = CartItem.objects.filter(cart=OuterRef("pk"), added_at__gte=now - settings.STORE_KEEP_CARTS)
    return Cart.objects.filter(~Exists(recent), user=None)


def old_drafts(now: datetime) -> QuerySet[Order]:
    """Drafts that were never placed, cancelled or not. They have taken no stock and have no payment."""
    never_placed = Q(status__in=[OrderStatus.DRAFT, OrderStatus.CANCELLED], shipping=None, payments=None)
    return Order.objects.filter(never_placed, updated_at__lt=now - settings.STORE_KEEP_DRAFTS)
