"""The options of variants as rows, by which lists and facets find them: one for each value that a product comes in.

The functions are steps of their caller's transaction, which has inserted or locked the products. What they write is
made of the texts of products and variants, and compares as attributes do: "Size" and "SIZE" are one option.
"""

import json
from collections.abc import Collection, Iterable

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.attributes import find_or_create_attributes, find_or_create_values, write_value_texts
from catalog.models import COPIED, OPTION_VALUES, OPTIONS, Product, ProductValue, ProductVariant, build_copies
from catalog.selectors import has_value
from catalog.stock import KEYS, lock_products

# The columns of a variant that this module writes.
WRITTEN = frozenset(f"{column}_id" for column in OPTION_VALUES)
GIVE = f"""
    INSERT INTO catalog_productvalue (product_id, value_id, {", ".join(COPIED)})
    SELECT product.id, found.value, {", ".join(build_copies("product"))}
    FROM (
        {
    " UNION ".join(
        f"SELECT product_id, {column}_id AS value FROM catalog_productvariant "
        f"WHERE product_id IN ({{keys}}) AND {column}_id IS NOT NULL"
        for column in OPTION_VALUES
    )
}
    ) AS found JOIN catalog_product AS product ON product.id = found.product_id
    WHERE TRUE ON CONFLICT (product_id, value_id) DO NOTHING
"""
TAKE = f"""
    DELETE FROM catalog_productvalue
    WHERE product_id IN ({{keys}})
        AND value_id IN (
            SELECT value.id FROM catalog_attributevalue AS value
            JOIN catalog_attribute AS attribute ON attribute.id = value.attribute_id WHERE attribute.of_options
        )
        AND NOT EXISTS (
            SELECT 1 FROM catalog_productvariant AS variant
            WHERE variant.product_id = catalog_productvalue.product_id
                AND catalog_productvalue.value_id IN ({", ".join(f"variant.{column}_id" for column in OPTION_VALUES)})
        )
"""


def assign_values(products: Iterable[tuple[Product, Collection[ProductVariant]]]) -> None:
    """Set the rows of the variants' values in memory. Values that the shop lacks are created.

    The number of statements does not depend on the number of products.

    Raises:
        ValidationError: the shop has too many options or values to add these.
    """
    named = [
        (variant, [*zip(product.option_names, variant.option_values, strict=False)])
        for product, variants in products
        for variant in variants
    ]
    pairs = {pair for _, texts in named for pair in texts}
    options = find_or_create_attributes({name for name, _ in pairs}, of_options=True) if pairs else {}
    asked = {(options[name], text) for name, text in pairs}
    values = find_or_create_values(asked, of_options=True) if asked else {}
    for variant, texts in named:
        keys = [values[options[name], text] for name, text in texts]
        for place, column in enumerate(OPTION_VALUES):
            setattr(variant, f"{column}_id", keys[place] if place < len(keys) else None)


def give_values(products: Collection[int]) -> None:
    """Give products the values of their variants, and take those from them that none of their variants has."""
    keys = json.dumps([*products])
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(keys=KEYS[connection.vendor]), [keys])
        cursor.execute(GIVE.format(keys=KEYS[connection.vendor]), [keys] * len(OPTION_VALUES))
    write_value_texts(products)


def follow_names(product: Product) -> None:
    """Assign the values again after the product's options got other names.

    Raises:
        ValidationError: the shop has too many options or values to add these.
    """
    variants = [*product.variants.all()]
    assign_values([(product, variants)])
    ProductVariant.objects.bulk_update(variants, OPTION_VALUES)
    give_values({product.pk})


def find_wrong_options() -> QuerySet[Product]:
    """The products with a variant that lacks the row of a value, and those whose own rows are not their variants'."""
    variants = ProductVariant.objects.filter(product=OuterRef("pk"))
    lacking = Q(pk__in=[])
    for text, value in zip(OPTIONS, OPTION_VALUES, strict=True):
        blank, empty = Q(**{text: ""}), Q(**{f"{value}__isnull": True})
        row = ProductValue.objects.filter(product=OuterRef("product"), value=OuterRef(value))
        lacking |= (blank & ~empty) | (~blank & empty) | Q(~blank, ~Exists(row))
    of_product = ProductVariant.objects.filter(has_value(OuterRef("value")), product=OuterRef("product"))
    unused = ProductValue.objects.filter(~Exists(of_product), value__attribute__of_options=True)
    wrong = Q(pk__in=unused.values("product")) | Exists(variants.filter(lacking))
    return Product.objects.filter(wrong).order_by("pk")


@transaction.atomic
def mend_options(product_pk: int) -> None:
    """Make the rows of the product's options again.

    Locks:
        The product.
    """
    for product in lock_products({product_pk}).values():
        follow_names(product)
