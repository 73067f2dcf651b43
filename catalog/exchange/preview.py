"""Preview of an import: the changes that the first rows of a file would make."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from accounts.models import User
from catalog.exchange.importing import Importer, apply
from catalog.exchange.rows import Note, ProductRow, RefusedRow
from catalog.exchange.tree import read_categories
from catalog.models import Product
from catalog.selectors import mark_several
from core.errors import ValidationError

ROWS = 20
LABELS = {"create": "created", "update": "updated", "unchanged": "unchanged", "error": "left out"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A changed field, with its value in the shop and in the file."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """The effect of one row: `action` is create, update, unchanged or error."""

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
    """Return the steps of the first rows in order, after the notes on the file. Writes nothing and ignores pictures."""
    importer = Importer(seller=seller, now=now, create_categories=create_categories)
    first = list(islice(rows, ROWS))
    with ExitStack() as files:
        items = importer.drafts(first, files=files)
    keys = [
        item.match.product.pk for item in items if not isinstance(item, RefusedRow) and item.match.product
    ]
    products = mark_several(Product.objects.select_related("category")).in_bulk(keys)
    categories = read_categories()
    steps: list[Step | Note] = [item for item in first if isinstance(item, Note)]
    for item in items:
        if isinstance(item, RefusedRow):
            steps.append(Step(line=item.line, action="error", reason=item.reason))
            continue
        try:
            product = importer.product_of(item, products)
            new = item.match.product is None
            before = {} if new else {field: format_value(product, field) for field in item.values}
            category = item.values.pop("category", None)
            known = category is None or categories.key(category)
            fields = set(apply(item, product, categories=categories))
        except ValidationError as error:
            steps.append(Step(line=item.row.line, action="error", reason=item.row.refusal(error).reason))
            continue
        if category and (new or known != product.category_id):
            fields.add("category")
        changes = tuple(
            Change(
                field=field,
                before=before.get(field, ""),
                after=(category if known else f"{category} (new)")
                if field == "category"
                else format_value(product, field),
            )
            for field in (*item.values, *(["category"] if category else []))
            if field in fields
        )
        action = "create" if new else "update" if fields else "unchanged"
        steps.append(Step(line=item.row.line, action=action, name=product.name, changes=changes))
    return steps


def format_value(product: Product, field: str) -> Any:
    value = getattr(product, field, "")
    return str(value)
