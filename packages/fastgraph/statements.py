"""SQL statements that are compiled once and run with different values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias, cast

from django.db import connections, models
from django.db.models.expressions import Expression

Column: TypeAlias = models.Field[Any, Any]
# Puts a value into a query: as a literal value, or as a parameter of a kept statement.
Bind: TypeAlias = Callable[[str, Column], Expression]


def column_of(model: type[models.Model], name: str) -> Column:
    """Return the model's own field of this name."""
    return cast(Column, model._meta.get_field(name))


class Parameter(NamedTuple):
    """The place of a value in a statement's parameters."""

    name: str
    field: Column

    def value(self, values: Mapping[str, Any]) -> Any:
        return values[self.name]


class ComputedParameter(NamedTuple):
    """The place of a value that each run computes."""

    compute: Callable[[], Any]
    field: Column

    def value(self, values: Mapping[str, Any]) -> Any:
        return self.compute()


class Param(Expression):
    """A placeholder for a value that is bound when the statement runs."""

    def __init__(self, name: str, field: Column) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [Parameter(self.name, self.output_field)]


_keeping: ContextVar[bool] = ContextVar("keeping", default=False)


@contextmanager
def keep_parameters() -> Iterator[None]:
    """Compile Computed values to placeholders within the block, because the SQL is kept."""
    token = _keeping.set(True)
    try:
        yield
    finally:
        _keeping.reset(token)


class Computed(Expression):
    """A value that is computed whenever the query runs, such as the time. The SQL of the query can be kept."""

    def __init__(self, compute: Callable[[], Any], field: Column) -> None:
        super().__init__(output_field=field)
        self.compute = compute

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if _keeping.get():
            return "%s", [ComputedParameter(self.compute, self.output_field)]
        return "%s", [self.output_field.get_db_prep_value(self.compute(), connection)]


def bind_values(values: Mapping[str, Any]) -> Bind:
    """Bind the values as literals, for a query that runs once."""
    return lambda name, field: models.Value(values[name], output_field=field)


class Statement:
    """A compiled query. Each run gives values to its Params, and computes its Computed ones."""

    def __init__(self, queryset: models.QuerySet[Any, Any], *, within: tuple[str, str] = ("", "")) -> None:
        """Compile the query. `within` is the SQL before and after it.

        Raises:
            EmptyResultSet: the query cannot have any rows.
        """
        self.database = queryset.db
        compiler = queryset.query.get_compiler(self.database)
        with keep_parameters():
            sql, self.parameters = compiler.as_sql()
        self.sql = sql.join(within)
        selected = [expression for expression, _, _ in compiler.select[: compiler.col_count]]
        # Keep the converters, not the compiler, which would keep the whole query alive.
        self.converters = compiler.get_converters(selected)

    def rows(self, values: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
        connection = connections[self.database]
        parameters = [
            parameter.field.get_db_prep_value(parameter.value(values), connection)
            if isinstance(parameter, Parameter | ComputedParameter)
            else parameter
            for parameter in self.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            found: list[Sequence[Any]] = cursor.fetchall()
        return (self.convert(row, connection) for row in found) if self.converters else found

    def convert(self, row: Sequence[Any], connection: Any) -> list[Any]:
        values = list(row)
        for place, (converters, expression) in self.converters.items():
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return values
