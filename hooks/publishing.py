"""Events for the endpoints that want them, written in the transaction that causes them."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from core.tasks import enqueue
from hooks.models import Delivery, Endpoint, Kind
from hooks.subscriptions import wanted
from hooks.tasks import deliver

# Changes of one product are held back for so long, and sent as one.
MERGED = {Kind.PRODUCT_CHANGED: timedelta(seconds=5)}


@dataclass(frozen=True, kw_only=True)
class News:
    """What an event says: the API's id of its subject, and JSON that names nobody."""

    node: str
    key: object
    data: Mapping[str, Any]

    @property
    def subject(self) -> str:
        return f"{self.node}:{self.key}"


def is_wanted(kind: Kind) -> bool:
    """Whether it is worth collecting the data of an event."""
    return wanted.has(kind)


def publish(kind: Kind, news: Iterable[News], *, now: datetime) -> None:
    """Write the events for each endpoint that wants them, and let the worker send them. A step of a transaction.

    Without such an endpoint it makes no statement. Otherwise two, and one for each such endpoint.
    """
    if wanted.has(kind):
        active = Endpoint.objects.filter(is_active=True)
        write(kind, news, [endpoint for endpoint in active if kind in endpoint.kinds], now=now)


def write(kind: Kind, news: Iterable[News], endpoints: Iterable[Endpoint], *, now: datetime) -> None:
    """Write the events for these endpoints. A step of a transaction."""
    pause = MERGED.get(kind, timedelta())
    events = [(uuid4(), item, body_of(kind, item, now=now)) for item in news]
    Delivery.objects.bulk_create(
        [
            Delivery(
                endpoint=endpoint,
                event=event,
                kind=kind,
                subject=item.subject,
                merge_key=f"{kind} {item.subject}" if pause else None,
                body=body,
                created_at=now,
                queued_at=now,
                next_attempt_at=now + pause,
            )
            for endpoint in endpoints
            for event, item, body in events
        ],
        update_conflicts=True,
        unique_fields=["endpoint", "merge_key"],
        update_fields=["body"],
        batch_size=500,
    )
    for endpoint in endpoints:
        wake(endpoint.pk, at=now + pause if pause else None)


def wake(endpoint_pk: int, *, at: datetime | None = None) -> None:
    """Let the worker send what is due. It also looks every minute by itself."""
    if at is None:
        enqueue(deliver, endpoint_pk)
    elif deliver.get_backend().supports_defer:
        enqueue(deliver.using(run_after=at), endpoint_pk)


def body_of(kind: Kind, item: News, *, now: datetime) -> str:
    moment = timestamp(now)
    data = {"id": global_id(item.node, item.key), **item.data, "updatedAt": moment}
    return json.dumps({"type": kind, "timestamp": moment, "data": data}, separators=(",", ":"))


def global_id(node: str, key: object) -> str:
    """Return the API's id of a row."""
    return b64encode(f"{node}:{key}".encode()).decode()


def timestamp(moment: datetime) -> str:
    """Return the moment as the API writes it."""
    return moment.isoformat()
