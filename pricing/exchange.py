"""Import of tax rates from a CSV file."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from catalog.models import TaxClass
from core.files import BadFile, RefusedRow
from core.text import sort_key
from pricing.models import TaxRate

REQUIRED = ("country", "name", "percent", "valid_from")
COLUMNS = ("tax_class", "country", "region", "level", "name", "percent", "valid_from")
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, kw_only=True)
class Row:
    line: int
    cells: dict[str, str]


def read_rows(path: Path) -> list[Row | RefusedRow]:
    """Return the rows of the file. Blank lines, and those that begin with #, are left out.

    Raises:
        BadFile: it is not a CSV file with the columns of tax rates.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile("The file is not UTF-8.") from None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1)]
    filled = [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]
    separator = max(SEPARATORS, key=filled[0][1].count) if filled else ","
    reader = csv.reader((line for _, line in filled), delimiter=separator, strict=True)
    try:
        parsed = [(filled[reader.line_num - 1][0], cells) for cells in reader]
    except csv.Error as error:
        raise BadFile(f"Not valid CSV: line {filled[reader.line_num - 1][0]}: {error}.") from None
    names = [name.strip().lower() for name in parsed[0][1]] if parsed else []
    if not {*REQUIRED} <= {*names} <= {*COLUMNS} or len({*names}) < len(names):
        raise BadFile(f"The first line has to name the columns: {', '.join(COLUMNS)}.")
    return [row_of(line, names, cells) for line, cells in parsed[1:]]


def row_of(line: int, names: list[str], cells: list[str]) -> Row | RefusedRow:
    if len(cells) > len(names):  # such as 8,875 in a file with commas
        return RefusedRow(line=line, reason=f"It has {len(cells)} cells, but there are {len(names)} columns.")
    return Row(line=line, cells={name: cell.strip() for name, cell in zip(names, cells, strict=False)})


def import_rates(rows: Iterable[Row | RefusedRow]) -> Iterator[TaxRate | RefusedRow | None]:
    """Add the rate of each row, and yield it; None if it is there already. A bad row is refused, and the rest is added.

    Tax classes that do not exist are created. A row without one is of the default class.
    """
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
            continue
        try:
            yield add_rate(row)
        except ValidationError as error:
            reasons = [
                f"{name}: {' '.join(messages)}" if name in COLUMNS else " ".join(messages)
                for name, messages in error.message_dict.items()
            ]
            yield RefusedRow(line=row.line, reason=" ".join(reasons))


@transaction.atomic
def add_rate(row: Row) -> TaxRate | None:
    """Add the rate of a row; None if it is there already.

    Raises: Django's ValidationError, by column.
    """
    cells = dict(row.cells)
    tax_class = find_or_create_class(cells.pop("tax_class", ""))
    values: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
    if "percent" in values:
        values["percent"] = values["percent"].removesuffix("%").strip().replace(",", ".")
    rate = TaxRate(tax_class=tax_class, **values)
    try:
        rate.full_clean()
    except ValidationError as error:
        if error.message_dict.keys() == {NON_FIELD_ERRORS} and is_known(rate):
            return None
        raise
    rate.save()
    return rate


def is_known(rate: TaxRate) -> bool:
    """Whether the same rate is there already."""
    columns = [field.attname for field in TaxRate._meta.concrete_fields if not field.primary_key]
    return TaxRate.objects.filter(**{column: getattr(rate, column) for column in columns}).exists()


def find_or_create_class(name: str) -> TaxClass:
    """Return the tax class of this name; the default, where none is given.

    Raises: Django's ValidationError.
    """
    known = (
        TaxClass.objects.filter(sort_name=sort_key(name))
        if name
        else TaxClass.objects.filter(is_default=True)
    )
    found = known.first()
    if found:
        return found
    made = TaxClass(name=name or "Standard", is_default=not name)
    try:
        made.full_clean()
    except ValidationError as error:
        raise ValidationError({"tax_class": error.messages}) from None
    made.save()
    return made
