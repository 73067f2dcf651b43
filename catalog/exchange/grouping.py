"""Rows of a file put together by product, of which each may be a variant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.exchange.rows import Note, ProductRow
from catalog.models import MAX_VARIANTS
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
            yield RefusedRow(
                line=row.line, reason=f"Line {head.line}, the first of this product, was left out."
            )


def group_rows(
    items: Iterable[ProductRow | RefusedRow | Note],
) -> Iterator[Group | RefusedRow | Note]:
    """Put rows that follow each other together, if they have the same slug or name and say which variant they are."""
    rows: list[ProductRow] = []
    for item in items:
        if not isinstance(item, ProductRow):
            yield item
        elif not (rows and belongs(item, to=rows[0])):
            if rows:
                yield Group(rows=rows)
            rows = [item]
        elif len(rows) > MAX_VARIANTS:  # the first row need not be a variant
            yield RefusedRow(line=item.line, reason=f"A product can have at most {MAX_VARIANTS} variants.")
        else:
            rows.append(item)
    if rows:
        yield Group(rows=rows)


def belongs(row: ProductRow, *, to: ProductRow) -> bool:
    key = key_of(row)
    return row.names_variant and key is not None and key == key_of(to)


def key_of(row: ProductRow) -> tuple[str, str] | None:
    """Return the text by which a row is matched to its product."""
    for column in ("slug", "name"):
        if column in row.cells:
            return column, row.cells[column]
    return None
