"""Rows without instances: only the columns that an operation selects, read by SQL that is compiled once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple, TypeAlias, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.expressions import Expression

Field: TypeAlias = models.Field[Any, Any]
# Gives a value its place in a query: as it is, or as a parameter of a statement that is kept.
Bind: TypeAlias = Callable[[str, Field], Expression]
Make: TypeAlias = Callable[[Sequence[Any]], Any]


class Unreadable(Exception):
    """A selection that one statement of columns cannot read."""


class Row:
    """What was selected of one row, with the names that the model's instances have; they cost ten times as much."""

    typename: ClassVar[str]
    model: ClassVar[type[models.Model]]
    related: ClassVar[tuple[str, ...]] = ()
    read_with: Sequence["Row"]

    @property
    def pk(self) -> Any:
        return self.__dict__[self.model._meta.pk.attname]


class StoredFile(NamedTuple):
    """Of a FileField: like its FieldFile, which would open the storage."""

    name: str


class Shape:
    """Which columns of a model are read, and of the rows that its foreign keys lead to."""

    def __init__(self, typename: str, model: type[models.Model]) -> None:
        self.row: type[Row] = type(f"{typename}Row", (Row,), {"typename": typename, "model": model})
        self.columns: dict[str, Field] = {}
        self.relations: dict[str, Shape] = {}
        self.annotations: dict[str, Any] = {}
        self.add("pk")

    def add(self, path: str) -> None:
        """Read the column at the path (`order__currency`), a foreign key by its key."""
        name, _, rest = path.partition("__")
        if rest:
            self.relation(name).add(rest)
        else:
            field: Any = self.row.model._meta.pk if name == "pk" else self.row.model._meta.get_field(name)
            if not field.concrete:
                raise Unreadable(path)
            self.columns[field.attname] = field

    def relation(self, path: str) -> "Shape":
        """The shape of the one row that the path leads to."""
        name, _, rest = path.partition("__")
        if name not in self.relations:
            field: Any = self.row.model._meta.get_field(name)
            if not (field.many_to_one or field.one_to_one):
                raise Unreadable(path)
            self.relations[name] = Shape(name, field.related_model)
        return self.relations[name].relation(rest) if rest else self.relations[name]

    def paths(self, prefix: str = "") -> Iterable[str]:
        """The columns in the order in which `maker` takes their values."""
        yield from (prefix + name for name in self.columns)
        for name, shape in self.relations.items():
            yield from shape.paths(f"{prefix}{name}__")

    def maker(self, start: int = 0) -> tuple[Make, int]:
        """What makes a row of the values from `start` on, and where they end. None where there is no such row."""
        names = list(self.columns)
        end = start + len(names)
        files = [name for name, field in self.columns.items() if isinstance(field, models.FileField)]
        related: list[tuple[str, Make]] = []
        for name, shape in self.relations.items():
            make_related, after = shape.maker(end)
            related.append((name, make_related))
            end = after
        of_row = slice(start, start + len(names))
        new, row_class = object.__new__, self.row
        row_class.related = tuple(self.relations)

        def make(values: Sequence[Any]) -> Row | None:
            if values[start] is None:
                return None
            row = new(row_class)
            attributes = row.__dict__
            attributes.update(zip(names, values[of_row], strict=True))
            for name in files:
                attributes[name] = StoredFile(attributes[name])
            for name, make_related in related:
                attributes[name] = make_related(values)
            return row

        return make, end


def column_of(model: type[models.Model], name: str) -> Field:
    """The model's field of this name, which is no relation from elsewhere."""
    return cast(Field, model._meta.get_field(name))


class Parameter(NamedTuple):
    """The place of a value in a statement's parameters."""

    name: str
    field: Field


class Param(Expression):
    """A value that is given when the statement is run."""

    def __init__(self, name: str, field: Field) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [Parameter(self.name, self.output_field)]


def values_of(values: Mapping[str, Any]) -> Bind:
    """The values as they are, for a query that is run once."""
    return lambda name, field: models.Value(values[name], output_field=field)


class Statement:
    """A query compiled once, whose Params get their values at each run."""

    def __init__(self, queryset: models.QuerySet[Any, Any], *, within: tuple[str, str] = ("", "")) -> None:
        """`within` is SQL around the query's. EmptyResultSet for a query that finds nothing whatever is asked."""
        self.database = queryset.db
        compiler = queryset.query.get_compiler(self.database)
        sql, self.parameters = compiler.as_sql()
        self.sql = sql.join(within)
        selected = [expression for expression, _, _ in compiler.select[: compiler.col_count]]
        # Not the compiler itself, which holds on to the whole query.
        self.converters = compiler.get_converters(selected)

    def rows(self, values: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
        connection = connections[self.database]
        parameters = [
            parameter.field.get_db_prep_value(values[parameter.name], connection)
            if isinstance(parameter, Parameter)
            else parameter
            for parameter in self.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            found: list[Sequence[Any]] = cursor.fetchall()
        return (self.converted(row, connection) for row in found) if self.converters else found

    def converted(self, row: Sequence[Any], connection: Any) -> list[Any]:
        values = list(row)
        for place, (converters, expression) in self.converters.items():
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return values


class Reading:
    """Reads rows of one shape from a query: its columns, the query's annotations, and these."""

    def __init__(self, queryset: models.QuerySet[Any], shape: Shape, annotations: Mapping[str, Any]) -> None:
        queryset = queryset.annotate(**annotations)
        names = list(queryset.query.annotation_select)
        self.make, start = shape.maker()
        self.annotations = [(name, itemgetter(place)) for place, name in enumerate(names, start)]
        self.statement: Statement | None
        try:
            self.statement = Statement(queryset.values_list(*shape.paths(), *names))
        except EmptyResultSet:
            self.statement = None

    @property
    def characters(self) -> int:
        """The length of its SQL, by which readings that are kept are bounded."""
        return len(self.statement.sql) if self.statement else 0

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        if self.statement is None:
            return []
        rows = []
        for found in self.statement.rows(values):
            row = self.make(found)
            for name, value in self.annotations:
                row.__dict__[name] = value(found)
            rows.append(row)
        share_peers(rows)
        return rows


def share_peers(rows: Sequence[Any]) -> None:
    """Let each row know the rows it was read with, and so on for all that was read along with them.

    A nested connection then reads its pages for all of its parents at once (see `nested_page`), where the
    optimizer's own prefetch gives up when a relation is asked for twice with different arguments.
    """
    along: dict[str, list[Any]] = {}
    for row in rows:
        if hasattr(row, "read_with"):
            continue
        row.read_with = rows
        if isinstance(row, Row):
            for name in row.related:
                if (related := getattr(row, name)) is not None:
                    along.setdefault(name, []).append(related)
        else:
            for name, related in row._state.fields_cache.items():
                if related is not None:
                    along.setdefault(name, []).append(related)
            for name, children in getattr(row, "_prefetched_objects_cache", {}).items():
                along.setdefault(name, []).extend(children)
    for group in along.values():
        share_peers(group)
