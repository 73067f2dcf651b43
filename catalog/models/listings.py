"""Listing, a product's place in the lists of its category and of those above."""

from django.db import models

from catalog.models.categories import Category
from catalog.models.columns import percent_field
from catalog.models.products import Product
from core.money import AmountField
from core.slugs import MAX_LENGTH
from core.text import SortKeyField

# The columns of a product that its listings copy. Of all sales, only one that sells out a variant may write any of
# them. What every sale writes, as the sold count, is none of them.
LISTED = (
    *("added_at", "final_price", "sort_name", "discount"),
    *("rating_average", "rating_count", "slug"),
)


class Listing(models.Model):
    """A product in the list of its category or of a category above. Drafts have none.

    It copies the columns by which lists are ordered, so that the products of a branch have an index in each order, and
    a page of a branch costs what a page of a single category does. Triggers write it: see catalog/search/index/.
    """

    # The primary key serves the look-up by product, the indexes below that by category.
    pk = models.CompositePrimaryKey("product", "category")
    # No constraints on the keys, because only the triggers write them, with the product. To check five rows of each
    # product would cost an import as much as to write them. A trigger deletes them, too: Django would before it deletes
    # the product, and so before it waits for the lock of the tree, which a move holds that waits for these rows.
    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, related_name="listings", db_index=False, db_constraint=False
    )
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, related_name="listings", db_index=False, db_constraint=False
    )
    added_at = models.DateTimeField()
    final_price = AmountField()
    sort_name = SortKeyField()
    discount = percent_field()
    rating_average = models.FloatField()
    rating_count = models.IntegerField()
    slug = models.CharField(max_length=MAX_LENGTH)

    class Meta:
        default_permissions = ()  # it is a part of its product
        indexes = [
            models.Index(fields=["category", "added_at", "slug"], name="listing_by_added"),
            models.Index(fields=["category", "final_price", "slug"], name="listing_by_price"),
            models.Index(fields=["category", "sort_name", "slug"], name="listing_by_name"),
            models.Index(fields=["category", "discount", "slug"], name="listing_by_discount"),
            models.Index(
                fields=["category", "rating_average", "rating_count", "slug"], name="listing_by_rating"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category_id}: {self.product_id}"
