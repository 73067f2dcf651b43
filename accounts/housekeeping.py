"""The rows of accounts that `manage.py housekeeping` deletes."""

from datetime import datetime

from django.contrib.sessions.models import Session

from core.housekeeping import Heap


def heaps(now: datetime) -> list[Heap]:
    return [Heap(name="expired sessions", rows=Session.objects.filter(expire_date__lt=now))]
