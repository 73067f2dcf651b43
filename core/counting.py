"""Counting without looking at all there is."""

from typing import Any

from django.db import models

# Beyond it a count would cost more than the page that it stands above.
MAX_COUNT = 10_000


class CountUpTo(models.Subquery):
    """How many rows a queryset has, which may refer to another's row: `most` of them are counted and no more."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()
    # For a queryset of which Django knows that it has none, and which it does not ask for.
    empty_result_set_value = 0

    def __init__(self, queryset: models.QuerySet[Any], *, most: int = MAX_COUNT) -> None:
        super().__init__(queryset.order_by().values("pk")[:most])
