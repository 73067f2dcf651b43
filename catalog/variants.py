"""Writes of a product's variants. Whoever makes a product makes its first variant here."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypedDict

from django.core.files import File
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from catalog.announcing import announce_low_stock
from catalog.models import (
    MAX_STOCK,
    MAX_VARIANTS,
    OPTION_VALUES,
    OPTIONS,
    Product,
    ProductImage,
    ProductVariant,
)
from catalog.options import assign_values, give_values
from catalog.prices import record_prices
from catalog.stock import KEYS, record_counted, sum_up
from core.errors import FieldError, ValidationError, check_all, field_errors, refuse_nulls
from core.text import sort_key

# The input's fields of a variant's columns, where the names differ.
INPUT_NAMES = dict.fromkeys(OPTIONS, "optionValues")
KEPT_ELSEWHERE = {"id", "product", "held"}
WRITTEN = [
    field.name for field in ProductVariant._meta.local_concrete_fields if field.name not in KEPT_ELSEWHERE
]
EACH = "variants.{}."
# The one variant of each new product, from the columns that the product was written with.
ADD_FIRST = """
    INSERT INTO catalog_productvariant (
        product_id, position, sku, sku_key, option_1, option_2, option_3,
        price, discount, final_price, stock, held, barcode
    )
    SELECT id, 0, '', '', '', '', '', price, discount, final_price, stock, 0, ''
    FROM catalog_product WHERE id IN ({keys})
    RETURNING product_id, id
"""


class VariantFields(TypedDict, total=False):
    """The fields of a variant. A missing field stays as it is."""

    id: int  # of an existing one
    option_values: list[str]
    sku: str | None
    price: Decimal | None
    discount: Decimal | None
    stock: int | None
    weight_grams: int | None  # None is for an unknown weight
    requires_shipping: bool | None
    barcode: str | None
    # A new picture of the product, or the name of the file of one that it has. None shows the product's first.
    image: File[bytes] | None
    image_id: str | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The whole list of what a product's variants shall be, and `before`, what they are, by primary key."""

    fields: Sequence[VariantFields]
    before: Mapping[int, ProductVariant] = field(default_factory=dict)
    path: str = EACH  # where the input has the fields of one
    # What the fields `image` and `image_id` lead to, by the places of the variants that have them.
    pictures: Mapping[int, ProductImage | None] = field(default_factory=dict)

    def named(self, place: int, field: str) -> str:
        """Return the path of an input's field of the variant at this place."""
        return f"{self.path.format(place)}{field}"


def variants_of(product: Product) -> dict[int, ProductVariant]:
    """Read the variants of a product by primary key, in order. The lock on the product is the lock on them."""
    return {variant.pk: variant for variant in product.variants.order_by("position", "pk")}


def wanted_of_only(before: Mapping[int, ProductVariant], fields: VariantFields) -> Wanted:
    """Return these changes of the only variant.

    Raises:
        ValidationError: there are several.
    """
    if len(before) > 1:
        raise ValidationError.of(
            variants=_(
                "This product has several variants. Change their prices, discounts, stocks and SKUs here."
            )
        )
    [key] = before
    return Wanted(fields=[{**fields, "id": key}], before=before, path="")


def build_variants(product: Product, wanted: Wanted) -> list[ProductVariant]:
    """Build the variants in memory, and check every rule.

    Raises:
        ValidationError: names the input's fields.
    """
    if not wanted.fields:
        raise ValidationError.of(variants=_("A product needs at least one variant."))
    if len(wanted.fields) > MAX_VARIANTS:
        raise ValidationError.of(
            variants=_("A product can have at most %(most)s variants.") % {"most": MAX_VARIANTS}
        )
    if len(wanted.fields) > 1 and not product.option_names:
        raise ValidationError.of(options=_("Name the options in which the variants differ."))
    variants: list[ProductVariant] = []
    check_all(
        *(partial(add_variant, variants, product, wanted, place) for place in range(len(wanted.fields)))
    )
    check_differences(variants, wanted)
    if sum(variant.stock for variant in variants) > MAX_STOCK:
        raise ValidationError.of(
            variants=_("A product can have at most %(most)s in stock.") % {"most": MAX_STOCK}
        )
    return variants


def add_variant(variants: list[ProductVariant], product: Product, wanted: Wanted, place: int) -> None:
    """Build the variant at this place of the list, and add it.

    Raises:
        ValidationError: names the input's fields.
    """
    fields = wanted.fields[place]
    key = fields.get("id")
    if key is not None and key not in wanted.before:
        raise ValidationError.of(**{wanted.named(place, "id"): _("This product has no such variant.")})
    variant = ProductVariant(product=product) if key is None else copy(wanted.before[key])
    variant.position = place
    values = fields.get("option_values", variant.option_values)
    if len(values) != len(product.option_names):
        named = ", ".join(f"“{name}”" for name in product.option_names)
        message = (
            _("Give one value for each option: %(options)s.") % {"options": named}
            if named
            else _("This product has no options.")
        )
        raise ValidationError.of(**{wanted.named(place, "optionValues"): message})
    assign_options(variant, values)
    refuse_nulls(fields, clearable=["weight_grams", "image", "image_id"], prefix=wanted.path.format(place))
    for name, value in fields.items():
        if name not in ("id", "option_values", "image", "image_id"):
            setattr(variant, name, value)
    if place in wanted.pictures:
        variant.image = wanted.pictures[place]
    with field_errors(wanted.path.format(place), **INPUT_NAMES):
        variant.clean_fields(exclude=["product", "final_price", "image", *OPTION_VALUES])
    if len(variant.option_values) != len(product.option_names):
        raise ValidationError.of(**{wanted.named(place, "optionValues"): _("A value cannot be blank.")})
    variants.append(variant)


def assign_options(row: Product | ProductVariant, texts: Sequence[str]) -> None:
    """Set the options' names of a product, or their values of a variant, in memory."""
    for place, name in enumerate(OPTIONS):
        setattr(row, name, texts[place] if place < len(texts) else "")


def check_differences(variants: Sequence[ProductVariant], wanted: Wanted) -> None:
    """Check that no two variants of the list are the same one, have the same values or the same SKU.

    Raises:
        ValidationError: names the second of two.
    """
    rules = (
        ("id", lambda variant: variant.pk, _("The list has this variant twice.")),
        ("optionValues", identity, _("Another variant has the same values.")),
        ("sku", lambda variant: sort_key(variant.sku), _("Another variant has the same SKU.")),
    )
    errors = [
        FieldError(field=wanted.named(place, field), message=message)
        for field, key_of, message in rules
        for place in repeated([key_of(variant) for variant in variants])
    ]
    if errors:
        raise ValidationError(*errors)


def repeated(keys: Sequence[Any]) -> Iterable[int]:
    """Yield the places of keys that stand further ahead, too. Empty keys may repeat, but a tuple is never empty."""
    seen: Counter[Any] = Counter()
    for place, key in enumerate(keys):
        if seen[key] and key:
            yield place
        seen[key] += 1


def identity(variant: ProductVariant) -> tuple[str, str, str]:
    return variant.option_1, variant.option_2, variant.option_3


def save_variants(
    product: Product,
    variants: Sequence[ProductVariant],
    wanted: Wanted,
    *,
    now: datetime,
) -> None:
    """Make these the variants of the product, whose row the caller has inserted or locked, and sum them up in it.

    A variant that is missing from the list is removed. Orders keep what they have of it, and so does the ledger.

    Raises:
        ValidationError: a SKU is taken by another product, or the shop has too many options to add these.
    """
    before = wanted.before
    kept = {variant.pk for variant in variants}
    removed = before.keys() - kept
    if removed:
        record_counted({key: -before[key].stock for key in removed}, now=now)
        ProductVariant.objects.filter(pk__in=removed).delete()
    assign_values([(product, variants)])
    try:
        with transaction.atomic():
            part_identities(variants, before=before)
            ProductVariant.objects.bulk_create(
                variants, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
            )
    except IntegrityError as error:
        raise find_taken_sku(product, variants, wanted) or error from error
    record_counted(
        {
            variant.pk: variant.stock - (before[variant.pk].stock if variant.pk in before else 0)
            for variant in variants
        },
        now=now,
    )
    record_prices({product.pk}, now=now)
    copy_sums(product)
    if product.option_names or any(variant.option_values for variant in before.values()):
        give_values({product.pk})
    announce_low_stock(
        {
            variant.pk: (before[variant.pk].stock, variant.stock)
            for variant in variants
            if variant.pk in before
        },
        products=dict.fromkeys(before, product.pk),
        now=now,
    )


def part_identities(variants: Sequence[ProductVariant], *, before: Mapping[int, ProductVariant]) -> None:
    """Give the existing variants passing values and no SKU, if two or more change theirs: they may swap them."""
    changed = [
        variant.pk
        for variant in variants
        if variant.pk in before
        and (identity(variant), variant.sku) != (identity(before[variant.pk]), before[variant.pk].sku)
    ]
    if len(changed) > 1:
        # No value begins with a space.
        passing = Concat(Value(" "), Cast("pk", CharField()))
        ProductVariant.objects.filter(pk__in=changed).update(
            sku="", sku_key="", option_1=passing, option_2="", option_3=""
        )


def find_taken_sku(
    product: Product, variants: Sequence[ProductVariant], wanted: Wanted
) -> ValidationError | None:
    """Return the error that names the SKUs of the list that other products have; None if there are none."""
    skus = {place: variant.sku for place, variant in enumerate(variants) if variant.sku}
    others = ProductVariant.objects.exclude(product=product)
    taken = set(others.filter(sku_key__in=map(sort_key, skus.values())).values_list("sku_key", flat=True))
    errors = [
        FieldError(
            field=wanted.named(place, "sku"),
            message=_("Another product has the SKU “%(sku)s”.") % {"sku": sku},
        )
        for place, sku in skus.items()
        if sort_key(sku) in taken
    ]
    return ValidationError(*errors) if errors else None


def copy_sums(product: Product) -> None:
    """Sum the variants up in their product, and in its instance."""
    summed = sum_up({product.pk})[product.pk]
    for name in ("price", "discount", "final_price", "stock"):
        setattr(product, name, getattr(summed, name))


def add_first_variants(keys: Collection[int], *, now: datetime) -> dict[int, int]:
    """Insert the one variant of each of these new products. Return the variants' keys by those of the products.

    They get the price, discount and stock of the products, which the caller has just inserted.
    """
    with connection.cursor() as cursor:
        cursor.execute(ADD_FIRST.format(keys=KEYS[connection.vendor]), [json.dumps(list(keys))])
        added = dict(cursor.fetchall())
    record_prices(keys, now=now)
    return added
