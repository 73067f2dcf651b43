"""Bulk import of products, batch by batch, each in its own transaction."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from accounts.models import User
from catalog.categories import lock_tree
from catalog.exchange.matching import Match, Matcher
from catalog.exchange.rows import REQUIRED, Note, ProductRow, RefusedRow, values_of
from catalog.exchange.tree import Categories, read_categories
from catalog.exchange.writing import insert, update
from catalog.models import Product
from catalog.selectors import mark_several
from catalog.services import delete_files_after_commit, set_picture
from catalog.stock import record_counted
from catalog.variants import follow_products
from core import images
from core.errors import ValidationError

BATCH = 1_000
# Pictures are slow to process. A small batch loses little if the import is interrupted.
BATCH_WITH_PICTURES = 50
PICTURE = ("image", "image_width", "image_height", "image_placeholder")
# What a row can only change of a product with one variant.
SOLD_BY = {"price", "discount", "stock"}
# Fields that are computed from others.
COMPUTED = {
    "name": ("search_text", "sort_name"),
    "description": ("search_text",),
    "price": ("final_price",),
    "discount": ("final_price",),
}


@dataclass(kw_only=True)
class Outcome:
    """The result of a batch of rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused
        self.notes += other.notes


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A valid row with its values, its picture, and the product that it matches."""

    row: ProductRow
    match: Match
    values: dict[str, Any]
    picture: images.StoredImage | None


def import_products(
    rows: Iterable[ProductRow | RefusedRow | Note],
    *,
    seller: User,
    now: datetime,
    pictures: Path | None = None,
    create_categories: bool = True,
) -> Iterator[Outcome]:
    """Create and update products from the rows, and yield the outcome of each batch once it is committed.

    A bad row is refused, and the rest are imported. Unchanged values are not written, so an interrupted import can be
    repeated. New products belong to the seller; an existing product keeps its own seller. Without a folder of
    `pictures` the images stay as they are.

    Locks:
        The products of each batch, in order of primary key.
    """
    importer = Importer(seller=seller, now=now, pictures=pictures, create_categories=create_categories)
    remaining = iter(rows)
    size = BATCH_WITH_PICTURES if pictures else BATCH
    while batch := list(islice(remaining, size)):
        yield importer.import_batch(batch)


class Importer:
    """The importer of one file."""

    def __init__(
        self, *, seller: User, now: datetime, pictures: Path | None = None, create_categories: bool = True
    ) -> None:
        self.seller = seller
        self.now = now
        self.pictures = pictures.resolve() if pictures else None
        self.create_categories = create_categories
        self.matcher = Matcher(seller=seller)

    def import_batch(self, batch: Sequence[ProductRow | RefusedRow | Note]) -> Outcome:
        outcome = Outcome(notes=[item for item in batch if isinstance(item, Note)])
        # Pictures are decoded before the transaction, and deleted if it fails.
        with ExitStack() as files:
            items = self.drafts(batch, files=files)
            outcome.refused = [item for item in items if isinstance(item, RefusedRow)]
            self.write_each([item for item in items if isinstance(item, Draft)], outcome=outcome)
        return outcome

    def drafts(
        self, batch: Sequence[ProductRow | RefusedRow | Note], *, files: ExitStack
    ) -> list[Draft | RefusedRow]:
        """Return a draft for each valid row and a refusal for each invalid one, in order. Writes only pictures."""
        rows = [row for row in batch if isinstance(row, ProductRow)]
        matches = iter(self.matcher.match(rows))
        categories = None if self.create_categories else read_categories()
        items: list[Draft | RefusedRow] = []
        for row in batch:
            if isinstance(row, ProductRow):
                try:
                    items.append(self.draft(row, next(matches), categories=categories, files=files))
                except ValidationError as error:
                    items.append(row.refusal(error))
            elif isinstance(row, RefusedRow):
                items.append(row)
        return items

    def draft(
        self,
        row: ProductRow,
        match: Match | ValidationError,
        *,
        categories: Categories | None,
        files: ExitStack,
    ) -> Draft:
        """Validate a row and store its picture.

        Raises:
            ValidationError: a value is invalid, or a new product lacks a required one.
        """
        values = values_of(row)
        if isinstance(match, ValidationError):
            raise match
        if match.product is None:
            missing = {column: "This field is required." for column in REQUIRED if column not in row.cells}
            if missing:
                raise ValidationError.of(**missing)
        if categories and "category" in values and categories.key(values["category"]) is None:
            raise ValidationError.of(category=f"There is no category “{values['category']}”.")
        picture = files.enter_context(self.picture(row, match))
        return Draft(row=row, match=match, values=values, picture=picture)

    def picture(self, row: ProductRow, match: Match) -> AbstractContextManager[images.StoredImage | None]:
        """Store the row's picture as `images.store_upload` does; store none if the product already has it.

        The name is a hash of the content, which recognizes the same picture again, and of the slug, so that no two
        products share a file.
        """
        current = (match.product and match.product.image.name) or ""
        path = row.cells.get("image")
        upload = token = None
        if self.pictures and path and path != current:
            data = self.content(self.pictures, path)
            token = hashlib.sha256(f"{match.slug}\n".encode() + data).hexdigest()[:32]
            upload = ContentFile(data) if token != PurePath(current).stem else None
        return images.store_upload(upload, folder="products", field="image", token=token)

    def content(self, folder: Path, path: str) -> bytes:
        """Read the picture, at most one byte beyond the largest size allowed.

        Raises:
            ValidationError: the folder has no file of this name.
        """
        try:
            file = (folder / path).resolve()
            if file.is_relative_to(folder) and file.is_file():
                with file.open("rb") as opened:
                    return opened.read(images.MAX_BYTES + 1)
        except OSError:
            pass  # the file system refuses the name, or the file may not be read
        raise ValidationError.of(image="The folder of pictures has no file of this name.")

    def write_each(self, drafts: list[Draft], *, outcome: Outcome) -> None:
        """Write the batch. If the database refuses it, write row by row, so that one row does not lose the others."""
        try:
            outcome.add(self.write(drafts))
        except IntegrityError:
            if len(drafts) > 1:
                for draft in drafts:
                    self.write_each([draft], outcome=outcome)
                return
            [draft] = drafts
            if draft.picture:
                images.delete(draft.picture.name)
            reason = "The shop changed while this row was imported. Import it again."
            outcome.refused.append(RefusedRow(line=draft.row.line, reason=reason))

    @transaction.atomic(durable=True)
    def write(self, drafts: list[Draft]) -> Outcome:
        """Write the values that differ from the current ones, the stock through the ledger.

        Locks:
            The tree of categories, if some are missing; then the products, in order of primary key.
        """
        outcome = Outcome()
        categories = read_categories()
        if any(
            not categories.has(draft.values["category"]) for draft in drafts if "category" in draft.values
        ):
            lock_tree()
            categories = read_categories()
        keys = [draft.match.product.pk for draft in drafts if draft.match.product]
        in_order = Product.objects.select_for_update().filter(pk__in=keys).order_by("pk")
        locked = {product.pk: product for product in mark_several(in_order)}
        created: list[tuple[Product, tuple[str, ...]]] = []
        changed: dict[tuple[str, ...], list[Product]] = {}
        deltas: dict[int, int] = {}
        for draft in drafts:
            try:
                product = self.product_of(draft, locked)
                before = product.stock
                fields = apply(draft, product, categories=categories)
            except ValidationError as error:
                outcome.refused.append(draft.row.refusal(error))
                continue
            if draft.match.product is None:
                created.append((product, fields))
            elif fields:
                product.updated_at = self.now
                changed.setdefault((*fields, "updated_at"), []).append(product)
                deltas[product.pk] = product.stock - before
        for fields, products in changed.items():
            update(products, fields=fields)
        of_variants = [
            product.pk for fields, products in changed.items() for product in products if SOLD_BY & {*fields}
        ]
        keys_of_variants = follow_products(of_variants, now=self.now) if of_variants else {}
        moved = {variant: deltas[product] for product, variant in keys_of_variants.items()}
        stocks = insert(created, blank=self.blank(), now=self.now) if created else {}
        record_counted(moved | stocks, now=self.now)
        outcome.created = len(created)
        outcome.updated = len(deltas)
        outcome.unchanged = len(drafts) - len(created) - len(deltas) - len(outcome.refused)
        return outcome

    def product_of(self, draft: Draft, locked: Mapping[int, Product]) -> Product:
        """Return the draft's product in its current state, or a new one.

        Raises:
            ValidationError: the product was deleted or renamed in the meantime.
        """
        known = draft.match.product
        if known is None:
            return self.blank(slug=draft.match.slug)
        product = locked.get(known.pk)
        if product is None:
            raise ValidationError.of(slug="The product was just deleted.")
        if "slug" not in draft.row.cells and product.name != known.name:
            raise ValidationError.of(name=f"The product was just renamed to “{product.name}”.")
        return product

    def blank(self, *, slug: str = "") -> Product:
        return Product(slug=slug, user=self.seller, added_at=self.now, updated_at=self.now)


def apply(draft: Draft, product: Product, *, categories: Categories) -> tuple[str, ...]:
    """Set the row's values in memory, and return the names of the fields that change.

    Raises:
        ValidationError: the stock changed both in the file and, since the export, in the shop; or the product has
            several variants, and the row has another price, discount or stock.
    """
    values = {**draft.values, **stock_of(draft, product)}
    values.pop("stock_at_export", None)
    if category := values.pop("category", None):
        values["category_id"] = categories.find_or_create(category)
    changed = [name for name, value in values.items() if getattr(product, name) != value]
    if draft.match.product and product.has_several:  # type: ignore[attr-defined]  # annotated
        refused = dict.fromkeys(
            sorted(SOLD_BY & {*changed}), "The product has several variants. Change it in the shop."
        )
        if refused:
            raise ValidationError.of(**refused)
    for name in changed:
        setattr(product, name, values[name])
    if draft.picture:
        if product.image.name:
            delete_files_after_commit(product.image.name)
        set_picture(product, draft.picture)
        changed += PICTURE
    computed = {field for name in changed for field in COMPUTED.get(name, ())}
    return (*sorted(changed), *sorted(computed))


def stock_of(draft: Draft, product: Product) -> dict[str, int]:
    """Return the stock to write as `{"stock": …}`; empty to write the row's own value.

    An exported file has the stock at export. An unedited stock is left alone, whatever has been sold since. A stock
    that was edited while the shop sold is refused: to add the difference would add it again with each import of the
    file, and to write the count would bring back what was sold.

    Raises:
        ValidationError: the stock changed both in the file and in the shop.
    """
    stock, exported = draft.values.get("stock"), draft.values.get("stock_at_export")
    if stock is None or exported is None or draft.match.product is None:
        return {}
    if stock == exported:
        return {"stock": product.stock}
    if product.stock not in (stock, exported):
        raise ValidationError.of(
            stock=f"It was {exported} at the export and is {product.stock} by now. Export again before you change it, "
            "or leave out stock_at_export to overwrite it."
        )
    return {}
