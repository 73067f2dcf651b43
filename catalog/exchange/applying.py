"""Rows applied to a product and its variants in memory. A row adds or changes, and never removes."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from catalog.exchange.grouping import Group
from catalog.exchange.matching import Match
from catalog.exchange.pictures import Gallery, arrange
from catalog.exchange.rows import NAMES, VALUES, ProductRow
from catalog.exchange.tree import Categories
from catalog.models import MAX_STOCK, MAX_VARIANTS, OPTIONS, Product, ProductImage, ProductVariant, TaxClass
from catalog.pictures import PICTURE, copy_first, delete_files_after_commit
from catalog.services import check_options
from catalog.variants import identity
from core.errors import ValidationError
from core.files import RefusedRow
from core.money import apply_discount
from core.text import sort_key

# The product's columns that are made of its variants.
SUMMED = ("price", "discount", "final_price", "stock")
# Fields of a product, and of a variant, that are computed from others.
COMPUTED = {"name": ("search_text", "sort_name"), "description": ("search_text",)}
COMPUTED_OF_VARIANT = {
    "price": ("final_price",),
    "discount": ("final_price",),
    # They are written together, because two variants may swap them: see `variants.part_identities`.
    **dict.fromkeys(("sku", *OPTIONS), ("sku", "sku_key", *OPTIONS)),
}
WHICH = "The product has several variants. Say which one by its sku or its option values."


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The valid rows of a product: its values, those of the variants, its pictures, and the product that it matches."""

    group: Group
    match: Match
    values: dict[str, Any]
    variants: list[tuple[ProductRow, dict[str, Any]]]
    gallery: Gallery


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
    lines: dict[int, int] = field(default_factory=dict)  # by the place of the variant
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.fields or self.changed or self.pictures or self.of_variants)


def apply(
    draft: Draft,
    product: Product,
    before: Sequence[ProductVariant],
    *,
    pictures: Sequence[ProductImage] = (),
    categories: Categories,
    owners: dict[str, str],
    now: datetime,
) -> Change:
    """Set the values of the rows in memory. `owners` are the slugs of the products that have a SKU, by its key.

    Raises:
        ValidationError: the product, or its first row, breaks a rule. Other rows are refused by themselves.
    """
    change = Change(product=product, variants=list(before))
    set_option_names(change, draft.values)
    named = {sort_key(values["sku"]) for _, values in draft.variants if "sku" in values}
    for row, values in draft.variants:
        try:
            apply_row(change, row, values, named=named, owners=owners)
        except ValidationError as error:
            if row is draft.group.head:
                raise
            change.refused.append(row.refusal(error))
    check_variants(change)
    for name, value in draft.values.items():
        if name == "category":
            set_value(change, "category_id", categories.find_or_create(value))
        elif name == "published":
            set_publication(change, value, now=now)
        elif name == "tax_class":
            set_tax_class(change, value)
        elif name not in NAMES:
            set_value(change, name, value)
    if draft.gallery:
        set_pictures(change, draft.gallery, pictures)
    sum_up(change)
    owners.update({variant.sku_key: product.slug for variant in change.variants if variant.sku})
    change.fields |= {computed for name in change.fields for computed in COMPUTED.get(name, ())}
    return change


def set_value(change: Change, name: str, value: Any) -> None:
    if getattr(change.product, name) != value:
        setattr(change.product, name, value)
        change.fields.add(name)


def set_publication(change: Change, wanted: bool | datetime, *, now: datetime) -> None:
    """Publish the product, or make it a draft. One that is published already keeps its time, by which it is listed."""
    product = change.product
    if isinstance(wanted, datetime):
        moment: datetime | None = wanted
    elif wanted:
        moment = product.published_at if product.is_published else now
    else:
        moment = None
    if moment != product.published_at:
        product.publish(moment)
        change.fields |= {"published_at", "added_at"}


def set_tax_class(change: Change, tax_class: TaxClass) -> None:
    """Set the tax class. A product that names none keeps it that way if the file names the default class."""
    current = change.product.tax_class_id
    if current != tax_class.pk and not (current is None and tax_class.is_default):
        change.product.tax_class = tax_class
        change.fields.add("tax_class_id")


def set_pictures(change: Change, gallery: Gallery, before: Sequence[ProductImage]) -> None:
    """Put the pictures of the rows that are not refused in order, and copy the first one to the product.

    Raises:
        ValidationError: there are too many.
    """
    accepted = gallery.without({refusal.line for refusal in change.refused})
    pictures, change.pictures = arrange(accepted, before)
    names = {picture.name for picture in pictures}
    delete_files_after_commit(*(gallery.stored_names() - names))
    if change.pictures:
        copy_first(change.product, pictures[0])
        change.fields.update(PICTURE)
    keys = {picture.name: picture.pk for picture in pictures}
    places = {line: place for place, line in change.lines.items()}
    for line, picture in accepted.of_variants.items():
        if line in places and picture.name in keys:
            variant = change.variants[places[line]]
            if variant.image_id is None or variant.image_id != keys[picture.name]:
                change.of_variants[identity(variant)] = picture.name


def set_option_names(change: Change, values: Mapping[str, Any]) -> None:
    """Name the options. An empty cell leaves a name as it is.

    Raises:
        ValidationError: a name is missing before another one, or two are the same.
    """
    product = change.product
    given = {attribute: values[column] for column, attribute in NAMES.items() if column in values}
    names = [given.get(attribute, getattr(product, attribute)) for attribute in OPTIONS]
    while names and not names[-1]:
        names.pop()
    for attribute, name in zip(OPTIONS, check_options(names), strict=False):
        set_value(change, attribute, name)


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
            raise ValidationError.of(sku=f"Another product has the SKU “{variant.sku}”.")
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


def check_variants(change: Change) -> None:
    """Check the rules that concern all variants of the product.

    Raises:
        ValidationError: it has none, one lacks a value for an option, or there are too many in stock.
    """
    if not change.variants:
        raise ValidationError.of(price="None of the rows could be imported, and a product needs a variant.")
    count = len(change.product.option_names)
    for variant in change.variants:
        if len(variant.option_values) != count:
            called = f"“{variant.title or variant.sku or change.product.name}”"
            raise ValidationError.of(
                option1_name=f"The variant {called} would not have one value for each option. "
                "Give it a row with its sku."
            )
    if sum(variant.stock for variant in change.variants) > MAX_STOCK:
        raise ValidationError.of(stock=f"A product can have at most {MAX_STOCK} in stock.")


def sum_up(change: Change) -> None:
    """Set the product's columns that are made of its variants, as `stock.sum_up` does in the database."""
    cheapest = min(
        change.variants, key=lambda variant: (not variant.stock, variant.final_price, variant.position)
    )
    for name in SUMMED[:3]:
        set_value(change, name, getattr(cheapest, name))
    set_value(change, "stock", sum(variant.stock for variant in change.variants))


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
