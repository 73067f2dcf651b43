"""Keyset paging: a page deep in a million rows costs as much as the first page."""

import base64
import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.models import F
from django.db.models.expressions import RawSQL

from core.errors import BadUserInput
from packages.fastgraph import Bind, Column, bind_values

Item = TypeVar("Item")
DEFAULT_FIRST = 20
MAX_FIRST = 100


class RowValue(models.Func):
    """A row value `(a, b)`. An index on (a, b) can seek it, while Django's own comparison is an OR, which scans."""

    template = "(%(expressions)s)"


class RowComparison(models.Func):
    """`(a, b) > (x, y)`, or `<`."""

    conditional = True
    output_field = models.BooleanField()
    template = "%(expressions)s"

    def __init__(self, row: RowValue, sign: str, bound: RowValue) -> None:
        super().__init__(row, bound)
        self.arg_joiner = f" {sign} "


class OfEach(models.Subquery):
    """The keys, in the column `key`, that a queryset finds for each of `parents`. It refers to the parent as `PARENT`.

    This is a lateral join: each parent seeks the index. A window function would number all rows of all parents.
    """

    PARENT = RawSQL("parent.value", ())
    # SQLite has no LATERAL. It joins the elements of a JSON list instead.
    template = (
        "(SELECT page.value FROM json_each('[%(parents)s]') parent,"
        " json_each((SELECT json_group_array(%(key)s) FROM (%(subquery)s))) page)"
    )

    def __init__(self, queryset: models.QuerySet[Any], *, parents: Iterable[int], key: str = "pk") -> None:
        listed = ",".join(str(int(parent)) for parent in parents)
        super().__init__(queryset.values(key), parents=listed, key=key)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = (
            "(SELECT page.%(key)s FROM unnest('{%(parents)s}'::bigint[]) parent (value)"
            " CROSS JOIN LATERAL (%(subquery)s) page)"
        )
        return self.as_sql(compiler, connection, template=template, **extra)


@dataclass(frozen=True)
class Sort:
    """An order of rows. All columns go one way, because a row value cannot mix directions. The last one is unique."""

    columns: tuple[str, ...]
    descending: bool = False

    def order_by(self, *, backwards: bool) -> list[str]:
        sign = "-" if self.descending != backwards else ""
        return [sign + column for column in self.columns]


@dataclass(frozen=True, kw_only=True)
class Paging:
    """The arguments that choose a page, as the client gave them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Lists that a page merges: of the rows with each of the `keys` in the `column`.

    Each list has an index in the page's order, and the rows of all of them together have none. The lists may be of
    other `rows`, which copy the order's columns, and name the page's rows in their column `key`.
    """

    column: str
    keys: Sequence[int]
    rows: models.QuerySet[Any] | None = None
    key: str = "pk"


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Rows that copy the columns of an order, one for each parent in whose list a row stands.

    They name the row in their column `key`, and are the row's relation `name`.
    """

    rows: models.QuerySet[Any]
    key: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The position of a page: `size` rows from one end of an order, between the bounds."""

    sort: Sort
    size: int
    backwards: bool
    after: tuple[Any, ...] | None
    before: tuple[Any, ...] | None

    @classmethod
    def of(
        cls, queryset: models.QuerySet[Any], *, sort: Sort, paging: Paging, most: int = MAX_FIRST
    ) -> "Slice":
        """Make the slice that the arguments choose.

        Raises:
            BadUserInput: a cursor is invalid, the size is not between 1 and `most`, or both first and last are given.
        """
        if paging.first is not None and paging.last is not None:
            raise BadUserInput("Give `first` or `last`, not both.")
        for name, size in (("first", paging.first), ("last", paging.last)):
            if size is not None and not 1 <= size <= most:
                raise BadUserInput(f"`{name}` must be between 1 and {most}.")
        fields = [column_field(queryset, column) for column in sort.columns]
        return cls(
            sort=sort,
            size=paging.first or paging.last or DEFAULT_FIRST,
            backwards=paging.last is not None,
            after=None if paging.after is None else decode_cursor(paging.after, fields),
            before=None if paging.before is None else decode_cursor(paging.before, fields),
        )

    @property
    def form(self) -> tuple[Any, ...]:
        """The key of the slice's SQL. Slices with the same form differ only in the `values` of their bounds."""
        return self.sort, self.size, self.backwards, self.after is None, self.before is None

    @property
    def values(self) -> dict[str, Any]:
        """The bounds, by the names under which `one_more` binds them."""
        return dict(chain(number("after", self.after or ()), number("before", self.before or ())))

    def bound_rows(
        self, queryset: models.QuerySet[Any], *, bind: Bind | None = None, of: str | None = None
    ) -> models.QuerySet[Any]:
        """Query the rows within the bounds, in the order in which the page is read.

        With a column `of`, these are the rows of one of the parents of `OfEach`, whose index begins with the column.
        On PostgreSQL the column then leads the order and is not compared for equality. Otherwise it might read an index
        of the order alone, and read all of it for a parent that has no rows. SQLite would not seek the bounds that way.
        """
        lead: tuple[str, ...] = ()
        if of and connections[queryset.db].vendor == "postgresql":
            lead = (of,)
            queryset = queryset.filter(**{f"{of}__gte": OfEach.PARENT, f"{of}__lte": OfEach.PARENT})
        elif of:
            queryset = queryset.filter(**{of: OfEach.PARENT})
        columns = (*lead, *self.sort.columns)
        row = RowValue(*(F(column) for column in columns))
        fields = [column_field(queryset, column) for column in self.sort.columns]
        bind = bind or bind_values(self.values)
        later, earlier = ("<", ">") if self.sort.descending else (">", "<")
        for name, bound, sign in (("after", self.after, later), ("before", self.before, earlier)):
            if bound is not None:
                values = [bind(key, field) for key, field in number(name, fields)]
                queryset = queryset.filter(
                    RowComparison(row, sign, RowValue(*(OfEach.PARENT for _ in lead), *values))
                )
        return queryset.order_by(*Sort(columns, self.sort.descending).order_by(backwards=self.backwards))

    def one_more(
        self, queryset: models.QuerySet[Any], *, bind: Bind | None = None, merge: Merge | None = None
    ) -> models.QuerySet[Any]:
        """Query the page's rows and one more, which shows whether another page follows."""
        order = self.sort.order_by(backwards=self.backwards)
        if merge:
            listed = queryset if merge.rows is None else merge.rows
            lists = self.bound_rows(listed, bind=bind, of=merge.column)[: self.size + 1]
            of_each = OfEach(lists, parents=merge.keys, key=merge.key)
            queryset = queryset.model._default_manager.filter(pk__in=of_each)
            rows = queryset.order_by(*order)[: self.size + 1]
        else:
            rows = self.bound_rows(queryset, bind=bind)[: self.size + 1]
        if queryset.query.annotations:
            return rows
        # The page is cut before anything is joined. A planner that expects few rows beyond a row value's bound would
        # join all of them, and sort them.
        cut: models.QuerySet[Any] = queryset.model._default_manager.filter(pk__in=rows.values("pk"))
        return cut.order_by(*order)

    def one_more_of_each(
        self, queryset: models.QuerySet[Any], *, parent: str, keys: Iterable[int], led: bool = False
    ) -> models.QuerySet[Any]:
        """Query what `one_more` does, for each of the parents' keys. Each row has its parent's key as `parent_key`.

        `parent` is the lookup from the rows to that key. Through a join, a page may have several rows too many.
        `led` says that the index of the order begins with the parent.
        """
        if led:
            lists = self.bound_rows(queryset, of=parent)
        else:
            lists = self.bound_rows(queryset.filter(**{parent: OfEach.PARENT}))
        found: models.QuerySet[Any] = queryset.filter(
            pk__in=OfEach(lists[: self.size + 1], parents=keys), **{f"{parent}__in": keys}
        )
        found = found.annotate(parent_key=F(parent))
        # Through a join the same key may appear again, as another parent's row before the bounds.
        if queryset.query.annotations:
            return self.bound_rows(found)
        return found.order_by(*self.sort.order_by(backwards=self.backwards))

    def one_more_of_copies(
        self, queryset: models.QuerySet[Any], *, copies: Copies, parent: str, keys: Collection[int]
    ) -> models.QuerySet[Any]:
        """Query what `one_more` does, for each of the parents' keys, by copies that have it in the column `parent`.

        Each row has its parent's key as `parent_key`. A page may have rows too many at its end.
        """
        lists = self.bound_rows(copies.rows, of=parent)[: self.size + 1]
        of_each = OfEach(lists, parents=keys, key=copies.key)
        found: models.QuerySet[Any] = queryset.model._default_manager.filter(pk__in=of_each)
        if len(keys) > 1:
            # The same key may appear again, in the list of another parent. There it comes after the page's rows.
            path = f"{copies.name}__{parent}"
            found = found.filter(**{f"{path}__in": keys}).annotate(parent_key=F(path))
        return found.order_by(*self.sort.order_by(backwards=self.backwards))

    def page(self, rows: Sequence[Any], *, count: Callable[[], int]) -> "Page":
        """Make a page of the rows that `one_more` or `one_more_of_each` found."""
        more = len(rows) > self.size
        rows = rows[: self.size]
        return Page(
            rows=rows[::-1] if self.backwards else rows,
            has_next=self.before is not None if self.backwards else more,
            has_previous=more if self.backwards else self.after is not None,
            sort=self.sort,
            count=count,
        )


@dataclass(frozen=True, kw_only=True)
class Page:
    rows: Sequence[Any]
    has_next: bool
    has_previous: bool
    sort: Sort
    count: Callable[[], int]

    def cursor(self, row: Any) -> str:
        return encode_cursor(row, self.sort.columns)


def number(name: str, values: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """Pair the values with `name_0`, `name_1`, …"""
    return ((f"{name}_{number}", value) for number, value in enumerate(values))


def column_field(queryset: models.QuerySet[Any], column: str) -> Column:
    """Return the field of a column or annotation of the queryset."""
    annotation = queryset.query.annotations.get(column)
    field = annotation.output_field if annotation else queryset.model._meta.get_field(column)
    return cast(Column, field.output_field if isinstance(field, models.GeneratedField) else field)


def encode_cursor(row: Any, columns: Sequence[str]) -> str:
    # repr keeps all digits of a float, isoformat all microseconds; DjangoJSONEncoder would cut them.
    values = [getattr(row, column) for column in columns]
    texts = [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts, separators=(",", ":")).encode()).decode()


def decode_cursor(cursor: str, fields: Sequence[Column]) -> tuple[Any, ...]:
    """Return the values in a cursor.

    Raises:
        BadUserInput: the text is not a cursor of these fields.
    """
    try:
        texts = parse_cursor(cursor)
        return tuple(decode_value(text, field) for text, field in zip(texts, fields, strict=True))
    except (TypeError, ValueError, ValidationError, RecursionError, OverflowError) as error:
        raise BadUserInput("That is not a cursor of this list.") from error


def parse_cursor(cursor: str) -> list[object]:
    texts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    if not isinstance(texts, list):
        raise TypeError(texts)
    return texts


def decode_value(text: object, field: Column) -> Any:
    """Return a value that the field can hold.

    Raises:
        One of the errors that `decode_cursor` catches.
    """
    if not isinstance(text, str) or "\0" in text:
        raise ValueError(text)
    text.encode()  # refuses a lone surrogate, which no column can hold
    value = datetime.fromisoformat(text) if isinstance(field, models.DateTimeField) else field.to_python(text)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(value)
        value = value.astimezone(UTC)  # an overflow is raised here, not in the database's adapter
    elif value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(value)
    field.run_validators(value)
    return value
