"""Export of products in the formats of the import."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, islice, zip_longest
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet

from catalog.exchange.lines import write_lines
from catalog.exchange.rows import COLUMNS, NAMES, OF_VARIANT, PICTURES, VALUES, escape
from catalog.exchange.tree import read_categories
from catalog.models import Product, ProductImage, ProductVariant, is_past
from catalog.selectors import attributes_of

# Excel recognizes UTF-8 by this mark. Without it “ü” becomes “Ã¼”.
BYTE_ORDER_MARK = "\ufeff"

# The products whose pictures and attributes are read together.
PRODUCTS = 500
# The columns of the database, from a variant.
SOURCES = {
    **{column: f"product__{attribute}" for column, attribute in NAMES.items()},
    **{column: VALUES.get(column, column) for column in OF_VARIANT},
    "stock_at_export": "stock",
    "variant_image": "image__image",
    "published": "product__published_at",
    "tax_class": "product__tax_class__name",
    "attributes": "product_id",  # they are read by it
}


class Echo:
    """A file object that returns each row that csv.writer writes to it."""

    def write(self, text: str) -> str:
        return text


def export_products(products: QuerySet[Product], *, suffix: str) -> Iterator[str]:
    """Yield the lines of a file of the products by slug. `suffix` is one of FORMATS. Reads in chunks."""
    columns = [SOURCES.get(column, f"product__{column}") for column in COLUMNS]
    variants = ProductVariant.objects.filter(product__in=products.order_by())
    ordered = variants.order_by("product__slug", "position", "pk")
    rows = ordered.values_list(*columns, "product_id").iterator(chunk_size=2_000)
    rows = fill(add_parts(rows))
    return csv_lines(rows) if suffix == ".csv" else json_lines(rows)


def add_parts(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """Add the attributes of products, and their pictures: one for each row, and rows for those left.

    The last cell is the key of the product.
    """
    products = ([*each] for _, each in groupby(rows, key=itemgetter(-1)))
    slug, image, alt, attributes = map(COLUMNS.index, ("slug", "image", "image_alt", "attributes"))
    while chunk := [*islice(products, PRODUCTS)]:
        keys = [each[0][-1] for each in chunk]
        pictures, named = read_pictures(keys), attributes_of(keys)
        for each in chunk:
            key = each[0][-1]
            lines = write_lines({name: values for (name, _), values in named[key].items()})
            for row, picture in zip_longest(each, pictures[key]):
                cells: list[Any] = [*row[:-1]] if row else [None] * len(COLUMNS)
                cells[slug], cells[attributes] = each[0][slug], lines
                cells[image], cells[alt] = picture or (None, None)
                yield cells


def read_pictures(products: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Read the names of the pictures of products in order, each with what it shows."""
    pictures: dict[int, list[tuple[str, str]]] = defaultdict(list)
    found = ProductImage.objects.filter(product__in=[*products]).order_by("product", "position", "pk")
    for product, *picture in found.values_list("product", "image", "image_alt"):
        pictures[product].append((picture[0], picture[1]))
    return pictures


def fill(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Replace the key of each category by its path, and leave a product's own columns to its first row.

    Whether it is shipped or published is written as a text, because the import takes no truth values of JSON. Only a
    time that has not come is one.
    """
    categories = read_categories()
    slug, category, shipped, published = map(
        COLUMNS.index, ("slug", "category", "requires_shipping", "published")
    )
    of_product = [
        place for place, column in enumerate(COLUMNS) if column not in (*OF_VARIANT, *PICTURES, "slug")
    ]
    current = None
    for row in rows:
        if row[shipped] is not None:
            row[shipped] = str(row[shipped])
        if row[slug] == current:
            for place in of_product:
                row[place] = None
        else:
            current = row[slug]
            row[category] = categories.path(row[category])
            moment = row[published]
            row[published] = moment.isoformat() if moment and not is_past(moment) else str(is_past(moment))
        yield row


def template() -> str:
    """Return an empty CSV file with the columns that a person fills in."""
    columns = [column for column in COLUMNS if column not in ("stock_at_export", "position", *PICTURES)]
    return f"{BYTE_ORDER_MARK}{csv.writer(Echo()).writerow(columns)}"


def csv_lines(rows: Iterator[list[Any]]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield f"{BYTE_ORDER_MARK}{writer.writerow(COLUMNS)}"
    for row in rows:
        yield writer.writerow([escape(cell) if isinstance(cell, str) else cell for cell in row])


def json_lines(rows: Iterator[list[Any]]) -> Iterator[str]:
    for row in rows:
        # Amounts as texts, so that no reader rounds them.
        yield json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False, default=str) + "\n"
