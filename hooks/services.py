"""Writes of endpoints by the staff, and deliveries that they send again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from hooks.lanes import open_lanes
from hooks.models import Delivery, Endpoint, Kind
from hooks.publishing import News, wake, write
from hooks.signing import new_secret

# The secret before signs for so long, beside the new one.
ROTATION = timedelta(days=1)
# An endpoint that is switched on again begins anew.
FORGIVEN = {"failures": 0, "failing_since": None, "paused_until": None, "switched_off_at": None}


@transaction.atomic
def add_endpoint(endpoint: Endpoint, *, now: datetime) -> str:
    """Insert an endpoint, and return its new secret."""
    endpoint.secret, endpoint.created_at = new_secret(), now
    endpoint.save(force_insert=True)
    return endpoint.secret


@transaction.atomic
def rotate_secret(endpoint: Endpoint, *, now: datetime) -> str:
    """Give the endpoint a new secret, and return it. The one before signs for a day longer, beside the new one.

    Locks: the endpoint.
    """
    current = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    current.old_secret, current.old_secret_until = current.secret, now + ROTATION
    current.secret = new_secret()
    current.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return current.secret


@transaction.atomic
def resume(endpoint: Endpoint) -> None:
    """Forget the failures of an endpoint that the staff have switched on again, and send what is due."""
    Endpoint.objects.filter(pk=endpoint.pk).update(**FORGIVEN)
    wake(endpoint.pk)


@transaction.atomic
def ping(endpoint: Endpoint, *, now: datetime) -> bool:
    """Send the endpoint an event for a test, even while it is paused; False if it is switched off."""
    if not Endpoint.objects.filter(pk=endpoint.pk, is_active=True).update(paused_until=None):
        return False
    write(Kind.PING, [News(node="Endpoint", key=endpoint.pk, data={})], [endpoint], now=now)
    return True


@transaction.atomic
def send_again(deliveries: QuerySet[Delivery], *, now: datetime) -> int:
    """Send deliveries that have succeeded or failed once more, with the same ids. Return their number."""
    ended = deliveries.exclude(status=Delivery.Status.WAITING)
    endpoints = set(ended.values_list("endpoint", flat=True))
    number = ended.update(
        status=Delivery.Status.WAITING, queued_at=now, next_attempt_at=now, delivered_at=None
    )
    for key in open_lanes(now).filter(pk__in=endpoints).values_list("pk", flat=True):
        wake(key)
    return number
