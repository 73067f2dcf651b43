"""Reads about the deliveries, for the dashboard and the metrics."""

from datetime import datetime

from django.db.models import Min, QuerySet

from hooks.lanes import waiting
from hooks.models import Delivery, Endpoint


def failing_endpoints() -> QuerySet[Endpoint]:
    """The endpoints that have been switched off because they failed, and those that are paused."""
    switched_off = Endpoint.objects.filter(is_active=False, switched_off_at__isnull=False)
    return switched_off | Endpoint.objects.filter(is_active=True, paused_until__isnull=False)


def delivery_counts(now: datetime) -> dict[str, int]:
    """Return how many deliveries wait, have failed and have been attempted again, and the age of the oldest one."""
    oldest = waiting().filter(endpoint__is_active=True).aggregate(oldest=Min("queued_at"))["oldest"]
    return {
        "waiting": waiting().count(),
        "failed": Delivery.objects.filter(status=Delivery.Status.FAILED).count(),
        "lag": int((now - oldest).total_seconds()) if oldest else 0,
    }
