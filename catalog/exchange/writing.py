"""Bulk writes of products in few statements."""

from collections.abc import Collection
from datetime import datetime

import orjson
from django.db import connection

from catalog.models import Product
from catalog.variants import add_first_variants

# How to read a column of JSON rows, and how to turn the rows into a table.
JSON_ROWS = {
    "sqlite": ("json_extract(value, '$.{column}')", "json_each(%s)"),
    "postgresql": ("{column}", "json_populate_recordset(NULL::catalog_product, %s)"),
}


def insert(
    created: list[tuple[Product, tuple[str, ...]]], *, blank: Product, now: datetime
) -> dict[int, int]:
    """Insert new products, each with its one variant, and return the variants' stocks by primary key.

    Each comes with the names of its fields, besides the slug, that differ from `blank`. The rows are sent as JSON in
    one parameter of one statement. `bulk_create` needs a statement for every 36 products on SQLite, which writes the
    search index after each, and it prepares every value of every row.
    """
    fields = {
        field.attname: field
        for field in Product._meta.local_concrete_fields
        if not (field.primary_key or field.generated)
    }
    common = {
        name: field.get_db_prep_save(getattr(blank, name), connection) for name, field in fields.items()
    }
    rows = [
        common | {name: fields[name].pre_save(product, add=True) for name in ("slug", *names)}
        for product, names in created
    ]
    value, table = JSON_ROWS[connection.vendor]
    values = ", ".join(value.format(column=name) for name in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO catalog_product ({', '.join(fields)}) SELECT {values} FROM {table} RETURNING id, stock",
            [orjson.dumps(rows, default=str).decode()],
        )
        stocks: dict[int, int] = dict(cursor.fetchall())
    return {variant: stocks[product] for product, variant in add_first_variants(stocks, now=now).items()}


def update(products: list[Product], *, fields: Collection[str]) -> None:
    """Update these fields of existing products.

    All rows share one statement. `bulk_update` writes a CASE over all rows for every column, and an upsert would
    override the conflict clauses of the search index's triggers on SQLite.
    """
    columns = [field for field in Product._meta.local_concrete_fields if field.attname in fields]
    assignments = ", ".join(f"{field.column} = %s" for field in columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE catalog_product SET {assignments} WHERE id = %s",
            [
                (
                    *(
                        field.get_db_prep_save(field.pre_save(product, add=False), connection)
                        for field in columns
                    ),
                    product.pk,
                )
                for product in products
            ],
        )
