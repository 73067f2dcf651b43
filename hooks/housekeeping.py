"""The rows of the log of webhooks that `manage.py housekeeping` deletes."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from core.housekeeping import Heap
from hooks.models import Delivery, Endpoint

KEEP = timedelta(days=30)


def heaps(now: datetime) -> list[Heap]:
    # A transaction that announces something while its endpoint is deleted leaves them: no constraint refuses it.
    orphans = Delivery.objects.filter(~Exists(Endpoint.objects.filter(pk=OuterRef("endpoint"))))
    return [
        Heap(name="deliveries of webhooks", rows=Delivery.objects.filter(created_at__lt=now - KEEP)),
        Heap(name="deliveries to deleted endpoints", rows=orphans),
    ]
