"""Bulk import of products, batch by batch, each in its own transaction."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from accounts.models import User
from catalog.categories import lock_tree
from catalog.exchange.applying import Change, Draft, apply
from catalog.exchange.grouping import Group, group_rows
from catalog.exchange.matching import Match, Matcher
from catalog.exchange.rows import OF_VARIANT, REQUIRED, Note, ProductRow, values_of
from catalog.exchange.tax_classes import find_tax_class, read_tax_classes
from catalog.exchange.tree import Categories, read_categories
from catalog.exchange.writing import write_changes
from catalog.models import Product, ProductVariant, TaxClass
from catalog.pictures import delete_files_after_commit, follow_columns
from catalog.stock import lock_products
from core import images
from core.errors import ValidationError
from core.files import RefusedRow
from core.text import sort_key

Item = Group | RefusedRow | Note

BATCH = 1_000
# Pictures are slow to process. A small batch loses little if the import is interrupted.
BATCH_WITH_PICTURES = 50


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
    for batch in batches(group_rows(rows), size=BATCH_WITH_PICTURES if pictures else BATCH):
        yield importer.import_batch(batch)


def batches(items: Iterable[Item], *, size: int) -> Iterator[list[Item]]:
    """Yield lists of items with about `size` rows."""
    batch: list[Item] = []
    count = 0
    for item in items:
        batch.append(item)
        count += len(item.rows) if isinstance(item, Group) else 1
        if count >= size:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


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

    def import_batch(self, batch: Sequence[Item]) -> Outcome:
        outcome = Outcome(notes=[item for item in batch if isinstance(item, Note)])
        # Pictures are decoded before the transaction, and deleted if it fails.
        with ExitStack() as files:
            items = self.drafts(batch, files=files)
            outcome.refused = [item for item in items if isinstance(item, RefusedRow)]
            self.write_each([item for item in items if isinstance(item, Draft)], outcome=outcome)
        return outcome

    def drafts(self, batch: Sequence[Item], *, files: ExitStack) -> list[Draft | RefusedRow]:
        """Return a draft for each valid group and a refusal for each invalid row, in order. Writes only pictures."""
        matches = iter(self.matcher.match([item.head for item in batch if isinstance(item, Group)]))
        categories = None if self.create_categories else read_categories()
        tax_classes = read_tax_classes(item for item in batch if isinstance(item, Group))
        items: list[Draft | RefusedRow] = []
        for item in batch:
            if isinstance(item, Group):
                refused: list[RefusedRow] = []
                try:
                    items.append(
                        self.draft(
                            item,
                            next(matches),
                            categories=categories,
                            tax_classes=tax_classes,
                            files=files,
                            refused=refused,
                        )
                    )
                    items += refused
                except ValidationError as error:
                    items += item.refusals(error)
            elif isinstance(item, RefusedRow):
                items.append(item)
        return items

    def draft(
        self,
        group: Group,
        match: Match | ValidationError,
        *,
        categories: Categories | None,
        tax_classes: Mapping[str, TaxClass],
        files: ExitStack,
        refused: list[RefusedRow],
    ) -> Draft:
        """Validate the rows of a product and store its picture. Bad rows after the first are added to `refused`.

        Raises:
            ValidationError: a value of the first row is invalid, or a new product lacks a required one.
        """
        head, *others = group.rows
        values = values_of(head.cells)
        if isinstance(match, ValidationError):
            raise match
        of_product, of_first = divide(values)
        variants = [(head, of_first)] if of_first else []
        for row in others:
            try:
                also, of_variant = divide(values_of(row.cells))
                if differing := [
                    name for name in also if of_product.setdefault(name, also[name]) != also[name]
                ]:
                    message = f"Line {head.line}, the first of this product, has another one."
                    raise ValidationError.of(**dict.fromkeys(differing, message))
            except ValidationError as error:
                refused.append(row.refusal(error))
            else:
                variants.append((row, of_variant))
        if match.product is None:
            of_product = values_of(head.defaults) | of_product
            needed = REQUIRED if variants else (*REQUIRED, "price")
            lacking = [name for name in needed if name not in of_product]
            if of_first and "price" not in of_first:
                lacking.append("price")
            if lacking:
                raise ValidationError.of(**dict.fromkeys(lacking, "This field is required."))
        if categories and "category" in of_product and categories.key(of_product["category"]) is None:
            raise ValidationError.of(category=f"There is no category “{of_product['category']}”.")
        if "tax_class" in of_product:
            of_product["tax_class"] = find_tax_class(of_product["tax_class"], among=tax_classes)
        picture = files.enter_context(self.picture(head, match))
        return Draft(group=group, match=match, values=of_product, variants=variants, picture=picture)

    def picture(self, row: ProductRow, match: Match) -> AbstractContextManager[images.StoredImage | None]:
        """Store the row's picture as `images.store_upload` does; store none if the product already has it.

        The name is a hash of the content, which recognizes the same picture again, and of the slug, so that no two
        products share a file.
        """
        current = (match.product and match.product.image.name) or ""
        path = row.cells.get("image")
        upload = token = None
        if self.pictures and path and path != current:
            names = [picture.name for picture in match.product.images.all()] if match.product else []
            data = self.content(self.pictures, path)
            token = hashlib.sha256(f"{match.slug}\n".encode() + data).hexdigest()[:32]
            known = path in names or token in (PurePath(name).stem for name in names)
            upload = None if known else ContentFile(data)
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
            outcome.refused += [RefusedRow(line=row.line, reason=reason) for row in draft.group.rows]

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
        locked = lock_products([draft.match.product.pk for draft in drafts if draft.match.product])
        before = read_variants(locked)
        owners = read_owners(drafts)
        created: list[Change] = []
        updated: list[Change] = []
        for draft in drafts:
            try:
                product = self.product_of(draft, locked)
                variants = before[product.pk] if product.pk else []
                change = apply(draft, product, variants, categories=categories, owners=owners, now=self.now)
            except ValidationError as error:
                outcome.refused += draft.group.refusals(error)
                if draft.picture:
                    delete_files_after_commit(draft.picture.name)
                continue
            outcome.refused += change.refused
            if product.pk is None:
                created.append(change)
            elif change.fields or change.changed:
                product.updated_at = self.now
                change.fields.add("updated_at")
                updated.append(change)
            else:
                outcome.unchanged += 1
        write_changes(created, updated, blank=self.blank(), now=self.now)
        if pictured := [change.product.pk for change in (*created, *updated) if "image" in change.fields]:
            follow_columns(pictured)
        outcome.created, outcome.updated = len(created), len(updated)
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
        if "slug" not in draft.group.head.cells and product.name != known.name:
            raise ValidationError.of(name=f"The product was just renamed to “{product.name}”.")
        return product

    def blank(self, *, slug: str = "") -> Product:
        product = Product(slug=slug, user=self.seller, updated_at=self.now)
        product.publish(self.now)
        return product


def divide(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of the product and those of its variant. The slug only identifies the product."""
    of_variant = {name: value for name, value in values.items() if name in OF_VARIANT}
    return {
        name: value for name, value in values.items() if name not in OF_VARIANT and name != "slug"
    }, of_variant


def read_variants(products: Collection[int]) -> dict[int, list[ProductVariant]]:
    """Read the variants of products by the products' keys, in order."""
    variants: dict[int, list[ProductVariant]] = {key: [] for key in products}
    found = ProductVariant.objects.filter(product__in=products).order_by("product", "position", "pk")
    for variant in found:
        variants[variant.product_id].append(variant)
    return variants


def read_owners(drafts: Iterable[Draft]) -> dict[str, str]:
    """Read the slugs of the products that have the SKUs of the drafts, by the SKUs' keys."""
    keys = {sort_key(values["sku"]) for draft in drafts for _, values in draft.variants if "sku" in values}
    if not keys:
        return {}
    return dict(ProductVariant.objects.filter(sku_key__in=keys).values_list("sku_key", "product__slug"))
