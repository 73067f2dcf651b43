"""The cost of lists, facets and sales in a large catalogue: `make bench-large`."""

import argparse
import os
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from catalog.models import Category, Product, ProductVariant  # noqa: E402
from catalog.stock import take_stock  # noqa: E402
from catalog.types.choices import ProductSort  # noqa: E402
from tests.benchmarks.growth import (  # noqa: E402
    FACETS,
    LIST,
    Operation,
    analyse,
    cursor_at,
    database,
    measure,
)
from tests.benchmarks.large_shop import fill  # noqa: E402

SALES = 100

VALUES = """
query($filter: ProductFilter) {
  products(filter: $filter) { facets { %s { name values { value count } } } }
}
"""


def operations() -> Iterator[Operation]:
    """Yield the operations to measure. Cursors and filters are taken from the connected database."""
    top = Category.objects.filter(level=1).order_by("pk")[0]
    lower = Category.objects.filter(level=3).order_by("pk")[1]
    # The first values of each are the most frequent ones.
    material, finish = ({"slug": slug, "values": [f"{slug.title()} 0"]} for slug in ("material", "finish"))
    brand = {"slug": "brand", "values": ["Brand 150"]}
    size, colour = {"name": "Size", "values": ["M"]}, {"name": "Colour", "values": ["Colour 0"]}
    rare_colour = {"name": "Colour", "values": ["Colour 19"]}
    branch = {"categories": [top.slug]}
    filters: dict[str, dict[str, Any]] = {
        "a branch": branch,
        "a lower branch": {"categories": [lower.slug]},
        "a branch, on sale": branch | {"onSale": True},
        "a branch, in stock": branch | {"inStock": True},
        "a branch, sold out": branch | {"inStock": False},
        "a branch, price": branch | {"minPrice": "150"},
        "a branch, a value": branch | {"attributes": [brand]},
        "two common values": {"attributes": [material, finish]},
        "a rare and a common value": {"attributes": [material, brand]},
        "two options": {"options": [size, colour]},
        "a rare and a common option": {"options": [size, rare_colour]},
        "two options, in stock": {"options": [size, colour], "inStock": True},
    }
    for sort in ProductSort:
        if sort in (ProductSort.RELEVANCE, ProductSort.PRICE_DESC):
            continue
        inside = Product.objects.filter(category__path__startswith=top.path)
        deep = cursor_at(sort, inside, inside.count())
        for name, filter in filters.items():
            yield Operation(f"{sort.name}: {name}", LIST, {"sort": sort.name, "filter": filter})
        yield Operation(
            f"{sort.name}: a branch, deep", LIST, {"sort": sort.name, "filter": branch, "after": deep}
        )
    for name in (
        "a branch",
        "two common values",
        "a rare and a common value",
        "two options",
        "two options, in stock",
    ):
        filter = filters[name]
        yield Operation(f"facets of attributes: {name}", VALUES % "attributes", {"filter": filter})
        yield Operation(f"facets of options: {name}", VALUES % "options", {"filter": filter})
        yield Operation(f"other facets, total, page: {name}", FACETS, {"filter": filter})
    yield Operation("facets of attributes: everything", VALUES % "attributes", {})
    yield Operation("facets of options: everything", VALUES % "options", {})
    yield Operation("other facets, total, page: everything", FACETS, {})


def sales() -> Iterator[str]:
    """Yield the rows of each table that sales of one variant write on PostgreSQL, as rows of a table in Markdown."""
    keys = ProductVariant.objects.filter(stock__gt=10, product__published_at__isnull=False).order_by("pk")
    before = count_writes()
    for key in keys.values_list("pk", flat=True)[:SALES]:
        with transaction.atomic():
            take_stock(quantities={key: 1}, order_uuid=uuid4(), now=timezone.now())
    yield "| table | inserted | updated | of them HOT |"
    yield "|---|--:|--:|--:|"
    for table, counts in count_writes().items():
        written = [(after - count) / SALES for after, count in zip(counts, before[table], strict=True)]
        if any(written):
            yield f"| `{table}` | {' | '.join(f'{number:.2f}' for number in written)} |"


def count_writes() -> dict[str, tuple[int, int, int]]:
    """Read how many rows of each table of the catalogue have been inserted, updated, and updated without an index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relname LIKE 'catalog%' ORDER BY relname"
        )
        return {table: (inserted, updated, hot) for table, inserted, updated, hot in cursor.fetchall()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of which the least is printed")
    options = parser.parse_args()
    setup_test_environment()
    with database(f"large_{options.products}"):
        fill(options.products)
        analyse()
        print("| operation | statements | database, ms |\n|---|--:|--:|")  # noqa: T201
        for operation in operations():
            cost = measure(operation, runs=options.runs)
            print(f"| {operation.name} | {cost.statements} | {cost.database * 1000:.2f} |")  # noqa: T201
        if connection.vendor == "postgresql":
            for line in sales():
                print(line)  # noqa: T201


if __name__ == "__main__":
    main()
