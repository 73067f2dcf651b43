"""Writes of the attributes of products, such as brand and material.

The functions are steps of their caller's transaction, which has locked the products. Attributes are inserted first and
values after them, each in order, so that no two transactions that add the same ones deadlock.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypedDict

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, TextField, When
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from catalog.models import COPIED, Attribute, AttributeValue, Product, ProductValue, build_copies
from catalog.search.index import COPY_ALL, VALUE_TEXT
from catalog.selectors import is_named, match_names
from core.errors import FieldError, ValidationError, check_all
from core.slugs import distinct_slug

# Bounds on what sellers add to the shop, and on what a single product has.
MAX_ATTRIBUTES = 100
MAX_VALUES = 10_000
MAX_ATTRIBUTES_OF_PRODUCT = 30
MAX_VALUES_OF_PRODUCT = 100
# The same for the options of variants, which have more: a shop of furniture has a value for each measure.
MAX_OPTIONS_OF_SHOP = 1_000
MAX_OPTION_VALUES = 50_000

# The names of a product's attributes, each with its values.
Named = Mapping[str, Sequence[str]]
# Gives products values, from a JSON object of lists of the values' keys by the products' keys.
GIVE = {
    vendor: f"""
        INSERT INTO catalog_productvalue (product_id, value_id, {", ".join(COPIED)})
        SELECT product.id, CAST(given.value AS bigint), {", ".join(build_copies("product"))}
        FROM {of_product} JOIN catalog_product AS product ON product.id = CAST(of_product.key AS bigint)
        CROSS JOIN {given}
    """
    for vendor, of_product, given in (
        ("sqlite", "json_each(%s) AS of_product", "json_each(of_product.value) AS given"),
        (
            "postgresql",
            "json_each(%s) AS of_product",
            "LATERAL json_array_elements_text(of_product.value) AS given (value)",
        ),
    )
}


class AttributeFields(TypedDict):
    """An attribute of a product with its values."""

    name: str
    values: list[str]


def check_attributes(given: Sequence[AttributeFields]) -> dict[str, list[str]]:
    """Return the names and values as they are stored.

    Raises:
        ValidationError: names the input's fields.
    """
    if len(given) > MAX_ATTRIBUTES_OF_PRODUCT:
        raise ValidationError.of(
            attributes=_("A product can have at most %(most)s attributes.")
            % {"most": MAX_ATTRIBUTES_OF_PRODUCT}
        )
    if sum(len(attribute["values"]) for attribute in given) > MAX_VALUES_OF_PRODUCT:
        raise ValidationError.of(
            attributes=_("A product can have at most %(most)s values of attributes.")
            % {"most": MAX_VALUES_OF_PRODUCT}
        )
    checked: dict[str, list[str]] = {}
    check_all(*(partial(add_checked, checked, fields, place) for place, fields in enumerate(given)))
    return checked


def add_checked(checked: dict[str, list[str]], fields: AttributeFields, place: int) -> None:
    """Add the name and the values of the attribute at this place of the list.

    Raises:
        ValidationError: names the input's fields.
    """
    errors: list[FieldError] = []

    def clean(model: Any, text: str, field: str) -> str:
        try:
            return str(model.name.field.clean(text, None))
        except DjangoValidationError as error:
            path = f"attributes.{place}.{field}"
            errors.extend(FieldError(field=path, message=message) for message in error.messages)
            return ""

    name = clean(Attribute, fields["name"], "name")
    values = [clean(AttributeValue, text, "values") for text in fields["values"]]
    if name and distinct_slug(name) in map(distinct_slug, checked):
        message = _("The list has this attribute twice. Give all of its values at once.")
        errors.append(FieldError(field=f"attributes.{place}.name", message=message))
    if errors:
        raise ValidationError(*errors)
    checked[name] = values


def set_attributes(wanted: Mapping[int, Named], *, whole: bool) -> None:
    """Give products these values, by primary key. Attributes and values that the shop lacks are created.

    A product keeps its values of attributes that are not named, unless the names are the `whole` list. The number of
    statements does not depend on the number of products.

    Raises:
        ValidationError: the shop has too many attributes or values to add these.
    """
    attributes = find_or_create_attributes({name for named in wanted.values() for name in named})
    values = find_or_create_values(
        {
            (attributes[name], text)
            for named in wanted.values()
            for name, texts in named.items()
            for text in texts
        }
    )
    given: dict[int, set[int]] = {}
    replaced: dict[int, set[int]] = {}
    for product, named in wanted.items():
        given[product] = {values[attributes[name], text] for name, texts in named.items() for text in texts}
        replaced[product] = {attributes[name] for name in named}
    rows = ProductValue.objects.filter(product__in=wanted, value__attribute__of_options=False)
    stale = []
    changed = set()
    for key, product, value, attribute in rows.values_list("pk", "product", "value", "value__attribute"):
        if value in given[product]:
            given[product].remove(value)
        elif whole or attribute in replaced[product]:
            stale.append(key)
            changed.add(product)
    if stale:
        ProductValue.objects.filter(pk__in=stale).delete()
    if new := {product: sorted(keys) for product, keys in given.items() if keys}:
        changed |= new.keys()
        document = json.dumps(new)
        with connection.cursor() as cursor:
            cursor.execute(GIVE[connection.vendor], [document])
    if changed:
        write_value_texts(changed)


def write_value_texts(products: Iterable[int]) -> None:
    """Write what search reads of the products' values, where it differs. The index follows."""
    text = RawSQL(VALUE_TEXT[connection.vendor], (), output_field=TextField())
    Product.objects.filter(pk__in=sorted(products)).exclude(value_text=text).update(value_text=text)


def find_or_create_attributes(names: Collection[str], *, of_options: bool = False) -> dict[str, int]:
    """Return the keys of the attributes, or of the options of variants, by name.

    Raises:
        ValidationError: the shop has too many of them to add these.
    """
    asked = {(int(of_options), name) for name in names}
    found = match_names(asked, read_attributes(asked))
    if new := asked - found.keys():
        others = Attribute.objects.filter(of_options=of_options)
        if of_options and others.count() + len(new) > MAX_OPTIONS_OF_SHOP:
            message = _("The shop can have at most %(most)s options. Use one that it has.")
            raise ValidationError.of(options=message % {"most": MAX_OPTIONS_OF_SHOP})
        if not of_options and others.count() + len(new) > MAX_ATTRIBUTES:
            message = _("The shop can have at most %(most)s attributes. Use one that it has.")
            raise ValidationError.of(attributes=message % {"most": MAX_ATTRIBUTES})
        rows = [Attribute(name=name, of_options=of_options) for _attribute, name in in_order(new)]
        Attribute.objects.bulk_create(rows, ignore_conflicts=True)
        found = match_names(asked, read_attributes(asked))
    return {name: key for (_attribute, name), key in found.items()}


def find_or_create_values(
    asked: Collection[tuple[int, str]], *, of_options: bool = False
) -> dict[tuple[int, str], int]:
    """Return the keys of the values, each by the key of its attribute or option and its text.

    Raises:
        ValidationError: the shop has too many values to add these.
    """
    found = match_names(asked, read_values(asked))
    if new := asked - found.keys():
        others = AttributeValue.objects.filter(attribute__of_options=of_options)
        if of_options and others.count() + len(new) > MAX_OPTION_VALUES:
            message = _("The shop can have at most %(most)s values of options. Use one that it has.")
            raise ValidationError.of(options=message % {"most": MAX_OPTION_VALUES})
        if not of_options and others.count() + len(new) > MAX_VALUES:
            message = _("The shop can have at most %(most)s values of attributes. Use one that it has.")
            raise ValidationError.of(attributes=message % {"most": MAX_VALUES})
        rows = [AttributeValue(attribute_id=attribute, name=text) for attribute, text in in_order(new)]
        AttributeValue.objects.bulk_create(rows, ignore_conflicts=True)
        found = match_names(asked, read_values(asked))
    return found


def read_attributes(asked: Collection[tuple[int, str]]) -> Iterable[tuple[int, str, str, int]]:
    named = Attribute.objects.filter(is_named(asked), of_options__in={kind for kind, _ in asked})
    for kind, slug, name, key in named.values_list("of_options", "slug", "sort_name", "pk"):
        yield int(kind), slug, name, key


def read_values(asked: Collection[tuple[int, str]]) -> Iterable[tuple[int, str, str, int]]:
    values = AttributeValue.objects.filter(
        is_named(asked), attribute__in={attribute for attribute, _ in asked}
    )
    return values.values_list("attribute", "slug", "sort_name", "pk")


def in_order(asked: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Sort what is to be inserted by attribute and slug: two transactions that insert the same cannot deadlock."""
    return sorted(asked, key=lambda each: (each[0], distinct_slug(each[1]), each[1]))


# The right copies of a product's columns.
COPIES = {"added_at": Case(When(product__published_at__isnull=False, then="product__added_at"))} | {
    column: F(f"product__{column}") for column in COPIED if column != "added_at"
}


def find_wrong_copies() -> QuerySet[ProductValue]:
    """The values whose copies of their product's columns differ from it."""
    right = {f"right_{column}": copy for column, copy in COPIES.items()}
    of_draft = Q(added_at__isnull=True, right_added_at__isnull=True)
    same = {column: F(f"right_{column}") for column in COPIED if column != "added_at"}
    rows = ProductValue.objects.annotate(**right)
    return rows.exclude(Q(added_at__isnull=False, added_at=F("right_added_at")) | of_draft, **same)


@transaction.atomic
def copy_columns(product_pk: int) -> None:
    """Copy the columns of the product to its values again.

    Locks:
        The product.
    """
    list(Product.objects.select_for_update().filter(pk=product_pk).values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(f"{COPY_ALL[connection.vendor]} AND product.id = %s", [product_pk])
