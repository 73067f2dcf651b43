"""Rows of a file put together by product, of which each may be a variant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.exchange.rows import Note, ProductRow
from catalog.models import MAX_IMAGES, MAX_VARIANTS
from catalog.pictures import too_many
from core.errors import ValidationError
from core.files import RefusedRow


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rows of one product. The first one has the product's own columns, and may be a variant, too."""

    rows: list[ProductRow]

    @property
    def head(self) -> ProductRow:
        return self.rows[0]

    def refusals(self, error: ValidationError) -> Iterator[RefusedRow]:
        """Yield a refusal for each row: no variant goes in without its product."""
        head, *others = self.rows
        yield head.refusal(error)
        for row in others:
            if row.line == head.line:
                continue  # a further picture of the same line
            yield RefusedRow(
                line=row.line, reason=f"Line {head.line}, the first of this product, was left out."
            )


def group_rows(
    items: Iterable[ProductRow | RefusedRow | Note],
) -> Iterator[Group | RefusedRow | Note]:
    """Put rows that follow each other together, if they have the same slug or name.

    Each says which variant it is, or has another picture.
    """
    rows: list[ProductRow] = []
    for item in items:
        if not isinstance(item, ProductRow):
            yield item
        elif not (rows and belongs(item, to=rows[0])):
            if rows:
                yield Group(rows=rows)
            rows = [item]
        elif "image" in item.cells and sum("image" in row.cells for row in rows) == MAX_IMAGES:
            yield RefusedRow(line=item.line, reason=f"image: {too_many()}")
        elif len(rows) > MAX_VARIANTS and not item.is_picture and has_all_variants(rows):
            yield RefusedRow(line=item.line, reason=f"A product can have at most {MAX_VARIANTS} variants.")
        else:
            rows.append(item)
    if rows:
        yield Group(rows=rows)


def has_all_variants(rows: list[ProductRow]) -> bool:
    """Whether there are as many variants as a product can have. The first row need not be one."""
    return sum(not row.is_picture for row in rows) > MAX_VARIANTS


def belongs(row: ProductRow, *, to: ProductRow) -> bool:
    key = key_of(row)
    follows = not row.begins and (row.names_variant or row.is_picture)
    return follows and key is not None and key == key_of(to)


def key_of(row: ProductRow) -> tuple[str, str] | None:
    """Return the text by which a row is matched to its product."""
    for column in ("slug", "name"):
        if column in row.cells:
            return column, row.cells[column]
    return None
