"""Conditions of queries."""

from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Subquery


class Each(Func):
    """A condition that is checked for each row that another index has found. The planner does not seek by it."""

    conditional = True
    output_field = BooleanField()
    template = "((%(expressions)s) IS TRUE)"


class Keys(Subquery):
    """A subquery that leaves out the query around it if Django knows it to be empty. Others stand for NULL."""

    empty_result_set_value = NotImplemented


class IsIn(Func):
    """`column IN (…)`, for which an index is sought once for each row of the queryset.

    PostgreSQL would read the whole of a large table to join it. With an array it expects only a few elements.
    """

    conditional = True
    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " IN "

    def __init__(self, column: str, queryset: QuerySet[Any, Any]) -> None:
        super().__init__(F(column), Keys(queryset))

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", **extra
        )
