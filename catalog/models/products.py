"""Product, with its pictures, old slugs and the people who like it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils import timezone

from catalog.analysis import search_text
from catalog.models.categories import Category
from catalog.models.columns import (
    MAX_ALT,
    FinalPriceField,
    is_past,
    options_without_gaps,
    percent_field,
    priced_and_stocked,
    slug_field,
    stock_field,
    used_options,
)
from catalog.models.taxes import TaxClass
from core.money import AmountField
from core.slugs import SlugField
from core.text import LineField, SortKeyField, validate_not_blank

FEW_LEFT = 10  # in stock, and time to order more
RATINGS = range(1, 6)
MAX_IMAGES = 20
DRAFT = Q(published_at__isnull=True)


def list_index(*columns: str, name: str) -> models.Index:
    """Return the index of a list of products in the order of the columns, with a name."""
    return models.Index(fields=[*columns, "slug"], name=name, condition=Q(published_at__isnull=False))


class SearchTextField(models.TextField[str, str]):
    """The text that search reads, computed from name and description whenever the row is written."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        product = model_instance
        assert isinstance(product, Product)
        text = search_text(name=product.name, description=product.description)
        setattr(product, self.attname, text)
        return text


class AddedAtField(models.DateTimeField[datetime, datetime]):
    """When a product was put on sale: `published_at`, unless it is a draft."""

    def pre_save(self, model_instance: models.Model, add: bool) -> datetime:
        product = model_instance
        assert isinstance(product, Product)
        product.added_at = product.published_at or product.added_at
        return product.added_at

    def deconstruct(self) -> Any:
        # Migrations name the plain field, because the columns are the same.
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.DateTimeField", arguments, options


class Product(models.Model):
    """A product, which is sold as one or more variants.

    Price, discount and final price are those of the cheapest variant that is in stock, or of the cheapest if none is;
    the stock is the sum over the variants. `catalog.stock` writes them with the variants, so that the indexes of the
    lists have them.
    """

    # Neither foreign key needs an index of its own: several of the indexes below begin with it.
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="products",
        verbose_name="seller",
        db_index=False,
    )
    name = LineField(max_length=200, validators=[validate_not_blank])
    sort_name = SortKeyField()
    slug = slug_field()
    description = models.TextField(validators=[validate_not_blank, MaxLengthValidator(10_000)])
    seo_title = LineField(
        "title for search engines",
        max_length=200,
        blank=True,
        default="",
        help_text="The name, if left blank.",
    )
    seo_description = LineField(
        "description for search engines",
        max_length=500,
        blank=True,
        default="",
        help_text="The beginning of the description, if left blank.",
    )
    # Triggers keep the search index in step with it: see catalog/search/index/.
    search_text = SearchTextField(editable=False)
    # What search reads of its values of attributes and options: their keys. `catalog.attributes` writes it with them.
    value_text = models.TextField(default="", editable=False)
    # The names of what a shopper chooses from: all three are blank where the product comes in one form only.
    option_1 = LineField("first option", max_length=50, blank=True, default="")
    option_2 = LineField("second option", max_length=50, blank=True, default="")
    option_3 = LineField("third option", max_length=50, blank=True, default="")
    tax_class = models.ForeignKey(
        TaxClass,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        help_text="The default class, if left blank.",
    )
    price = AmountField()
    discount = percent_field()
    final_price = FinalPriceField(editable=False)
    # A copy of the first picture. `catalog.pictures` writes it with the pictures.
    image = models.ImageField(upload_to="products", blank=True)
    image_width = models.PositiveIntegerField(null=True, editable=False)
    image_height = models.PositiveIntegerField(null=True, editable=False)
    image_placeholder = models.TextField(blank=True, editable=False)
    image_alt = LineField(max_length=MAX_ALT, blank=True, default="", editable=False)
    stock = stock_field()
    sold_count = models.PositiveIntegerField(default=0, editable=False)
    # The number of people who gave each rating. The services of reviews keep it.
    rated_1 = models.PositiveIntegerField(default=0, editable=False)
    rated_2 = models.PositiveIntegerField(default=0, editable=False)
    rated_3 = models.PositiveIntegerField(default=0, editable=False)
    rated_4 = models.PositiveIntegerField(default=0, editable=False)
    rated_5 = models.PositiveIntegerField(default=0, editable=False)
    rating_count = models.GeneratedField(
        expression=F("rated_1") + F("rated_2") + F("rated_3") + F("rated_4") + F("rated_5"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    # 0 while nobody has rated, so that it sorts last on every database.
    rating_average = models.GeneratedField(
        expression=Coalesce(
            Cast(
                F("rated_1") + F("rated_2") * 2 + F("rated_3") * 3 + F("rated_4") * 4 + F("rated_5") * 5,
                models.FloatField(),
            )
            / NullIf(F("rated_1") + F("rated_2") + F("rated_3") + F("rated_4") + F("rated_5"), 0),
            0.0,
        ),
        output_field=models.FloatField(),
        db_persist=True,
    )
    # Null for a draft. See catalog/visibility.py for who sees it before.
    published_at = models.DateTimeField("published", default=timezone.now, null=True, blank=True)
    # When it was put on sale, or created if it has not been. The newest come first by it.
    added_at = AddedAtField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-added_at", "-slug"]
        constraints = [
            *priced_and_stocked("product"),
            options_without_gaps("product"),
            # So that the products whose time has not come are found by the index of `added_at`, and copies of the one
            # are in the order of the other.
            models.CheckConstraint(
                condition=DRAFT | Q(added_at=F("published_at")), name="product_added_when_published"
            ),
            models.CheckConstraint(
                condition=Q(option_1="") | ~Q(option_1=F("option_2")) & ~Q(option_1=F("option_3")),
                name="product_first_option_differs",
            ),
            models.CheckConstraint(
                condition=Q(option_2="") | ~Q(option_2=F("option_3")), name="product_second_option_differs"
            ),
        ]
        # One index for each order of the catalogue. All end in the slug, which is unique. Unlike SQLite's rowid, it
        # can be sought as part of a row value. Each index is read backwards for the opposite direction. Drafts are in
        # none of them, so that a list never reads past many drafts.
        indexes = [
            list_index("added_at", name="product_by_added"),
            list_index("final_price", name="product_by_final_price"),
            list_index("sort_name", name="product_by_name"),
            list_index("discount", name="product_by_discount"),
            list_index("sold_count", name="product_by_sold_count"),
            list_index("rating_average", "rating_count", name="product_by_rating"),
            # The pages of a category are read by its listings, which have all orders but this one.
            list_index("category", "sold_count", name="product_in_category_by_sold"),
            # The counts of categories, and the look-up of a category's products, drafts or not.
            models.Index(fields=["category", "published_at"], name="product_in_category"),
            # The drafts of all, and of a seller.
            models.Index(fields=["added_at", "slug"], name="draft_by_added", condition=DRAFT),
            models.Index(
                fields=["user", "added_at", "slug"], name="draft_of_seller_by_added", condition=DRAFT
            ),
            # The usual orders of a seller's page, and the counts of a seller's products in each category.
            list_index("user", "added_at", name="product_of_seller_by_added"),
            list_index("user", "final_price", name="product_of_seller_by_price"),
            models.Index(fields=["user", "category"], name="product_of_seller_in_category"),
            # Shoppers filter and count by stock, most of all in a category and on sale. In these two halves of an
            # index, only the sale of the last one moves a product.
            models.Index(
                fields=["category", "discount", "published_at"],
                name="product_in_stock",
                condition=Q(stock__gt=0),
            ),
            models.Index(
                fields=["category", "discount", "published_at"], name="product_sold_out", condition=Q(stock=0)
            ),
            # For the staff: products to reorder.
            models.Index(
                fields=["stock", "sold_count", "slug"],
                name="product_running_out",
                condition=Q(stock__lte=FEW_LEFT),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return is_past(self.published_at)

    def publish(self, moment: datetime | None) -> None:
        """Set in memory that it is published from this moment on; None makes it a draft.

        It is new in the lists from then on.
        """
        self.published_at = moment
        self.added_at = moment or self.added_at

    @property
    def option_names(self) -> list[str]:
        """The names of the options in use, in order."""
        return used_options(self)


class OldProductSlug(models.Model):
    """A slug that a product had before. `catalog.slugs` keeps it."""

    slug = SlugField()
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="old_slugs")

    def __str__(self) -> str:
        return self.slug


class ProductImage(models.Model):
    """A picture of a product. Its file never changes: another picture is another row.

    Only `catalog.pictures` writes it. The lock on its product is the lock on it.
    """

    # The index of its position begins with the product.
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    image = models.ImageField("picture", upload_to="products")
    image_width = models.PositiveIntegerField(null=True, editable=False)
    image_height = models.PositiveIntegerField(null=True, editable=False)
    image_placeholder = models.TextField(blank=True, editable=False)
    image_alt = LineField("what it shows", max_length=MAX_ALT, blank=True, default="")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "picture"
        default_permissions = ()  # it is a part of its product
        constraints = [models.UniqueConstraint(fields=["product", "image"], name="product_image_once")]
        indexes = [models.Index(fields=["product", "position", "id"], name="product_image_by_position")]

    def __str__(self) -> str:
        return self.image_alt or f"Picture {self.pk}"

    @property
    def name(self) -> str:
        """The name of its file, by which the API knows it."""
        return self.image.name or ""


class Favourite(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="favourites")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "product"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.user_id} ♥ {self.product_id}"
