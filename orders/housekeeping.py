"""Pruning of old rows that anonymous visitors can create. Rows that the audit reads, such as placed orders, stay."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.models import Cart, CartItem, Order, OrderStatus, StripeEvent

BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Heap:
    """Rows of one kind that are old enough to delete."""

    name: str
    rows: QuerySet[Any]


def heaps(now: datetime) -> list[Heap]:
    """All heaps. The carts of accounts and the drafts that are still being filled are not among them."""
    return [
        Heap(name="expired sessions", rows=Session.objects.filter(expire_date__lt=now)),
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


def prune(heap: Heap) -> Iterator[int]:
    """Delete a heap in batches, each in a transaction of its own, and yield the size of each.

    Rows that are used in the meantime stay.
    """
    while keys := list(heap.rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        gone = delete(heap, keys)
        yield gone
        if not gone:
            return


@transaction.atomic(durable=True)
def delete(heap: Heap, keys: list[Any]) -> int:
    """Lock the rows, delete the ones that are still old, and return their number."""
    rows = heap.rows.model._base_manager.all()
    list(rows.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))
    old = list(heap.rows.filter(pk__in=keys).values_list("pk", flat=True))
    rows.filter(pk__in=old).delete()
    return len(old)
