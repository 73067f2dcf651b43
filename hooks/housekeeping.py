"""The rows of the log of webhooks that `manage.py housekeeping` deletes."""

from datetime import datetime, timedelta

from core.housekeeping import Heap
from hooks.models import Delivery

KEEP = timedelta(days=30)


def heaps(now: datetime) -> list[Heap]:
    return [Heap(name="deliveries of webhooks", rows=Delivery.objects.filter(created_at__lt=now - KEEP))]
