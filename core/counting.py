"""Counting rows up to a bound."""

from typing import Any

from django.db import models

# Counting further would cost more than reading the page that shows the count.
MAX_COUNT = 10_000


class CountUpTo(models.Subquery):
    """A subquery that counts a queryset's rows, `most` of them at the most. The queryset may use OuterRef."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()
    # The value if Django knows that the queryset is empty, and leaves the query out.
    empty_result_set_value = 0

    def __init__(self, queryset: models.QuerySet[Any], *, most: int = MAX_COUNT) -> None:
        # A constant, because PostgreSQL would read the row for a column that the index lacks.
        rows = queryset.order_by().annotate(counted=models.Value(1)).values("counted")
        super().__init__(rows[:most])
