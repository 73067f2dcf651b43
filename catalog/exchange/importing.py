"""Bulk import of products, batch by batch, each in its own transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from accounts.models import User
from catalog.categories import lock_tree
from catalog.exchange.applying import apply
from catalog.exchange.changes import Change
from catalog.exchange.drafting import Draft, Drafter, Item
from catalog.exchange.grouping import Group, group_rows
from catalog.exchange.pictures import read_pictures
from catalog.exchange.rows import Note, ProductRow
from catalog.exchange.tree import read_categories
from catalog.exchange.writing import write_attributes, write_changes, write_galleries
from catalog.models import Product, ProductVariant
from catalog.pictures import delete_files_after_commit
from catalog.selectors import attributes_of
from catalog.stock import lock_products
from core import images
from core.errors import ValidationError
from core.files import RefusedRow
from core.text import sort_key

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
        self.drafter = Drafter(seller=seller, pictures=pictures, create_categories=create_categories)

    def import_batch(self, batch: Sequence[Item]) -> Outcome:
        outcome = Outcome(notes=[item for item in batch if isinstance(item, Note)])
        # Pictures are decoded before the transaction, and deleted if it fails.
        with ExitStack() as files:
            items = self.drafter.drafts(batch, files=files)
            outcome.refused = [item for item in items if isinstance(item, RefusedRow)]
            outcome.notes += [item for item in items if isinstance(item, Note)]
            self.write_each([item for item in items if isinstance(item, Draft)], outcome=outcome)
        return outcome

    def write_each(self, drafts: list[Draft], *, outcome: Outcome) -> None:
        """Write the batch. If the database refuses it, write row by row, so that one row does not lose the others."""
        try:
            outcome.add(self.write(drafts))
        except (IntegrityError, ValidationError) as error:
            if len(drafts) > 1:
                for draft in drafts:
                    self.write_each([draft], outcome=outcome)
                return
            [draft] = drafts
            for name in draft.gallery.stored_names():
                images.delete(name)
            if isinstance(error, ValidationError):
                outcome.refused += draft.group.refusals(error)
                return
            reason = "The shop changed while this row was imported. Import it again."
            outcome.refused += [RefusedRow(line=row.line, reason=reason) for row in draft.group.rows]

    @transaction.atomic(durable=True)
    def write(self, drafts: list[Draft]) -> Outcome:
        """Write the values that differ from the current ones, the stock through the ledger.

        Locks:
            The tree of categories, if some are missing; then the products, in order of primary key; then attributes and
            values that are missing.
        Raises:
            ValidationError: the shop would have too many attributes.
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
        attributes = read_attributes(locked) if any("attributes" in draft.values for draft in drafts) else {}
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
                    attributes=attributes.get(product.pk, {}),
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
        write_attributes([*created, *updated])
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


def read_variants(products: Collection[int]) -> dict[int, list[ProductVariant]]:
    """Read the variants of products by the products' keys, in order."""
    variants: dict[int, list[ProductVariant]] = {key: [] for key in products}
    found = ProductVariant.objects.filter(product__in=products).order_by("product", "position", "pk")
    for variant in found:
        variants[variant.product_id].append(variant)
    return variants


def read_attributes(products: Collection[int]) -> dict[int, dict[str, list[str]]]:
    """Read the values of products' attributes, by the products' keys and the attributes' names."""
    return {
        key: {name: values for (name, _), values in named.items()}
        for key, named in attributes_of(products).items()
    }


def read_owners(drafts: Iterable[Draft]) -> dict[str, str]:
    """Read the slugs of the products that have the SKUs of the drafts, by the SKUs' keys."""
    keys = {sort_key(values["sku"]) for draft in drafts for _, values in draft.variants if "sku" in values}
    if not keys:
        return {}
    return dict(ProductVariant.objects.filter(sku_key__in=keys).values_list("sku_key", "product__slug"))
