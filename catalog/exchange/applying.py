"""Drafts applied to products in memory. A row adds or changes, and never removes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.exchange.changes import SUMMED, Change, set_value
from catalog.exchange.drafting import Draft
from catalog.exchange.pictures import Gallery, arrange
from catalog.exchange.rows import NAMES
from catalog.exchange.tree import Categories
from catalog.exchange.variant_rows import SkuTaken, apply_row
from catalog.fields import check_options
from catalog.models import MAX_STOCK, OPTIONS, Product, ProductImage, ProductVariant, TaxClass
from catalog.pictures import PICTURE, copy_first, delete_files_after_commit
from catalog.variants import identity
from core.errors import ValidationError
from core.text import sort_key

# Fields of a product that are computed from others.
COMPUTED = {"name": ("search_text", "sort_name"), "description": ("search_text",)}


def apply(
    draft: Draft,
    product: Product,
    before: Sequence[ProductVariant],
    *,
    pictures: Sequence[ProductImage] = (),
    attributes: Mapping[str, Sequence[str]],
    categories: Categories,
    owners: dict[str, str],
    now: datetime,
) -> Change:
    """Set the values of the rows in memory. `attributes` are the values that the product has of each attribute by its
    name, and `owners` the slugs of the products that have a SKU, by its key.

    Raises:
        ValidationError: the product, or its first row, breaks a rule. Other rows are refused by themselves, and so is
            the first one if another product has its SKU and a variant is left.
    """
    change = Change(product=product, variants=list(before))
    set_option_names(change, draft.values)
    named = {sort_key(values["sku"]) for _, values in draft.variants if "sku" in values}
    taken: SkuTaken | None = None
    for row, values in draft.variants:
        try:
            apply_row(change, row, values, named=named, owners=owners)
        except ValidationError as error:
            if row is draft.group.head:
                if not isinstance(error, SkuTaken):
                    raise
                taken = error
            change.refused.append(row.refusal(error))
    if taken and not change.lines:
        raise taken
    check_variants(change)
    for name, value in draft.values.items():
        if name == "category":
            set_value(change, "category_id", categories.find_or_create(value))
        elif name == "published":
            set_publication(change, value, now=now)
        elif name == "tax_class":
            set_tax_class(change, value)
        elif name == "attributes":
            change.attributes = find_different(value, current=attributes)
        elif name not in NAMES:
            set_value(change, name, value)
    if draft.gallery:
        set_pictures(change, draft.gallery, pictures, head=draft.group.head.line)
    sum_up(change)
    owners.update({variant.sku_key: product.slug for variant in change.variants if variant.sku})
    change.fields |= {computed for name in change.fields for computed in COMPUTED.get(name, ())}
    return change


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


def find_different(
    wanted: Mapping[str, Sequence[str]], *, current: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the attributes of which the product has other values, whatever the spelling."""
    known = {sort_key(name): {*map(sort_key, values)} for name, values in current.items()}
    return {
        name: [*values]
        for name, values in wanted.items()
        if known.get(sort_key(name), set()) != {*map(sort_key, values)}
    }


def set_pictures(change: Change, gallery: Gallery, before: Sequence[ProductImage], *, head: int) -> None:
    """Put the pictures of the rows that are not refused in order, and copy the first one to the product.

    Raises:
        ValidationError: there are too many.
    """
    accepted = gallery.without({refusal.line for refusal in change.refused}, head=head)
    pictures, change.pictures = arrange(accepted, before)
    names = {picture.name for picture in pictures}
    delete_files_after_commit(*(gallery.stored_names() - names))
    if change.pictures:
        copy_first(change.product, pictures[0])
        change.fields.update(PICTURE)
    keys = {picture.name: picture.pk for picture in pictures}
    for place, line in change.lines.items():  # a line may be of several variants
        picture = accepted.of_variants.get(line)
        variant = change.variants[place]
        if picture and picture.name in keys and (variant.image_id or 0) != keys[picture.name]:
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
