"""Pruning by age what strangers can make without end. What the audit reads, placed orders above all, stays."""

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
    """Rows of one kind that are old enough to go."""

    name: str
    rows: QuerySet[Any]


def heaps(now: datetime) -> list[Heap]:
    """Everything that is pruned. Carts and drafts of accounts that are still filled stay as they are."""
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
    """Of visitors who have not put anything in for STORE_KEEP_CARTS. An empty one is made again by the next write."""
    recent = CartItem.objects.filter(cart=OuterRef("pk"), added_at__gte=now - settings.STORE_KEEP_CARTS)
    return Cart.objects.filter(~Exists(recent), user=None)


def old_drafts(now: datetime) -> QuerySet[Order]:
    """Drafts that were never placed, cancelled or not: nothing was taken, asked for or paid by them."""
    never_placed = Q(status__in=[OrderStatus.DRAFT, OrderStatus.CANCELLED], shipping=None, payments=None)
    return Order.objects.filter(never_placed, updated_at__lt=now - settings.STORE_KEEP_DRAFTS)


def prune(heap: Heap) -> Iterator[int]:
    """Delete a heap in batches, each in a transaction of its own; yields how many have gone with each.

    One that is used meanwhile stays.
    """
    while keys := list(heap.rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        gone = delete(heap, keys)
        yield gone
        if not gone:
            return


@transaction.atomic(durable=True)
def delete(heap: Heap, keys: list[Any]) -> int:
    """Delete those of the keys whose rows are still old once they are locked; answers with how many."""
    rows = heap.rows.model._base_manager.all()
    list(rows.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk", flat=True))
    old = list(heap.rows.filter(pk__in=keys).values_list("pk", flat=True))
    rows.filter(pk__in=old).delete()
    return len(old)
