"""Bulk import of products, batch by batch, each in its own transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from catalog.categories import lock_tree
from catalog.exchange.applying import Change, Draft, apply
from catalog.exchange.grouping import Group, group_rows
from catalog.exchange.matching import Match, Matcher
from catalog.exchange.pictures import Folder, Gallery, in_order, read_pictures
from catalog.exchange.rows import OF_VARIANT, REQUIRED, Note, ProductRow, values_of
from catalog.exchange.tax_classes import find_tax_class, read_tax_classes
from catalog.exchange.tree import Categories, read_categories
from catalog.exchange.writing import write_changes, write_galleries
from catalog.models import Product, ProductImage, ProductVariant, TaxClass
from catalog.pictures import delete_files_after_commit
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
        self.folder = Folder(pictures) if pictures else None
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
        found = self.matcher.match([item.head for item in batch if isinstance(item, Group)])
        known = read_pictures(keys_of(found)) if self.folder else {}
        matches = iter(found)
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
                            pictures=known,
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
        pictures: Mapping[int, list[ProductImage]],
        files: ExitStack,
        refused: list[RefusedRow],
    ) -> Draft:
        """Validate the rows of a product and store its pictures. Bad rows after the first are added to `refused`.

        Raises:
            ValidationError: a value of the first row is invalid, or a new product lacks a required one.
        """
        head, *others = group.rows
        values = values_of(head.cells)
        if isinstance(match, ValidationError):
            raise match
        of_product, of_first = divide(values)
        variants = [(head, of_first)] if of_first or "variant_image" in head.cells else []
        pictured = [head]
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
                pictured.append(row)
                if not row.is_picture:
                    variants.append((row, of_variant))
        if match.product is None:
            of_product = values_of(head.defaults) | of_product
            needed = REQUIRED if variants else (*REQUIRED, "price")
            if refused and not variants:
                raise ValidationError.of(price="None of the rows of its variants can be imported.")
            lacking = [name for name in needed if name not in of_product]
            if of_first and "price" not in of_first:
                lacking.append("price")
            if lacking:
                raise ValidationError.of(**dict.fromkeys(lacking, "This field is required."))
        if categories and "category" in of_product and categories.key(of_product["category"]) is None:
            raise ValidationError.of(category=f"There is no category “{of_product['category']}”.")
        if "tax_class" in of_product:
            of_product["tax_class"] = find_tax_class(of_product["tax_class"], among=tax_classes)
        gallery = Gallery()
        known = [picture.name for picture in pictures.get(match.product.pk, [])] if match.product else []
        if self.folder:
            for row in in_order(pictured):
                try:
                    self.folder.take(gallery, row, slug=match.slug, known=known, files=files)
                except ValidationError as error:
                    if row is head:
                        raise
                    refused.append(row.refusal(error))
                    variants = [each for each in variants if each[0] is not row]
        return Draft(group=group, match=match, values=of_product, variants=variants, gallery=gallery)

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
            for name in draft.gallery.stored_names():
                images.delete(name)
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
        pictures = read_pictures(locked) if any(draft.gallery for draft in drafts) else {}
        owners = read_owners(drafts)
        created: list[Change] = []
        updated: list[Change] = []
        for draft in drafts:
            try:
                product = self.product_of(draft, locked)
                variants = before[product.pk] if product.pk else []
                change = apply(
                    draft,
                    product,
                    variants,
                    pictures=pictures.get(product.pk, []),
                    categories=categories,
                    owners=owners,
                    now=self.now,
                )
            except ValidationError as error:
                outcome.refused += draft.group.refusals(error)
                delete_files_after_commit(*draft.gallery.stored_names())
                continue
            outcome.refused += change.refused
            if product.pk is None:
                created.append(change)
            elif not change.is_empty:
                product.updated_at = self.now
                change.fields.add("updated_at")
                updated.append(change)
            else:
                outcome.unchanged += 1
        write_changes(created, updated, blank=self.blank(), now=self.now)
        write_galleries([*created, *updated])
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


def keys_of(matches: Iterable[Match | ValidationError]) -> list[int]:
    return [match.product.pk for match in matches if isinstance(match, Match) and match.product]


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
