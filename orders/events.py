"""The record of what happens to orders. Each event is written in the transaction that causes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.errors import ValidationError
from orders.models import MAX_NOTE, Order, OrderEvent

Kind = OrderEvent.Kind


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who causes an event. A customer is the order's own, and so has no user here."""

    by: OrderEvent.By
    user: User | None = None


SHOP = Actor(by=OrderEvent.By.SHOP)
CUSTOMER = Actor(by=OrderEvent.By.CUSTOMER)


def staff(user: User) -> Actor:
    return Actor(by=OrderEvent.By.STAFF, user=user)


def event_of(order_uuid: UUID, kind: Kind, *, by: Actor = SHOP, now: datetime, **data: Any) -> OrderEvent:
    """Build an event that the caller inserts, with others at once. `data` must be JSON."""
    return OrderEvent(order_id=order_uuid, kind=kind, by=by.by, user=by.user, data=data, created_at=now)


def record_event(order_uuid: UUID, kind: Kind, *, by: Actor = SHOP, now: datetime, **data: Any) -> None:
    """Insert an event. A step of the transaction that causes it."""
    event_of(order_uuid, kind, by=by, now=now, **data).save(force_insert=True)


@transaction.atomic(durable=True)
def add_note(order: Order, *, text: str, by: Actor, now: datetime) -> None:
    """Add a note of the staff, which the customer never sees.

    Raises: ValidationError, if it is empty or too long.
    """
    text = text.strip()
    if not text or len(text) > MAX_NOTE:
        raise ValidationError.of(note=f"Enter a note of at most {MAX_NOTE} characters.")
    record_event(order.pk, Kind.NOTE, by=by, now=now, text=text)
