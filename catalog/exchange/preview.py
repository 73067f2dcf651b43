"""Preview of an import: the changes that the first products of a file would make."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from accounts.models import User
from catalog.exchange.applying import apply
from catalog.exchange.drafting import Draft
from catalog.exchange.grouping import group_rows
from catalog.exchange.importing import Importer, read_attributes, read_owners, read_variants
from catalog.exchange.rows import NAMES, OF_VARIANT, VALUES, Note, ProductRow
from catalog.exchange.tree import Categories, read_categories
from catalog.models import Product, ProductVariant
from core.errors import ValidationError
from core.files import RefusedRow

PRODUCTS = 20
# The columns of a product with another name in files.
COLUMNS_OF = {**NAMES, "published": "published_at"}
# Those that are no columns of a product, and are shown in their own way.
ELSEWHERE = {"category", "attributes"}
LABELS = {"create": "created", "update": "updated", "unchanged": "unchanged", "error": "left out"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A changed field, with its value in the shop and in the file."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """The effect on one product, or a row that is left out: `action` is create, update, unchanged or error."""

    line: int
    action: str
    name: str = ""
    changes: tuple[Change, ...] = ()
    reason: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.action]


def preview(
    rows: Iterable[ProductRow | RefusedRow | Note], *, seller: User, now: datetime, create_categories: bool
) -> list[Step | Note]:
    """Return the steps of the first products in order, after the notes on the file.

    Writes nothing and ignores pictures.
    """
    importer = Importer(seller=seller, now=now, create_categories=create_categories)
    first = list(islice(group_rows(rows), PRODUCTS))
    with ExitStack() as files:
        items = importer.drafter.drafts(first, files=files)
    drafts = [item for item in items if isinstance(item, Draft)]
    products = Product.objects.select_related("tax_class").in_bulk(
        [draft.match.product.pk for draft in drafts if draft.match.product]
    )
    before = read_variants(products)
    attributes = read_attributes(products)
    owners = read_owners(drafts)
    categories = read_categories()
    steps: list[Step] = []
    for item in items:
        refused = [item] if isinstance(item, RefusedRow) else []
        if isinstance(item, Draft):
            try:
                product = importer.product_of(item, products)
                variants = before[product.pk] if product.pk else []
                step, refused = take(
                    item,
                    product,
                    variants,
                    attributes=attributes.get(product.pk, {}),
                    categories=categories,
                    owners=owners,
                    now=now,
                )
                steps.append(step)
            except ValidationError as error:
                refused = list(item.group.refusals(error))
        steps += [Step(line=refusal.line, action="error", reason=refusal.reason) for refusal in refused]
    return [*(item for item in first if isinstance(item, Note)), *steps]


def take(
    draft: Draft,
    product: Product,
    variants: Sequence[ProductVariant],
    *,
    attributes: Mapping[str, Sequence[str]],
    categories: Categories,
    owners: dict[str, str],
    now: datetime,
) -> tuple[Step, list[RefusedRow]]:
    """Return the step of a product, and its rows that are left out.

    Raises:
        ValidationError: the product is left out.
    """
    is_new = product.pk is None
    shown = {name: COLUMNS_OF.get(name, name) for name in draft.values if name not in ELSEWHERE}
    before = {name: "" if is_new else shown_value(product, attribute) for name, attribute in shown.items()}
    changes: list[Change] = []
    # The preview makes no categories.
    category = draft.values.pop("category", None)
    if category is not None:
        key = categories.key(category)
        if key is None or key != product.category_id:
            old = "" if is_new else categories.path(product.category_id)
            changes.append(
                Change(field="category", before=old, after=category if key else f"{category} (new)")
            )
    change = apply(
        draft, product, variants, attributes=attributes, categories=categories, owners=owners, now=now
    )
    for name, attribute in shown.items():
        after = shown_value(product, attribute)
        if not change.fields.isdisjoint((attribute, f"{attribute}_id")):
            changes.append(Change(field=name, before=before[name], after=after))
    changes += [
        Change(field=name, before=", ".join(attributes.get(name, ())), after=", ".join(values))
        for name, values in change.attributes.items()
    ]
    for variant, current, fields in change.changed:
        changes += variant_changes(variant, current, fields)
    action = "create" if is_new else "update" if changes else "unchanged"
    step = Step(line=draft.group.head.line, action=action, name=product.name, changes=tuple(changes))
    return step, change.refused


def shown_value(product: Product, attribute: str) -> str:
    if attribute == "tax_class" and product.tax_class_id is None:
        return ""  # the default one
    return str(getattr(product, attribute))


def variant_changes(
    variant: ProductVariant, current: ProductVariant | None, fields: Collection[str]
) -> Iterator[Change]:
    """Yield the changes of a variant, whose values name it. `current` is how it is, unless it is new."""
    title = f"{variant.title}: " if variant.title else ""
    for name in OF_VARIANT:
        attribute = VALUES.get(name, name)
        if attribute in fields:
            before = str(getattr(current, attribute)) if current else ""
            after = str(getattr(variant, attribute))
            if before != after:
                yield Change(field=f"{title}{name}", before=before, after=after)
