"""Writing many products in few statements."""

from collections.abc import Collection

import orjson
from django.db import connection

from catalog.models import Product

# Rows of JSON as a table, and how to read a column of it.
JSON_ROWS = {
    "sqlite": ("json_extract(value, '$.{column}')", "json_each(%s)"),
    "postgresql": ("{column}", "json_populate_recordset(NULL::catalog_product, %s)"),
}


def insert(created: list[tuple[Product, tuple[str, ...]]], *, blank: Product) -> dict[int, int]:
    """Write new products, and answer with their stock by primary key.

    With each come the names of the fields, beside the slug, that it does not have as in `blank`. They go as JSON, in
    one parameter of one statement: `bulk_create` takes a statement for every 36 on SQLite, which writes the index of
    search at the end of each, and prepares every value of every row.
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
        return dict(cursor.fetchall())


def update(products: list[Product], *, fields: Collection[str]) -> None:
    """Write these fields of the products that are there.

    The statement is the same for all rows. `bulk_update` writes a CASE of all rows for every column, and an upsert
    would override the conflict clauses in search's triggers on SQLite.
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
