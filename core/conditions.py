"""Conditions of queries."""

from django.db.models import BooleanField, Func


class Each(Func):
    """A condition that is checked for each row that another index has found. The planner does not seek by it."""

    conditional = True
    output_field = BooleanField()
    template = "((%(expressions)s) IS TRUE)"
