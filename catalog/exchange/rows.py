"""The rows of a file of products: lines in, checked cells out."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import TextIOWrapper
from pathlib import PurePath
from typing import IO, Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models

from catalog.models import Category, Product
from core.errors import FieldError, ValidationError

# A new product needs the required ones; the rest have defaults.
REQUIRED = ("category", "name", "description", "price")
COLUMNS = ("slug", *REQUIRED, "discount", "stock", "image")
TEXTS = ("slug", "category", "name", "description", "image")

# No column can hold a NUL or half a surrogate pair, which is also what a byte that is no UTF-8 is read as.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# A spreadsheet takes a text that begins like this for a formula, and runs it.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
# Longer is no number that a column holds, and reading it takes time.
MAX_NUMBER_LENGTH = 40


class BadFile(Exception):
    """Not a file of products at all; its text is fit to be shown."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A row that is left out; `line` is where it begins, from 1."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The cells of a row that are not empty, by column."""

    line: int
    cells: Mapping[str, str]

    def refusal(self, error: ValidationError) -> Refusal:
        return Refusal(
            line=self.line, reason=" ".join(f"{field.field}: {field.message}" for field in error.fields)
        )


def read_rows(file: IO[bytes], *, name: str) -> Iterator[Row | Refusal]:
    """The rows of an open file, whose name tells the format. BadFile for another format or another header."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in FORMATS:
        raise BadFile(f"The name must end in {' or '.join(FORMATS)}.")
    text = TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from FORMATS[suffix](text)
    finally:
        if not file.closed:
            text.detach()  # or it would close the caller's file


def csv_rows(text: TextIOWrapper) -> Iterator[Row | Refusal]:
    reader = csv.reader(text, strict=True)
    header = next(reader, [])
    if unknown := [column for column in header if column not in COLUMNS]:
        raise BadFile(f"Unknown columns: {', '.join(unknown)}. Known are {', '.join(COLUMNS)}.")
    if len(set(header)) < len(header) or not {"slug", "name"} & set(header):
        raise BadFile("The first line must name each column once, and a slug or a name among them.")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refusal(line=line, reason=f"This is no CSV: {error}.")
            continue
        if len(cells) == len(header):
            yield row_of(line, {name: unescaped(cell) for name, cell in zip(header, cells, strict=True)})
        elif cells:
            yield Refusal(line=line, reason=f"{len(cells)} cells where the header has {len(header)}.")


def json_rows(text: TextIOWrapper) -> Iterator[Row | Refusal]:
    for line, source in enumerate(text, start=1):
        if source.strip():
            try:
                yield row_of(line, cells_of(json.loads(source, parse_float=Decimal)))
            except (TypeError, ValueError, RecursionError) as error:
                yield Refusal(line=line, reason=f"This is no row of JSON: {error}.")


FORMATS: dict[str, Callable[[TextIOWrapper], Iterator[Row | Refusal]]] = {
    ".csv": csv_rows,
    ".jsonl": json_rows,
}


def cells_of(value: object) -> dict[str, str]:
    """TypeError or ValueError for what is no object of texts and numbers by known columns."""
    if not isinstance(value, dict):
        raise TypeError("not an object")
    if unknown := [key for key in value if key not in COLUMNS]:
        raise ValueError(f"unknown columns {', '.join(unknown)}")
    for column, cell in value.items():
        if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal | None):
            raise TypeError(f"{column} is neither a text nor a number")
    return {column: str(cell) for column, cell in value.items() if cell is not None}


def row_of(line: int, cells: Mapping[str, str]) -> Row | Refusal:
    for column, cell in cells.items():
        if UNSTORABLE.search(cell):
            return Refusal(
                line=line, reason=f"{column}: It has bytes or characters that are no text in UTF-8."
            )
        if column not in TEXTS and len(cell) > MAX_NUMBER_LENGTH:
            return Refusal(line=line, reason=f"{column}: This is no number.")
    return Row(line=line, cells={column: cell for column, cell in cells.items() if cell})


# Each column's rules are those of its field, as they are in the services.
FIELDS: dict[str, models.Field[Any, Any]] = {
    "category": Category.name.field,
    "slug": Product.slug.field,
    "name": Product.name.field,
    "description": Product.description.field,
    "price": Product.price.field,
    "discount": Product.discount.field,
    "stock": Product.stock.field,
}


def values_of(row: Row) -> dict[str, Any]:
    """What the cells but the image say. ValidationError with every field that breaks one of its rules."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for column in FIELDS.keys() & row.cells.keys():
        cell = row.cells[column]
        try:
            # A category's name is trimmed, as it is where the staff make one.
            values[column] = FIELDS[column].clean(cell.strip() if column == "category" else cell, None)
        except DjangoValidationError as error:
            errors += [FieldError(field=column, message=message) for message in error.messages]
    if errors:
        raise ValidationError(*errors)
    return values


def escaped(cell: str) -> str:
    """For a spreadsheet, which would take it for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
