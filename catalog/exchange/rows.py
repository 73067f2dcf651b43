"""The rows of a file of products, and the rules for their cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.utils import timezone

from catalog.exchange.lines import read_lines
from catalog.models import (
    MAX_ALT,
    MAX_LEVELS,
    OPTIONS,
    SEPARATOR,
    Category,
    Product,
    ProductVariant,
    TaxClass,
)
from core.errors import FieldError, ValidationError
from core.files import RefusedRow
from core.text import LineField, single_line

# Between the names of a path of categories.
JOINT = f" {SEPARATOR} "


class CategoryPath(LineField):
    """Names of categories from the top down, `Clothes > Shirts`, or a single name or slug."""

    def clean(self, value: Any, model_instance: Any) -> str:
        names = [Category.name.field.clean(name, None) for name in value.split(SEPARATOR)]
        if len(names) > MAX_LEVELS:
            raise DjangoValidationError(f"Categories have at most {MAX_LEVELS} levels.")
        return JOINT.join(names)


class AttributesColumn(models.TextField[Any, Any]):
    """The product's attributes, a line for each value: `Brand: Acme`."""

    def clean(self, value: Any, model_instance: Any) -> dict[str, list[str]]:
        try:
            return read_lines(value)
        except ValidationError as error:
            raise DjangoValidationError([field.message for field in error.fields]) from error


class PublicationColumn(models.DateTimeField[Any, Any]):
    """Whether a product is published: true, false, or the time that it is published at."""

    WORDS: ClassVar[dict[str, bool]] = {
        **dict.fromkeys(("true", "yes", "1"), True),
        **dict.fromkeys(("false", "no", "0"), False),
    }

    def clean(self, value: Any, model_instance: Any) -> bool | datetime:
        known = self.WORDS.get(value.lower())
        if known is not None:
            return known
        try:
            moment: datetime = super().clean(value, model_instance)
        except DjangoValidationError:
            moment = None  # type: ignore[assignment]
        if moment is None:
            raise DjangoValidationError("Enter true, false, or a time such as 2026-11-28 09:00.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


# The columns of the options, named as in Shopify's files, by the columns of the models.
NAMES = {f"option{number}_name": column for number, column in enumerate(OPTIONS, start=1)}
VALUES = {f"option{number}_value": column for number, column in enumerate(OPTIONS, start=1)}
# The columns of a file except the pictures, in their order. Each follows the rules of its model field.
FIELDS: dict[str, models.Field[Any, Any]] = {
    "slug": Product.slug.field,
    "category": CategoryPath(),
    "name": Product.name.field,
    "description": Product.description.field,
    "published": PublicationColumn(),
    "tax_class": TaxClass.name.field,
    "attributes": AttributesColumn(),
    "seo_title": Product.seo_title.field,
    "seo_description": Product.seo_description.field,
    "option1_name": Product.option_1.field,
    "option1_value": ProductVariant.option_1.field,
    "option2_name": Product.option_2.field,
    "option2_value": ProductVariant.option_2.field,
    "option3_name": Product.option_3.field,
    "option3_value": ProductVariant.option_3.field,
    "sku": ProductVariant.sku.field,
    "price": Product.price.field,
    "discount": Product.discount.field,
    "stock": Product.stock.field,
    # Compared with a changed stock: see `applying.stock_of`.
    "stock_at_export": Product.stock.field,
    "weight_grams": ProductVariant.weight_grams.field,
    "requires_shipping": ProductVariant.requires_shipping.field,
    "barcode": ProductVariant.barcode.field,
    "position": ProductVariant.position.field,
}
# A picture of the product, what it shows, and the picture of the row's variant. Further rows have further pictures.
PICTURES = ("image", "image_alt", "variant_image")
COLUMNS = (*FIELDS, *PICTURES)
# What tells a product in a row of another picture. The position is Shopify's.
OF_PICTURE = {"slug", "name", "image", "image_alt", "image_position"}
# The columns of a variant. The others are its product's.
OF_VARIANT = (
    *VALUES,
    *("sku", "price", "discount", "stock", "stock_at_export"),
    *("weight_grams", "requires_shipping", "barcode", "position"),
)
# What tells the variants of a product apart.
IDENTITY = ("sku", *VALUES)
LINES = (*(name for name, field in FIELDS.items() if isinstance(field, LineField)), "image_alt")
WHOLE = tuple(name for name, field in FIELDS.items() if isinstance(field, models.IntegerField))
BOOLEANS = tuple(name for name, field in FIELDS.items() if isinstance(field, models.BooleanField))
NUMBERS = (*WHOLE, *(name for name, field in FIELDS.items() if isinstance(field, models.DecimalField)))
# A new product needs these columns, and a new variant needs a price. The others have defaults.
REQUIRED = ("category", "name", "description")

# No column can hold a NUL or a lone surrogate. A byte outside the encoding is read as a lone surrogate.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# A spreadsheet runs a text that begins like this as a formula.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
# No column holds a longer number. Parsing one takes time.
MAX_NUMBER_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Note:
    """A remark on the file for the person who imports it. It does not stop the import."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class ProductRow:
    """A row of the file: its cells by column, without empty ones.

    `defaults` are cells of a new product, where the row has none. A row that `begins` a product is not of the one
    before, though that may have the same name.
    """

    line: int
    cells: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)
    begins: bool = False

    @property
    def names_variant(self) -> bool:
        """Whether it says which variant it is of."""
        return any(column in self.cells for column in IDENTITY)

    @property
    def is_picture(self) -> bool:
        """Whether it has nothing but another picture of its product."""
        return "image" in self.cells and self.cells.keys() <= OF_PICTURE

    def refusal(self, error: ValidationError) -> RefusedRow:
        return RefusedRow(
            line=self.line, reason=" ".join(f"{field.field}: {field.message}" for field in error.fields)
        )


def row_of(
    line: int,
    cells: Mapping[str, str],
    *,
    defaults: Mapping[str, str] | None = None,
    begins: bool = False,
) -> ProductRow | RefusedRow:
    for column, cell in cells.items():
        if UNSTORABLE.search(cell):
            return RefusedRow(
                line=line, reason=f"{column}: This contains bytes or characters that are not text."
            )
        if column in NUMBERS and len(cell) > MAX_NUMBER_LENGTH:
            return RefusedRow(line=line, reason=f"{column}: This is not a number.")
    # Names get the spelling in which they are stored, so that a row finds its product however its spaces are typed.
    spelled = {column: single_line(cell) if column in LINES else cell for column, cell in cells.items()}
    filled = {column: cell for column, cell in spelled.items() if cell}
    return ProductRow(line=line, cells=filled, defaults=defaults or {}, begins=begins)


def values_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a row's cells, except those of pictures.

    Raises:
        ValidationError: names every field that breaks a rule.
    """
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for column in FIELDS.keys() & cells.keys():
        try:
            cell = cells[column].lower().capitalize() if column in BOOLEANS else cells[column]
            values[column] = FIELDS[column].clean(cell, None)
        except DjangoValidationError as error:
            errors += [FieldError(field=column, message=message) for message in error.messages]
    if len(cells.get("image_alt", "")) > MAX_ALT:
        errors.append(FieldError(field="image_alt", message=f"It can have at most {MAX_ALT} characters."))
    if errors:
        raise ValidationError(*errors)
    return values


def escape(cell: str) -> str:
    """Quote a cell that a spreadsheet would run as a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
