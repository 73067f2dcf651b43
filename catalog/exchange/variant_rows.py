"""Rows applied to variants: which one a row means, and what it may change."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.conf import settings

from catalog.exchange.changes import SUMMED, Change
from catalog.exchange.rows import VALUES, ProductRow
from catalog.models import MAX_VARIANTS, OPTIONS, Product, ProductVariant
from catalog.variants import identity
from core.errors import ValidationError
from core.money import apply_discount
from core.text import sort_key

# Fields of a variant that are computed from others.
COMPUTED_OF_VARIANT = {
    "price": ("final_price",),
    "discount": ("final_price",),
    # They are written together, because two variants may swap them: see `variants.part_identities`.
    **dict.fromkeys(("sku", *OPTIONS), ("sku", "sku_key", *OPTIONS)),
}


class SkuTaken(ValidationError):
    """Another product has the SKU. It is the fault of one variant, not of its product."""


WHICH = "The product has several variants. Say which one by its sku or its option values."


def apply_row(
    change: Change, row: ProductRow, values: dict[str, Any], *, named: set[str], owners: Mapping[str, str]
) -> None:
    """Set a row's values of the variant that it means, or of a new one.

    Raises:
        ValidationError: a value breaks a rule, or it is not clear which variant is meant.
    """
    if not row.names_variant and len(change.variants) > 1:
        if "variant_image" in row.cells:
            raise ValidationError.of(variant_image=WHICH)
        check_unchanged(change.product, values)
        return
    place = find_place(change, values, named=named)
    if place in change.lines:
        raise ValidationError.of(sku=f"Line {change.lines[place]} already has this variant.")
    is_new = place == len(change.variants)
    before = None if is_new else change.variants[place]
    if before is None:
        check_new(change, values)
        variant = ProductVariant(
            product=change.product, position=max((other.position + 1 for other in change.variants), default=0)
        )
    else:
        variant = copy(before)
    given = {**values, **stock_of(values, before)}
    given.pop("stock_at_export", None)
    fields = set()
    for column, value in given.items():
        name = VALUES.get(column, column)
        if getattr(variant, name) != value:
            setattr(variant, name, value)
            fields.add(name)
    check_values(change, variant, values, place=place)
    if "sku" in fields:
        variant.sku_key = sort_key(variant.sku)
        if owners.get(variant.sku_key, change.product.slug) != change.product.slug:
            raise SkuTaken.of(sku=f"Another product has the SKU “{variant.sku}”.")
    fields |= {computed for name in fields for computed in COMPUTED_OF_VARIANT.get(name, ())}
    if "final_price" in fields:
        variant.final_price = apply_discount(
            variant.price, variant.discount, currency=settings.STORE_CURRENCY
        )
    change.lines[place] = row.line
    change.variants[place:] = [variant, *change.variants[place + 1 :]]
    if fields or is_new:
        change.changed.append((variant, before, fields))


def check_unchanged(product: Product, values: dict[str, Any]) -> None:
    """Check that a row which may mean any of several variants changes none: it has the product's own sums.

    Raises:
        ValidationError: it has another value.
    """
    given = {**values, **stock_of(values, product)}
    given.pop("stock_at_export", None)
    wrong = sorted(
        name for name, value in given.items() if name not in SUMMED or getattr(product, name) != value
    )
    if wrong:
        raise ValidationError.of(**dict.fromkeys(wrong, WHICH))


def find_place(change: Change, values: Mapping[str, Any], *, named: set[str]) -> int:
    """Return the place of the variant that a row means; the number of variants for a new one.

    It is the one with the SKU, or the one with the option values, or the only one. Another row may name it by its SKU,
    as one of the `named`.
    """
    key = sort_key(values.get("sku", ""))
    wanted = tuple(values.get(column, "") for column in VALUES)
    for place, variant in enumerate(change.variants):
        if key and variant.sku_key == key:
            return place
    for place, variant in enumerate(change.variants):
        is_only = len(change.variants) == 1 and place not in change.lines
        alike = identity(variant) == wanted if any(wanted) else is_only
        if variant.sku_key not in named and (alike or (is_only and not variant.option_1)):
            return place
    return len(change.variants)


def check_new(change: Change, values: Mapping[str, Any]) -> None:
    """Check that there may be another variant, and that it has a price.

    Raises:
        ValidationError: names the columns.
    """
    if len(change.variants) == MAX_VARIANTS:
        raise ValidationError.of(sku=f"A product can have at most {MAX_VARIANTS} variants.")
    if change.variants and not change.product.option_1:
        raise ValidationError.of(option1_name="Name the options in which the variants differ.")
    if "price" not in values:
        raise ValidationError.of(price="This field is required.")


def check_values(change: Change, variant: ProductVariant, values: Mapping[str, Any], *, place: int) -> None:
    """Check that the variant has one value for each option, and no other variant has the same.

    Raises:
        ValidationError: names the columns.
    """
    options = change.product.option_names
    wrong: dict[str, str] = {}
    for (column, attribute), name in zip(VALUES.items(), (*options, "", "", ""), strict=False):
        if name and not getattr(variant, attribute):
            wrong[column] = f"Give a value for “{name}”."
        elif not name and column in values:
            wrong[column] = "The product has no such option."
    if wrong:
        raise ValidationError.of(**wrong)
    others = [other for number, other in enumerate(change.variants) if number != place]
    if any(identity(other) == identity(variant) for other in others):
        raise ValidationError.of(option1_value="Another variant has the same values.")


def stock_of(values: Mapping[str, Any], current: Product | ProductVariant | None) -> dict[str, int]:
    """Return the stock to write as `{"stock": …}`; empty to write the row's own value.

    An exported file has the stock at export. An unedited stock is left alone, whatever has been sold since. A stock
    that was edited while the shop sold is refused: to add the difference would add it again with each import of the
    file, and to write the count would bring back what was sold.

    Raises:
        ValidationError: the stock changed both in the file and in the shop.
    """
    stock, exported = values.get("stock"), values.get("stock_at_export")
    if stock is None or exported is None or current is None:
        return {}
    if stock == exported:
        return {"stock": current.stock}
    if current.stock not in (stock, exported):
        raise ValidationError.of(
            stock=f"It was {exported} at the export and is {current.stock} by now. Export again before you change it, "
            "or leave out stock_at_export to overwrite it."
        )
    return {}
