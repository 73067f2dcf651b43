"""Bringing in products in bulk: batch by batch, each in a transaction of its own."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

import orjson
from django.core.files.base import ContentFile
from django.db import connection, transaction

from accounts.models import User
from catalog.exchange.rows import REQUIRED, Refusal, Row, values_of
from catalog.models import Category, Product
from catalog.services import delete_files_after_commit, set_picture
from catalog.stock import record_counted
from core import images
from core.errors import ValidationError
from core.slugs import save_with_slug, slug_of
from core.text import sort_key

BATCH = 1_000
# Pictures take their time: fewer rows at once, so that little is lost where the import is ended.
BATCH_WITH_PICTURES = 50
PICTURE = ("image", "image_width", "image_height", "image_placeholder")
# Fields that follow from others.
COMPUTED = {
    "name": ("search_text", "sort_name"),
    "description": ("search_text",),
    "price": ("final_price",),
    "discount": ("final_price",),
}
# Rows of JSON as a table, and how to read a column of it.
JSON_ROWS = {
    "sqlite": ("json_extract(value, '$.{column}')", "json_each(%s)"),
    "postgresql": ("{column}", "json_populate_recordset(NULL::catalog_product, %s)"),
}


@dataclass(kw_only=True)
class Outcome:
    """What became of a batch of rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A row that keeps every rule, and what it says of its product."""

    row: Row
    slug: str
    values: dict[str, Any]
    picture: images.StoredImage | None


def import_products(
    rows: Iterable[Row | Refusal], *, seller: User, now: datetime, pictures: Path | None = None
) -> Iterator[Outcome]:
    """Create and change products as the rows say, and tell of each batch once it is committed.

    A bad row is refused and the rest go in. What a row does not change is not written, so that a file that was
    read half can be read again. New products are the seller's; a product that is there stays with its own.
    Without a folder of `pictures` the images are left as they are. Each batch locks its products in order of
    primary key.
    """
    importer = Importer(seller=seller, now=now, pictures=pictures)
    remaining = iter(rows)
    size = BATCH_WITH_PICTURES if pictures else BATCH
    while batch := list(islice(remaining, size)):
        yield importer.import_batch(batch)


class Importer:
    """One run over a file; it remembers which slugs the rows so far were about."""

    def __init__(self, *, seller: User, now: datetime, pictures: Path | None) -> None:
        self.seller = seller
        self.now = now
        self.pictures = pictures.resolve() if pictures else None
        self.slugs: set[str] = set()
        self.numbered: Counter[str] = Counter()

    def import_batch(self, batch: list[Row | Refusal]) -> Outcome:
        outcome = Outcome(refused=[row for row in batch if isinstance(row, Refusal)])
        readable: list[tuple[Row, str, dict[str, Any]]] = []
        for row in batch:
            if isinstance(row, Row):
                try:
                    readable.append((row, *self.read(row)))
                except ValidationError as error:
                    outcome.refused.append(row.refusal(error))
        found = Product.objects.filter(slug__in=[slug for _, slug, _ in readable])
        known = {product.slug: product for product in found.only("slug", "user", "image")}
        # Pictures are decoded before the transaction, and go again if that fails.
        with ExitStack() as files:
            drafts = []
            for row, slug, values in readable:
                try:
                    self.require(row, known=known.get(slug))
                    picture = files.enter_context(self.picture(row, slug=slug, known=known.get(slug)))
                except ValidationError as error:
                    outcome.refused.append(row.refusal(error))
                else:
                    drafts.append(Draft(row=row, slug=slug, values=values, picture=picture))
            self.write(drafts, known=known, outcome=outcome)
        return outcome

    def read(self, row: Row) -> tuple[str, dict[str, Any]]:
        """The slug and the values; ValidationError for values that cannot be and for a second row of a product."""
        slug = row.cells.get("slug") or self.slug_by_name(row)
        values = values_of(row)
        if slug in self.slugs:
            raise ValidationError.of(slug=f"An earlier row is about “{slug}” already.")
        self.slugs.add(slug)
        return slug, values

    def slug_by_name(self, row: Row) -> str:
        """Counts bad rows too, so that mending one of them moves no other row to another product."""
        if "name" not in row.cells:
            raise ValidationError.of(slug="A row needs a slug or a name.")
        base = slug_of(row.cells["name"], fallback="product")
        while True:
            self.numbered[base] += 1
            number = self.numbered[base]
            slug = base if number == 1 else f"{base}-{number}"
            if slug not in self.slugs:
                return slug

    def require(self, row: Row, *, known: Product | None) -> None:
        """ValidationError where a new product lacks something, and where a name leads to another's product."""
        if known is None:
            missing = {column: "This field is required." for column in REQUIRED if column not in row.cells}
            if missing:
                raise ValidationError.of(**missing)
        elif "slug" not in row.cells and known.user_id != self.seller.pk:
            raise ValidationError.of(slug=f"“{known.slug}” is another seller's product: give the row a slug.")

    def picture(
        self, row: Row, *, slug: str, known: Product | None
    ) -> AbstractContextManager[images.StoredImage | None]:
        """The row's picture, stored as `images.stored` does; none where the product has it already.

        Its name is made of its content, by which the same picture is known again, and of the slug, so that no two
        products share files.
        """
        current = (known and known.image.name) or ""
        path = row.cells.get("image")
        upload = token = None
        if self.pictures and path and path != current:
            data = self.content(self.pictures, path)
            token = hashlib.sha256(f"{slug}\n".encode() + data).hexdigest()[:32]
            upload = ContentFile(data) if token != PurePath(current).stem else None
        return images.stored(upload, folder="products", field="image", token=token)

    def content(self, folder: Path, path: str) -> bytes:
        """As much of the file as is needed to see that it is too large; ValidationError for none in the folder."""
        try:
            file = (folder / path).resolve()
            if file.is_relative_to(folder) and file.is_file():
                with file.open("rb") as opened:
                    return opened.read(images.MAX_BYTES + 1)
        except OSError:
            pass  # a name that the file system does not take, a file that may not be read
        raise ValidationError.of(image="There is no such file in the folder of pictures.")

    @transaction.atomic(durable=True)
    def write(self, drafts: list[Draft], *, known: Mapping[str, Product], outcome: Outcome) -> None:
        """Write what differs from what is there by now; the stock by way of the ledger."""
        by_slug = Product.objects.select_for_update().filter(slug__in=[draft.slug for draft in drafts])
        locked = {product.slug: product for product in by_slug.order_by("pk")}
        categories = category_keys(
            [draft.values["category"] for draft in drafts if "category" in draft.values]
        )
        created: list[tuple[Product, tuple[str, ...]]] = []
        changed: dict[tuple[str, ...], list[Product]] = {}
        deltas: dict[int, int] = {}
        for draft in drafts:
            product = locked.get(draft.slug)
            if product is None and draft.slug in known:
                outcome.refused.append(Refusal(line=draft.row.line, reason="Its product was just deleted."))
            elif product is None:
                product = self.blank(slug=draft.slug)
                created.append((product, apply(draft, product, categories=categories)))
            else:
                before = product.stock
                if fields := apply(draft, product, categories=categories):
                    product.updated_at = self.now
                    changed.setdefault((*fields, "updated_at"), []).append(product)
                    deltas[product.pk] = product.stock - before
        if created:
            deltas |= insert(created, blank=self.blank())
        for fields, products in changed.items():
            update(products, fields=fields)
        record_counted(deltas, now=self.now)
        outcome.created = len(created)
        outcome.updated = len(deltas) - len(created)
        outcome.unchanged = len(drafts) - len(deltas)

    def blank(self, *, slug: str = "") -> Product:
        return Product(slug=slug, user=self.seller, added_at=self.now, updated_at=self.now)


def apply(draft: Draft, product: Product, *, categories: Mapping[str, int]) -> tuple[str, ...]:
    """Set in memory what the row says, and answer with the names of the fields that change by it."""
    values = {name: value for name, value in draft.values.items() if name != "category"}
    if "category" in draft.values:
        values["category_id"] = categories[draft.values["category"]]
    changed = [name for name, value in values.items() if getattr(product, name) != value]
    for name in changed:
        setattr(product, name, values[name])
    if draft.picture:
        if product.image.name:
            delete_files_after_commit(product.image.name)
        set_picture(product, draft.picture)
        changed += PICTURE
    computed = {field for name in changed for field in COMPUTED.get(name, ())}
    return (*sorted(changed), *sorted(computed))


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


def category_keys(names: Iterable[str]) -> dict[str, int]:
    """The primary key of each category by its name, in any case, or slug; what is missing is made."""
    rows = list(Category.objects.values_list("pk", "sort_name", "slug"))
    keys = {slug: pk for pk, _, slug in rows} | {sort_name: pk for pk, sort_name, _ in rows}
    for name in names:
        if name not in keys and sort_key(name) in keys:
            keys[name] = keys[sort_key(name)]
        elif name not in keys:
            category = Category(name=name)
            save_with_slug(category, name)
            keys[name] = keys[category.slug] = keys[category.sort_name] = category.pk
    return keys
