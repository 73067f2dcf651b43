"""Rows checked and put together by product: a draft for each product, and a refusal for each row that is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.models import User
from catalog.exchange.grouping import Group
from catalog.exchange.matching import Match, Matcher
from catalog.exchange.pictures import Folder, Gallery, in_order, read_pictures
from catalog.exchange.rows import OF_VARIANT, REQUIRED, Note, ProductRow, values_of
from catalog.exchange.tax_classes import find_tax_class, read_tax_classes
from catalog.exchange.tree import Categories, read_categories
from catalog.models import ProductImage, TaxClass
from core.errors import ValidationError
from core.files import RefusedRow

Item = Group | RefusedRow | Note


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The valid rows of a product: its values, those of the variants, its pictures, and the product that it matches."""

    group: Group
    match: Match
    values: dict[str, Any]
    variants: list[tuple[ProductRow, dict[str, Any]]]
    gallery: Gallery


class Drafter:
    """Makes the drafts of one file, and writes nothing but pictures."""

    def __init__(self, *, seller: User, pictures: Path | None, create_categories: bool) -> None:
        self.folder = Folder(pictures) if pictures else None
        self.create_categories = create_categories
        self.matcher = Matcher(seller=seller)

    def drafts(self, batch: Sequence[Item], *, files: ExitStack) -> list[Draft | RefusedRow | Note]:
        """Return a draft for each valid group, a refusal for each invalid row, and a note for each picture that is left
        out of its row, in order. Writes only pictures.
        """
        found = self.matcher.match([item.head for item in batch if isinstance(item, Group)])
        known = read_pictures(keys_of(found)) if self.folder else {}
        matches = iter(found)
        categories = None if self.create_categories else read_categories()
        tax_classes = read_tax_classes(item for item in batch if isinstance(item, Group))
        items: list[Draft | RefusedRow | Note] = []
        for item in batch:
            if isinstance(item, Group):
                remarks: list[RefusedRow | Note] = []
                try:
                    items.append(
                        self.draft(
                            item,
                            next(matches),
                            categories=categories,
                            tax_classes=tax_classes,
                            pictures=known,
                            files=files,
                            remarks=remarks,
                        )
                    )
                    items += remarks
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
        remarks: list[RefusedRow | Note],
    ) -> Draft:
        """Validate the rows of a product and store its pictures. Bad rows after the first are added to `remarks`.

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
                remarks.append(row.refusal(error))
            else:
                pictured.append(row)
                if not row.is_picture:
                    variants.append((row, of_variant))
        if match.product is None:
            of_product = values_of(head.defaults) | of_product
            needed = REQUIRED if variants else (*REQUIRED, "price")
            if remarks and not variants:
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
                for wrong in self.folder.take(gallery, row, slug=match.slug, known=known, files=files):
                    refusal = row.refusal(wrong)
                    # What the row has beside the picture comes in without it.
                    remarks.append(
                        refusal if row.is_picture else Note(text=f"Line {row.line}: {refusal.reason}")
                    )
        return Draft(group=group, match=match, values=of_product, variants=variants, gallery=gallery)


def keys_of(matches: Iterable[Match | ValidationError]) -> list[int]:
    return [match.product.pk for match in matches if isinstance(match, Match) and match.product]


def divide(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of the product and those of its variant. The slug only identifies the product."""
    of_variant = {name: value for name, value in values.items() if name in OF_VARIANT}
    return {
        name: value for name, value in values.items() if name not in OF_VARIANT and name != "slug"
    }, of_variant
