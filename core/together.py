"""Reading several tables with one statement, where each is small and a round trip costs more than the rows."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Field, IntegerField, Model, QuerySet, Value
from django.db.models.functions import JSONObject


def read_together(*querysets: QuerySet[Any]) -> list[list[Any]]:
    """Return the rows of each queryset as instances, with their annotations, in order of their keys.

    One UNION ALL reads them, as JSON. The querysets' own order is not kept.
    """
    arms = [
        rows.order_by().values_list(Value(place, output_field=IntegerField()), as_json(fields_of(rows)))
        for place, rows in enumerate(querysets)
    ]
    found: list[list[Any]] = [[] for _ in querysets]
    for place, values in arms[0].union(*arms[1:], all=True):
        found[place].append(build(querysets[place], values))
    for rows in found:
        rows.sort(key=lambda row: row.pk)
    return found


def as_json(names: Iterable[str]) -> JSONObject:
    """Return the expression of a JSON object of these columns, of which `build` makes an instance."""
    return JSONObject(**{name: name for name in names})


def fields_of(rows: QuerySet[Any]) -> dict[str, Field[Any, Any]]:
    """Return the fields of the columns and annotations by name."""
    columns = {field.attname: field for field in rows.model._meta.concrete_fields}
    return columns | {name: annotation.output_field for name, annotation in rows.query.annotations.items()}


def build(rows: QuerySet[Any], values: dict[str, Any]) -> Model:
    """Return the instance that a JSON object of columns and annotations describes. Other columns are deferred."""
    fields = fields_of(rows)
    # JSON has no decimals. A float's shortest text is the number that was stored, up to 15 digits.
    python = {
        name: fields[name].to_python(str(value) if isinstance(value, float) else value)
        for name, value in values.items()
    }
    columns = [field.attname for field in rows.model._meta.concrete_fields if field.attname in python]
    row: Model = rows.model.from_db(rows.db, columns, [python.pop(name) for name in columns])
    for name, value in python.items():
        setattr(row, name, value)
    return row
