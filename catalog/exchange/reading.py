"""Parsing of files of products into rows."""

import csv
import json
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import TextIOWrapper
from pathlib import PurePath
from typing import IO

from catalog.exchange import numbers
from catalog.exchange.dialects import Dialect, Item
from catalog.exchange.encodings import MARK, WINDOWS, encoding_of
from catalog.exchange.rows import COLUMNS, NUMBERS, WHOLE, Note, ProductRow, row_of, unescape
from catalog.exchange.shopify import Shopify
from catalog.exchange.woocommerce import WooCommerce
from core.files import BadFile, RefusedRow

# The separators of spreadsheets in different countries. The right one is the one that splits the header into known
# columns. That is more reliable than the guesses of clevercsv and csv.Sniffer from the rows.
DELIMITERS = (",", ";", "\t", "|")
# The line that Excel may write first, which names the separator.
SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)
MAX_LINE = 1_000_000
# The limit on characters that are read again after unclosed quotes. Without it a crafted file would be read again
# and again.
MAX_READ_AGAIN = 5_000_000
MAX_NAMED = 10
KNOWN = f" Known columns are {', '.join(COLUMNS)}."


def read_rows(file: IO[bytes], *, name: str) -> Iterator[Item]:
    """Yield the rows of an open file in the format of its name's ending.

    Raises:
        BadFile: the format is unknown, or the header is invalid.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in FORMATS:
        raise BadFile(f"The name must end in {' or '.join(FORMATS)}.")
    yield from FORMATS[suffix](file)


class Lines:
    """An iterator over lines that can be given back, so that the lines after an unclosed quote are read again."""

    def __init__(self, text: TextIOWrapper) -> None:
        self.text = text
        self.returned: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 1  # of the first line taken
        self.read_again = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        """Return the next line.

        Raises:
            csv.Error: the line is too long.
        """
        again = bool(self.returned)
        line = self.returned.popleft() if again else self.text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.taken.append(line)
        if len(line) == MAX_LINE:
            rest = "" if again else line
            while rest and not rest.endswith(("\n", "\r")):
                rest = self.text.readline(MAX_LINE)
            raise csv.Error("the line is too long")
        return line

    def begin(self) -> None:
        """Begin a row at the next line."""
        self.number += len(self.taken)
        self.taken.clear()

    def give_back(self) -> None:
        """Give back all lines after the row's first: an unclosed quote made them look like part of the row."""
        again = sum(map(len, self.taken[1:]))
        if self.read_again + again <= MAX_READ_AGAIN:
            self.read_again += again
            self.returned.extendleft(reversed(self.taken[1:]))
            del self.taken[1:]


def csv_rows(file: IO[bytes]) -> Iterator[Item]:
    encoding = encoding_of(file)
    text = TextIOWrapper(file, encoding=encoding, errors=MARK, newline="")
    try:
        if encoding == WINDOWS:
            yield Note(text="The file is not UTF-8. It was read as Windows-1252, which Excel uses for “CSV”.")
        yield from rows_of(Lines(text))
    finally:
        if not file.closed:
            text.detach()  # or it would close the caller's file


def rows_of(lines: Lines) -> Iterator[Item]:
    header, delimiter, dialect = read_header(lines)
    columns = [dialect.known.get(normalize(cell)) for cell in header]
    yield from notes_on(header, columns, dialect)
    width = len(header)
    known = [(place, column) for place, column in enumerate(columns) if column]
    unnamed = [place for place, cell in enumerate(header) if not cell.strip()]
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield RefusedRow(line=lines.number, reason=explain(error, lines))
            lines.give_back()
            continue
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if not any(map(str.strip, cells)):
            continue  # a spreadsheet's empty row
        if len(cells) != width:
            yield RefusedRow(
                line=lines.number,
                reason=f"The row has {len(cells)} cells, but the header has {width}. Is a quote missing?",
            )
            lines.give_back()
        elif any(cells[place].strip() for place in unnamed):
            yield RefusedRow(line=lines.number, reason="The row has a value in a column without a name.")
        else:
            yield from dialect.rows(lines.number, {column: cells[place] for place, column in known})
    yield from dialect.rest()


class Own(Dialect):
    """Our own files. Shopify's word for the slug is understood, too."""

    system = ""
    known = {**{column: column for column in COLUMNS}, "handle": "slug"}

    def rows(self, line: int, cells: dict[str, str]) -> Iterator[Item]:
        yield csv_row(line, cells)


def csv_row(line: int, cells: dict[str, str]) -> ProductRow | RefusedRow:
    """Make a row of CSV cells: parse numbers as spreadsheets show them, and unescape texts."""
    for column, cell in cells.items():
        if column in NUMBERS:
            try:
                cells[column] = numbers.plain(cell, whole=column in WHOLE)
            except ValueError as error:
                return RefusedRow(line=line, reason=f"{column}: {error}")
        elif column == "slug":
            cells[column] = cell.strip()
        else:
            cells[column] = unescape(cell)
    return row_of(line, cells)


def explain(error: csv.Error, lines: Lines) -> str:
    if len(lines.taken) > 1 or "end of data" in str(error):
        return "Not valid CSV: a quote that opens in this row is not closed."
    if "expected after" in str(error):
        return "Not valid CSV: a quote within a quoted cell must be written twice."
    return f"Not valid CSV: {error}."


def read_header(lines: Lines) -> tuple[list[str], str, Dialect]:
    """Return the cells of the first non-empty line, their separator, and whose file it is.

    Raises:
        BadFile: the line has no known columns, or one twice.
    """
    try:
        line = next((line for line in lines if line.strip()), "")
        if separator := SEPARATOR.fullmatch(line.strip("\r\n")):
            line = next(lines, "")
    except csv.Error as error:
        raise BadFile(f"The first line is not a header: {error}.") from error
    candidates = separator[1] if separator else DELIMITERS
    # The pair that knows most of the columns. Of equal ones it is the first: our own.
    header, delimiter, dialect = max(
        (
            (cells_of_header(line, delimiter), delimiter, dialect)
            for dialect in DIALECTS
            for delimiter in candidates
        ),
        key=lambda option: sum(normalize(cell) in option[2].known for cell in option[0]),
    )
    while header and not header[-1].strip():
        header.pop()
    counts = Counter(dialect.known[name] for name in map(normalize, header) if name in dialect.known)
    if twice := [column for column, count in counts.items() if count > 1]:
        raise BadFile(f"The first line names a column twice: {', '.join(twice)}.")
    if not {"slug", "name"} & counts.keys():
        found = ", ".join(cell.strip()[:40] for cell in header[:MAX_NAMED]) or "nothing"
        raise BadFile(
            f"The first line must name the columns, including slug or name: {', '.join(COLUMNS)}. It has: {found}."
        )
    return header, delimiter, dialect()


def cells_of_header(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def normalize(name: str) -> str:
    """Return a column's name regardless of case and outer spaces."""
    return unicodedata.normalize("NFKC", name).strip("\ufeff \t\r\n").lower().replace(" ", "_")


def notes_on(header: list[str], columns: list[str | None], dialect: Dialect) -> Iterator[Note]:
    """Yield notes on a file of another system, and on unknown columns."""
    if dialect.system:
        yield Note(text=f"Read as a file of {dialect.system}.")
    unknown = [
        cell.strip() for cell, column in zip(header, columns, strict=True) if cell.strip() and not column
    ]
    if unknown:
        yield unknown_columns(unknown, known="" if dialect.system else KNOWN)


def unknown_columns(names: list[str], *, known: str) -> Note:
    named = ", ".join(f"“{name[:40]}”" for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return Note(text=f"Unknown columns were ignored: {named}{more}.{known}")


def json_rows(file: IO[bytes]) -> Iterator[Item]:
    text = TextIOWrapper(file, encoding="utf-8-sig", errors=MARK, newline="")
    ignored: set[str] = set()
    try:
        for line, source in enumerate(text, start=1):
            if source.strip():
                try:
                    cells = cells_of(json.loads(source, parse_float=Decimal))
                except (TypeError, ValueError, RecursionError) as error:
                    yield RefusedRow(line=line, reason=f"Not a valid JSON row: {error}.")
                    continue
                if len(ignored) < MAX_NAMED and (new := cells.keys() - {*COLUMNS} - ignored):
                    ignored |= new
                    yield unknown_columns(sorted(new), known=KNOWN)
                yield row_of(line, {column: cells[column] for column in COLUMNS if column in cells})
    finally:
        if not file.closed:
            text.detach()


def cells_of(value: object) -> dict[str, str]:
    """Return the cells of a JSON row as texts. Unknown columns keep their name and lose their value.

    Raises:
        TypeError: the row is not an object of texts and numbers.
    """
    if not isinstance(value, dict):
        raise TypeError("not an object")
    for column in COLUMNS:
        cell = value.get(column)
        if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal | None):
            raise TypeError(f"{column} is neither a text nor a number")
    return {
        str(column): str(cell) if column in COLUMNS else ""
        for column, cell in value.items()
        if cell is not None
    }


DIALECTS: tuple[type[Dialect], ...] = (Own, Shopify, WooCommerce)
FORMATS: dict[str, Callable[[IO[bytes]], Iterator[Item]]] = {
    ".csv": csv_rows,
    ".jsonl": json_rows,
}
