"""The rows of the catalogue that `manage.py housekeeping` deletes."""

from datetime import datetime

from django.conf import settings

from catalog.models import StockNotice
from core.housekeeping import Heap


def heaps(now: datetime) -> list[Heap]:
    old = StockNotice.objects.filter(asked_at__lt=now - settings.STORE_KEEP_NOTICES)
    return [Heap(name="stock notices", rows=old)]
