"""A product with its variants and pictures as the rows make them, in memory."""

from dataclasses import dataclass, field
from typing import Any

from catalog.models import Product, ProductImage, ProductVariant
from core.files import RefusedRow

# The product's columns that are made of its variants.
SUMMED = ("price", "discount", "final_price", "stock")


@dataclass(kw_only=True)
class Change:
    """A product and its variants as the rows make them, with the names of the fields that change."""

    product: Product
    variants: list[ProductVariant]
    fields: set[str] = field(default_factory=set)
    # Of each changed variant, new ones among them, with the one before.
    changed: list[tuple[ProductVariant, ProductVariant | None, set[str]]] = field(default_factory=list)
    pictures: list[ProductImage] = field(default_factory=list)  # new and changed ones
    # The names of the pictures of variants that have another one now, by the variants' option values.
    of_variants: dict[tuple[str, ...], str] = field(default_factory=dict)
    attributes: dict[str, list[str]] = field(default_factory=dict)  # that get other values
    lines: dict[int, int] = field(default_factory=dict)  # by the place of the variant
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.fields or self.changed or self.pictures or self.of_variants or self.attributes)


def set_value(change: Change, name: str, value: Any) -> None:
    if getattr(change.product, name) != value:
        setattr(change.product, name, value)
        change.fields.add(name)
