"""Rows instead of model instances: only the columns that an operation selects, read by SQL that is compiled once."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import itemgetter
from threading import Lock
from typing import Any, ClassVar, NamedTuple, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import models

from packages.fastgraph.statements import Column, Statement
from packages.fastgraph.strictness import report_mistake

Make: TypeAlias = Callable[[Sequence[Any]], Any]
# The limit on the SQL in a cache of readings. A reading takes about sixteen times the memory of its SQL.
MAX_SQL_CHARACTERS = 24_000


class Unreadable(Exception):
    """The selection needs instances, because one statement of columns cannot read it."""


class NotSelected(Exception):
    """The row was read without this attribute."""


class Row:
    """The selected columns of one row, under the model's names. An instance costs ten times as much.

    In a query, a row stands for its primary key.
    """

    typename: ClassVar[str]
    model: ClassVar[type[models.Model]]
    related: ClassVar[tuple[str, ...]] = ()
    read_with: Sequence["Row"]

    @property
    def pk(self) -> Any:
        return self.__dict__[self.model._meta.pk.attname]

    def __getattr__(self, name: str) -> Any:
        """Read an unselected attribute from an instance, in another statement, and report the mistake."""
        if name.startswith("_") or not hasattr(self.model, name):
            raise AttributeError(f"{self.model.__name__} has no attribute {name!r}.", name=name, obj=self)
        report_mistake(
            NotSelected(
                f"{self.typename} was read without {name!r}. Name it in the Protocol that the resolver takes as its "
                f"parent or in only=[{name!r}], or take an instance: strawberry.Parent[{self.model.__name__}]."
            )
        )
        if "_instance" not in self.__dict__:
            self.__dict__["_instance"] = self.model._base_manager.get(pk=self.pk)
        return getattr(self.__dict__["_instance"], name)

    def resolve_expression(self, *args: Any, **options: Any) -> Any:
        return models.Value(self.pk, output_field=self.model._meta.pk).resolve_expression(*args, **options)


def peers_of(row: Any) -> Sequence[Any]:
    """Return the rows that were read with this one, including itself."""
    peers: Sequence[Any] = row.__dict__.get("read_with") or [row]
    return peers


class StoredFile(NamedTuple):
    """The value of a FileField. A FieldFile would open the storage."""

    name: str


class Shape:
    """The columns to read of a model, and of the rows that its foreign keys lead to."""

    def __init__(self, typename: str, model: type[models.Model]) -> None:
        self.row: type[Row] = type(f"{typename}Row", (Row,), {"typename": typename, "model": model})
        self.columns: dict[str, Column] = {}
        self.relations: dict[str, Shape] = {}
        self.annotations: dict[str, Any] = {}
        self.add("pk")

    def add(self, path: str) -> None:
        """Add the column at the path (`order__currency`). A foreign key is read as its key.

        Raises:
            Unreadable: the path is not a column.
        """
        name, _, rest = path.partition("__")
        if rest:
            self.relation(name).add(rest)
        else:
            field: Any = self.row.model._meta.pk if name == "pk" else self.row.model._meta.get_field(name)
            if not field.concrete:
                raise Unreadable(f"{path} is not a column.")
            self.columns[field.attname] = field

    def relation(self, path: str) -> "Shape":
        """Return the shape of the row that the path leads to.

        Raises:
            Unreadable: the path leads to many rows.
        """
        name, _, rest = path.partition("__")
        if name not in self.relations:
            field: Any = self.row.model._meta.get_field(name)
            if not (field.many_to_one or field.one_to_one):
                raise Unreadable(f"{path} leads to many rows.")
            self.relations[name] = Shape(name, field.related_model)
        return self.relations[name].relation(rest) if rest else self.relations[name]

    def paths(self, prefix: str = "") -> Iterable[str]:
        """Yield the columns in the order in which `maker` takes their values."""
        yield from (prefix + name for name in self.columns)
        for name, shape in self.relations.items():
            yield from shape.paths(f"{prefix}{name}__")

    def maker(self, start: int = 0) -> tuple[Make, int]:
        """Return a function that makes a row from the values after `start`, and the end of these values.

        The function returns None if a foreign key leads to no row.
        """
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


class Reading:
    """A compiled query for rows of one shape, with the query's annotations and further ones."""

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
        """The length of its SQL, by which the cache of readings is bounded."""
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


class Readings:
    """FIFO cache of plans' readings, bounded by the characters of their SQL. Thread-safe."""

    def __init__(self) -> None:
        self.by_key: dict[Hashable, Reading] = {}
        self.characters = 0
        self.lock = Lock()

    def get(self, key: Hashable) -> Reading | None:
        return self.by_key.get(key)

    def add(self, key: Hashable, reading: Reading) -> None:
        with self.lock:
            if key not in self.by_key:
                self.by_key[key] = reading
                self.characters += reading.characters
            while self.characters > MAX_SQL_CHARACTERS:
                oldest = next(iter(self.by_key))
                self.characters -= self.by_key.pop(oldest).characters


def share_peers(rows: Sequence[Any]) -> None:
    """Give each row the list of rows that it was read with, and do the same for their related rows.

    A nested connection uses it to read the pages of all its parents at once (see `nested_page`). The optimizer's own
    prefetch gives up if a relation is selected twice with different arguments.
    """
    along: dict[str, list[Any]] = {}
    for row in rows:
        if "read_with" in row.__dict__:
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
