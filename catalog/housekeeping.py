"""The rows of the catalogue that `manage.py housekeeping` deletes."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from catalog.models import Attribute, AttributeValue, ProductValue, SearchTerm, StockNotice
from catalog.search_terms import KEPT
from core.housekeeping import Heap


def heaps(now: datetime) -> list[Heap]:
    notices = StockNotice.objects.filter(asked_at__lt=now - settings.STORE_KEEP_NOTICES)
    terms = SearchTerm.objects.filter(day__lt=timezone.localdate(now - KEPT))
    # What the staff write stays: the attributes of products, and their values.
    having = ProductValue.objects.filter(value=OuterRef("pk"))
    of_option = AttributeValue.objects.filter(attribute=OuterRef("pk"))
    values = AttributeValue.objects.filter(~Exists(having), attribute__of_options=True)
    options = Attribute.objects.filter(~Exists(of_option), of_options=True)
    return [
        Heap(name="stock notices", rows=notices),
        Heap(name="search terms", rows=terms),
        Heap(name="values of options", rows=values),
        Heap(name="options", rows=options),
    ]
