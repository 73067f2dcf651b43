"""The rows of the catalogue that `manage.py housekeeping` deletes."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from catalog.models import SearchTerm, StockNotice
from catalog.search_terms import KEPT
from core.housekeeping import Heap


def heaps(now: datetime) -> list[Heap]:
    notices = StockNotice.objects.filter(asked_at__lt=now - settings.STORE_KEEP_NOTICES)
    terms = SearchTerm.objects.filter(day__lt=timezone.localdate(now - KEPT))
    return [Heap(name="stock notices", rows=notices), Heap(name="search terms", rows=terms)]
