"""Export of products in the formats of the import."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from catalog.exchange.rows import COLUMNS, escape
from catalog.exchange.tree import read_categories
from catalog.models import Product

# Excel recognizes UTF-8 by this mark. Without it “ü” becomes “Ã¼”.
BYTE_ORDER_MARK = "\ufeff"


class Echo:
    """A file object that returns each row that csv.writer writes to it."""

    def write(self, text: str) -> str:
        return text


def export_products(products: QuerySet[Product], *, suffix: str) -> Iterator[str]:
    """Yield the lines of a file of the products by slug. `suffix` is one of FORMATS. Reads in chunks."""
    sources = {"stock_at_export": "stock"}
    columns = [sources.get(column, column) for column in COLUMNS]
    rows = products.order_by("slug").values_list(*columns).iterator(chunk_size=2_000)
    found = name_categories(rows)
    return csv_lines(found) if suffix == ".csv" else json_lines(found)


def name_categories(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Replace the key of each row's category by the path of names."""
    categories = read_categories()
    place = COLUMNS.index("category")
    for row in rows:
        yield (*row[:place], categories.path(row[place]), *row[place + 1 :])


def template() -> str:
    """Return an empty CSV file with the columns that a person fills in."""
    columns = [column for column in COLUMNS if column not in ("stock_at_export", "image")]
    return f"{BYTE_ORDER_MARK}{csv.writer(Echo()).writerow(columns)}"


def csv_lines(rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield f"{BYTE_ORDER_MARK}{writer.writerow(COLUMNS)}"
    for row in rows:
        yield writer.writerow([escape(cell) if isinstance(cell, str) else cell for cell in row])


def json_lines(rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    for row in rows:
        # Amounts as texts, so that no reader rounds them.
        yield json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False, default=str) + "\n"
