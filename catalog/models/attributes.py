"""Attribute and AttributeValue, and ProductValue, which copies what lists are ordered by.

The options of variants are kept here as well, so that lists and facets find their values in the same way.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from catalog.models.products import Product
from core.money import AmountField
from core.slugs import MAX_LENGTH, NameSlugField, distinct_slug
from core.text import LineField, SortKeyField, sort_key


class Attribute(models.Model):
    """A property of products by which shoppers narrow lists, such as the brand; or an option of their variants.

    The spelling of an option is that of its first product: "Size", "size" and "SIZE" are one.
    """

    name = LineField(max_length=50)
    sort_name = SortKeyField()
    slug = NameSlugField(db_index=False)
    of_options = models.BooleanField(default=False, editable=False)
    position = models.PositiveIntegerField(default=0, help_text="Equals follow by name.")

    class Meta:
        ordering = ["position", "sort_name", "pk"]
        # No two differ in case alone. A product may have the attribute "Size" beside the option.
        constraints = [
            models.UniqueConstraint(fields=["of_options", "sort_name"], name="attribute_name_once"),
            models.UniqueConstraint(fields=["of_options", "slug"], name="attribute_slug_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        refuse_namesake(self, Attribute.objects.filter(of_options=self.of_options))


class AttributeValue(models.Model):
    """A value of an attribute, such as a brand's name. It keeps its slug when it gets another name."""

    # The index of the names begins with the attribute.
    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE, related_name="values", db_index=False)
    name = LineField("value", max_length=100)
    sort_name = SortKeyField()
    slug = NameSlugField(db_index=False)

    class Meta:
        ordering = ["attribute", "sort_name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["attribute", "sort_name"], name="attribute_value_once"),
            models.UniqueConstraint(fields=["attribute", "slug"], name="attribute_value_slug_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.name}"

    def clean(self) -> None:
        refuse_namesake(self, AttributeValue.objects.filter(attribute=self.attribute_id))


def refuse_namesake(row: Attribute | AttributeValue, others: models.QuerySet[Any]) -> None:
    """Refuse the name or, for a new row, the slug of another, with a message for the form.

    Raises: Django's ValidationError.
    """
    same = Q(sort_name=sort_key(row.name or ""))
    if row.pk is None:
        same |= Q(slug=distinct_slug(row.name or ""))
    if other := others.filter(same).exclude(pk=row.pk).first():
        raise ValidationError({"name": f"There is already “{other.name}”, which this name stands for."})


# The columns of a product that its values of attributes copy. Of all sales, only one that sells out a variant may write
# any of them.
COPIED = ("added_at", "final_price", "slug")


def build_copies(product: str) -> list[str]:
    """Return the SQL expressions of the copies of a product's columns, of the row or table with this name."""
    added_at = f"CASE WHEN {product}.published_at IS NOT NULL THEN {product}.added_at END"
    return [added_at, *(f"{product}.{column}" for column in COPIED[1:])]


class ProductValue(models.Model):
    """A value that a product has of an attribute, or that one of its variants has of an option.

    It copies the columns of the product by which lists are ordered, so that the products with a value have an index in
    that order, and are counted without their products. Triggers keep the copies: see
    catalog/search/index/.
    """

    # The unique constraint begins with the product, the indexes with the value.
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="product_values", db_index=False
    )
    value = models.ForeignKey(
        AttributeValue, on_delete=models.CASCADE, related_name="product_values", db_index=False
    )
    # Null for a draft, which no list of a value has.
    added_at = models.DateTimeField(null=True)
    final_price = AmountField()
    slug = models.CharField(max_length=MAX_LENGTH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "value"], name="product_value_once")]
        indexes = [
            models.Index(fields=["value", "added_at", "slug"], name="product_value_by_added"),
            models.Index(fields=["value", "final_price", "slug"], name="product_value_by_price"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.value_id}"
