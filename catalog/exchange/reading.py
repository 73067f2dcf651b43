"""Reading files of products: lines in, rows out."""

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
from catalog.exchange.encodings import MARK, WINDOWS, encoding_of
from catalog.exchange.rows import COLUMNS, BadFile, Note, Refusal, Row, row_of, unescaped

# As spreadsheets of different countries separate cells. The one that makes known columns of the header is right, which
# is surer than what clevercsv and csv.Sniffer tell from the look of the rows.
DELIMITERS = (",", ";", "\t", "|")
# Excel's own first line, which says how the cells are separated.
SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)
MAX_LINE = 1_000_000
# How many characters behind unclosed quotes are read a second time: a file made to be read over and over ends there.
MAX_READ_AGAIN = 5_000_000
MAX_NAMED = 10

Item = Row | Refusal | Note


def read_rows(file: IO[bytes], *, name: str) -> Iterator[Item]:
    """The rows of an open file, whose name tells the format. BadFile for another format or another header."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in FORMATS:
        raise BadFile(f"The name must end in {' or '.join(FORMATS)}.")
    yield from FORMATS[suffix](file)


class Lines:
    """An iterator over the lines of a text that takes lines back: behind an unclosed quote they are read again."""

    def __init__(self, text: TextIOWrapper) -> None:
        self.text = text
        self.returned: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 1  # of the first line taken
        self.read_again = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        """csv.Error for a line that is too long."""
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
        """The next line begins a row."""
        self.number += len(self.taken)
        self.taken.clear()

    def give_back(self) -> None:
        """All but the row's first line were taken for a part of it, and are rows of their own."""
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
            yield Note(text="The file is not UTF-8: it was read as Windows-1252, as Excel writes “CSV”.")
        yield from rows_of(Lines(text))
    finally:
        if not file.closed:
            text.detach()  # or it would close the caller's file


def rows_of(lines: Lines) -> Iterator[Item]:
    header, delimiter = read_header(lines)
    columns = [column_of(cell) for cell in header]
    yield from notes_on(header, columns)
    width = len(header)
    known = [(place, column) for place, column in enumerate(columns) if column]
    unnamed = [place for place, cell in enumerate(header) if not cell.strip()]
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refusal(line=lines.number, reason=explained(error, lines))
            lines.give_back()
            continue
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if not any(map(str.strip, cells)):
            continue  # a spreadsheet's empty row
        if len(cells) != width:
            yield Refusal(
                line=lines.number,
                reason=f"{len(cells)} cells where the header has {width}. Is a quote missing?",
            )
            lines.give_back()
        elif any(cells[place].strip() for place in unnamed):
            yield Refusal(line=lines.number, reason="A cell stands in a column without a name.")
        else:
            yield csv_row(lines.number, {column: cells[place] for place, column in known})


def csv_row(line: int, cells: dict[str, str]) -> Row | Refusal:
    """In spreadsheets numbers have many forms, and texts are escaped."""
    for column, cell in cells.items():
        if column in numbers.COLUMNS:
            try:
                cells[column] = numbers.plain(cell, column=column)
            except ValueError as error:
                return Refusal(line=line, reason=f"{column}: {error}")
        elif column == "slug":
            cells[column] = cell.strip()
        else:
            cells[column] = unescaped(cell)
    return row_of(line, cells)


def explained(error: csv.Error, lines: Lines) -> str:
    if len(lines.taken) > 1 or "end of data" in str(error):
        return "Not valid CSV: a quote that opens in this row is not closed."
    if "expected after" in str(error):
        return "Not valid CSV: a quote within a quoted cell must be written twice."
    return f"Not valid CSV: {error}."


def read_header(lines: Lines) -> tuple[list[str], str]:
    """The cells of the first line that is not empty, and what separates them. BadFile without known columns."""
    try:
        line = next((line for line in lines if line.strip()), "")
        if separator := SEPARATOR.fullmatch(line.strip("\r\n")):
            line = next(lines, "")
    except csv.Error as error:
        raise BadFile(f"The first line is not a header: {error}.") from error
    candidates = separator[1] if separator else DELIMITERS
    headers = {delimiter: cells_of_header(line, delimiter) for delimiter in candidates}
    delimiter = max(headers, key=lambda key: sum(column_of(cell) is not None for cell in headers[key]))
    header = headers[delimiter]
    while header and not header[-1].strip():
        header.pop()
    counts = Counter(filter(None, map(column_of, header)))
    if twice := [column for column, count in counts.items() if count > 1]:
        raise BadFile(f"The first line names a column twice: {', '.join(twice)}.")
    if not {"slug", "name"} & counts.keys():
        found = ", ".join(cell.strip()[:40] for cell in header[:MAX_NAMED]) or "nothing"
        raise BadFile(
            f"The first line must name the columns, slug or name among them: {', '.join(COLUMNS)}. It says: {found}."
        )
    return header, delimiter


def cells_of_header(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def column_of(name: str) -> str | None:
    """The column that a header's cell names, whatever its case and the spaces around it."""
    column = unicodedata.normalize("NFKC", name).strip("\ufeff \t\r\n").lower().replace(" ", "_")
    return column if column in COLUMNS else None


def notes_on(header: list[str], columns: list[str | None]) -> Iterator[Note]:
    """A warning of unknown columns."""
    unknown = [
        cell.strip() for cell, column in zip(header, columns, strict=True) if cell.strip() and not column
    ]
    if unknown:
        yield unknown_columns(unknown)


def unknown_columns(names: list[str]) -> Note:
    named = ", ".join(f"“{name[:40]}”" for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return Note(text=f"Unknown columns were ignored: {named}{more}. Known are {', '.join(COLUMNS)}.")


def json_rows(file: IO[bytes]) -> Iterator[Item]:
    text = TextIOWrapper(file, encoding="utf-8-sig", errors=MARK, newline="")
    ignored: set[str] = set()
    try:
        for line, source in enumerate(text, start=1):
            if source.strip():
                try:
                    cells = cells_of(json.loads(source, parse_float=Decimal))
                except (TypeError, ValueError, RecursionError) as error:
                    yield Refusal(line=line, reason=f"Not a row of JSON: {error}.")
                    continue
                if len(ignored) < MAX_NAMED and (new := cells.keys() - {*COLUMNS} - ignored):
                    ignored |= new
                    yield unknown_columns(sorted(new))
                yield row_of(line, {column: cells[column] for column in COLUMNS if column in cells})
    finally:
        if not file.closed:
            text.detach()


def cells_of(value: object) -> dict[str, str]:
    """TypeError for anything but an object of texts and numbers; unknown columns stay, whatever they hold."""
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


FORMATS: dict[str, Callable[[IO[bytes]], Iterator[Item]]] = {
    ".csv": csv_rows,
    ".jsonl": json_rows,
}
