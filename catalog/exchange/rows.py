"""The rows of a file of products, and the rules that their cells keep."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models

from catalog.models import Category, Product
from core.errors import FieldError, ValidationError
from core.text import single_line

# A new product needs the required ones; the rest have defaults.
REQUIRED = ("category", "name", "description", "price")
# The stock at export is the base that a changed stock is compared with: see `importing.stock_of`.
COLUMNS = ("slug", *REQUIRED, "discount", "stock", "stock_at_export", "image")
TEXTS = ("slug", "category", "name", "description", "image")
LINES = ("category", "name")

# No column can hold a NUL or half a surrogate pair, which is also what a byte outside the encoding is read as.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# A spreadsheet takes a text that begins like this for a formula, and runs it.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
# No column holds a longer number, and reading it takes time.
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
class Note:
    """Something about the file that the person who imports it should know, while its rows go in."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Row:
    """The cells of a row that are not empty, by column."""

    line: int
    cells: Mapping[str, str]

    def refusal(self, error: ValidationError) -> Refusal:
        return Refusal(
            line=self.line, reason=" ".join(f"{field.field}: {field.message}" for field in error.fields)
        )


def row_of(line: int, cells: Mapping[str, str]) -> Row | Refusal:
    for column, cell in cells.items():
        if UNSTORABLE.search(cell):
            return Refusal(line=line, reason=f"{column}: It has bytes or characters that are not text.")
        if column not in TEXTS and len(cell) > MAX_NUMBER_LENGTH:
            return Refusal(line=line, reason=f"{column}: This is not a number.")
    # In the one spelling in which names are stored, so that a row finds its product however its spaces are typed.
    spelled = {column: single_line(cell) if column in LINES else cell for column, cell in cells.items()}
    return Row(line=line, cells={column: cell for column, cell in spelled.items() if cell})


# Each column's rules are those of its field, as they are in the services.
FIELDS: dict[str, models.Field[Any, Any]] = {
    "category": Category.name.field,
    "slug": Product.slug.field,
    "name": Product.name.field,
    "description": Product.description.field,
    "price": Product.price.field,
    "discount": Product.discount.field,
    "stock": Product.stock.field,
    "stock_at_export": Product.stock.field,
}


def values_of(row: Row) -> dict[str, Any]:
    """What the cells but the image say. ValidationError with every field that breaks one of its rules."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for column in FIELDS.keys() & row.cells.keys():
        cell = row.cells[column]
        try:
            values[column] = FIELDS[column].clean(cell, None)
        except DjangoValidationError as error:
            errors += [FieldError(field=column, message=message) for message in error.messages]
    if errors:
        raise ValidationError(*errors)
    return values


def escaped(cell: str) -> str:
    """The cell for a spreadsheet, which would take it for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
