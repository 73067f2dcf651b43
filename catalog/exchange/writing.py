"""Bulk writes of products and variants in few statements."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from catalog.announcing import announce_changes, announce_low_stock
from catalog.attributes import set_attributes
from catalog.exchange.changes import Change
from catalog.exchange.pictures import keys_by_name, write_pictures
from catalog.models import OPTIONS, Product, ProductVariant
from catalog.options import WRITTEN as VALUE_COLUMNS
from catalog.options import assign_values, give_values
from catalog.prices import record_prices
from catalog.stock import record_counted
from catalog.variants import identity, part_identities

# How to read a column of JSON rows, and how to turn the rows into a table.
JSON_ROWS = {
    "sqlite": ("json_extract(value, '$.{column}')", "json_each(%s)"),
    "postgresql": ("{column}", "json_populate_recordset(NULL::{table}, %s)"),
}


def write_changes(
    created: Sequence[Change], updated: Sequence[Change], *, blank: Product, now: datetime
) -> None:
    """Write new products and changed ones, which the caller has locked, with their variants. Keep the ledger.

    `blank` has the columns that all new products share.
    """
    changed_options = [change for change in (*created, *updated) if has_other_options(change)]
    set_values(changed_options)
    update(Product, [(change.product, change.fields) for change in updated])
    existing = [
        (variant, before, fields)
        for change in updated
        for variant, before, fields in change.changed
        if before is not None
    ]
    if any("sku_key" in fields for _, _, fields in existing):
        part_identities(
            [variant for variant, _, _ in existing], before={before.pk: before for _, before, _ in existing}
        )
    update(ProductVariant, [(variant, fields) for variant, _, fields in existing])
    if created:
        rows = insert(
            [(change.product, {*change.fields, "slug"}) for change in created], blank=blank, returning="slug"
        )
        keys = {slug: key for key, slug in rows}
        for change in created:
            change.product.pk = keys[change.product.slug]
    added: list[tuple[ProductVariant, Collection[str]]] = []
    for change in (*created, *updated):
        for variant, before, fields in change.changed:
            if before is None:
                variant.product_id = change.product.pk
                added.append((variant, {*fields, "product_id", "position"}))
    stocks = dict(insert(added, blank=ProductVariant(), returning="stock")) if added else {}
    deltas = {variant.pk: variant.stock - before.stock for variant, before, _ in existing}
    record_counted(deltas | stocks, now=now)
    if changed_options:
        give_values({change.product.pk for change in changed_options})
    repriced = [
        change.product.pk
        for change in (*created, *updated)
        if any("final_price" in fields for _, _, fields in change.changed)
    ]
    if repriced:
        record_prices(repriced, now=now)
    announce_changes({change.product.pk for change in (*created, *updated)}, now=now)
    announce_low_stock(
        {variant.pk: (before.stock, variant.stock) for variant, before, _ in existing},
        products={variant.pk: variant.product_id for variant, _, _ in existing},
        now=now,
    )


def write_galleries(changes: Sequence[Change]) -> None:
    """Write the pictures of products and variants that are written already."""
    pictures = [(change.product.pk, picture) for change in changes for picture in change.pictures]
    if pictures:
        write_pictures(pictures)
    pointing = {change.product.pk: change.of_variants for change in changes if change.of_variants}
    if pointing:
        keys = keys_by_name(pointing)
        variants = ProductVariant.objects.filter(product__in=pointing)
        shown = [variant for variant in variants if identity(variant) in pointing[variant.product_id]]
        for variant in shown:
            variant.image_id = keys[variant.product_id][pointing[variant.product_id][identity(variant)]]
        update(ProductVariant, [(variant, {"image_id"}) for variant in shown])


def write_attributes(changes: Sequence[Change]) -> None:
    """Write the attributes of products that are written already.

    Raises:
        ValidationError: the shop would have too many.
    """
    if wanted := {change.product.pk: change.attributes for change in changes if change.attributes}:
        set_attributes(wanted, whole=False)


def has_other_options(change: Change) -> bool:
    """Whether the names of the product's options change, or the values of one of its variants."""
    return any(
        not fields.isdisjoint(OPTIONS) for fields in (change.fields, *(each[2] for each in change.changed))
    )


def set_values(changes: Sequence[Change]) -> None:
    """Set the rows of the values of all variants of these products in memory. Other names concern all of them."""
    assign_values((change.product, change.variants) for change in changes)
    for change in changes:
        written = {id(variant) for variant, _, _ in change.changed}
        change.changed += [
            (variant, variant, set()) for variant in change.variants if id(variant) not in written
        ]
        for _, _, fields in change.changed:
            fields |= VALUE_COLUMNS


def insert(
    rows: Sequence[tuple[Product | ProductVariant, Collection[str]]], *, blank: Any, returning: str
) -> list[tuple[int, Any]]:
    """Insert rows of one model, and return their keys, each with the column `returning`.

    Each comes with the names of its fields that differ from `blank`. The rows are sent as JSON in one parameter of one
    statement. `bulk_create` needs a statement for every 36 products on SQLite, which writes the search index after
    each, and it prepares every value of every row.
    """
    table = blank._meta.db_table
    fields = {
        field.attname: field
        for field in blank._meta.local_concrete_fields
        if not (field.primary_key or field.generated)
    }
    common = {
        name: field.get_db_prep_save(getattr(blank, name), connection) for name, field in fields.items()
    }
    sent = [common | {name: value_of(fields[name], row) for name in names} for row, names in rows]
    value, source = JSON_ROWS[connection.vendor]
    values = ", ".join(value.format(column=name) for name in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(fields)}) SELECT {values} FROM {source.format(table=table)} "
            f"RETURNING id, {returning}",
            [orjson.dumps(sent, default=str).decode()],
        )
        inserted: list[tuple[int, Any]] = cursor.fetchall()
    return inserted


def value_of(field: Any, row: Any) -> Any:
    """Return the value to send. Only SQLite's times are written in another way than JSON does."""
    value = field.pre_save(row, add=True)
    return field.get_db_prep_save(value, connection) if isinstance(value, datetime) else value


def update(model: type[Product | ProductVariant], rows: Sequence[tuple[Any, Collection[str]]]) -> None:
    """Update the named fields of each of these existing rows.

    Rows with the same fields share one statement. `bulk_update` writes a CASE over all rows for every column, and an
    upsert would override the conflict clauses of the search index's triggers on SQLite.
    """
    alike: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row, names in rows:
        alike[tuple(sorted(names))].append(row)
    for names, changed in alike.items():
        columns = [field for field in model._meta.local_concrete_fields if field.attname in names]
        assignments = ", ".join(f"{field.column} = %s" for field in columns)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {model._meta.db_table} SET {assignments} WHERE id = %s",
                [
                    (
                        *(
                            field.get_db_prep_save(field.pre_save(row, add=False), connection)
                            for field in columns
                        ),
                        row.pk,
                    )
                    for row in changed
                ],
            )
