"""Category, TaxClass, Product with its variants and attributes, Favourite, and the ledger of every variant's stock."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, Length, NullIf, Replace
from django.utils import timezone

from catalog.analysis import search_text
from core.money import AmountField, apply_discount
from core.slugs import MAX_LENGTH, NameSlugField, SlugField, distinct_slug
from core.text import LineField, SortKeyField, sort_key, validate_not_blank

MAX_STOCK = 1_000_000_000
FEW_LEFT = 10  # in stock, and time to order more
RATINGS = range(1, 6)
MAX_VARIANTS = 100
MAX_IMAGES = 20
MAX_ALT = 500  # characters
# The names of the options on a product, and their values on a variant.
OPTIONS = ("option_1", "option_2", "option_3")
MAX_OPTIONS = len(OPTIONS)
# The levels of the tree of categories.
MAX_LEVELS = 5
# A path of MAX_LEVELS keys of 19 digits.
MAX_PATH_LENGTH = 120
# The path above the categories at the top.
TOP = "/"
# Stands between the names of a path in a file of products: `Clothes > Shirts`.
SEPARATOR = ">"
NAME_TAKEN = "There is already a category with this name."

validate_no_separator = RegexValidator(
    SEPARATOR,
    f"Leave out “{SEPARATOR}”, which separates the levels of categories in files.",
    inverse_match=True,
)

# The digits of a GTIN: EAN-8, UPC-A, EAN-13 and that of a case.
GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)


def validate_barcode(barcode: str) -> None:
    """Check the last digit of a GTIN. A code of another length may be the shop's own.

    Raises: Django's ValidationError.
    """
    if GTIN.fullmatch(barcode):
        # Threes and ones in turn, from the right, and the check digit itself counts once.
        weighted = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(reversed(barcode)))
        if weighted % 10:
            raise ValidationError(
                "The last digit does not fit the others. Read the number again.", code="gtin"
            )


def slug_field() -> SlugField:
    """Return the field of a slug, which the services take from the name where it is left blank."""
    return SlugField(
        blank=True,
        help_text="A part of the page's address. It is made of the name if left blank. Old addresses still lead here.",
    )


class PathField(models.CharField[str, str]):
    """Keys of categories from the top down, each between slashes: `/12/57/`.

    The slashes keep 14 from being a prefix of 146. PostgreSQL compares paths by code points, as SQLite does, so that
    everything below a path is a range of an index.
    """

    def db_parameters(self, connection: Any) -> Any:
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}


class AboveField(PathField):
    """The path of the parent, taken over when the row is inserted. After that, only `move_category` changes it."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        category = model_instance
        assert isinstance(category, Category)
        if add:
            category.above = category.parent.path if category.parent else TOP
        return category.above


class Category(models.Model):
    """A category. Categories are a tree of MAX_LEVELS levels, which changes only through catalog.categories."""

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="children",
        null=True,
        blank=True,
        db_index=False,  # the constraint on the names of siblings has one
    )
    name = LineField(max_length=100, validators=[validate_no_separator])
    sort_name = SortKeyField()
    slug = slug_field()
    position = models.PositiveIntegerField(default=0, help_text="Among its siblings. Equals follow by name.")
    description = models.TextField(blank=True, validators=[MaxLengthValidator(10_000)])
    image = models.ImageField(upload_to="categories", blank=True)
    image_width = models.PositiveIntegerField(null=True, editable=False)
    image_height = models.PositiveIntegerField(null=True, editable=False)
    image_placeholder = models.TextField(blank=True, editable=False)
    seo_title = LineField(
        "title for search engines", max_length=200, blank=True, help_text="The name, if left blank."
    )
    seo_description = LineField(
        "description for search engines",
        max_length=500,
        blank=True,
        help_text="The beginning of the description, if left blank.",
    )
    above = AboveField(max_length=MAX_PATH_LENGTH, default=TOP, editable=False)
    # Whatever is below a category has a path that begins with the category's.
    path = models.GeneratedField(
        expression=Concat("above", Cast("id", models.CharField()), Value("/")),
        output_field=PathField(max_length=MAX_PATH_LENGTH),
        db_persist=True,
    )

    # 1 at the top.
    level = models.GeneratedField(
        expression=Length("above") - Length(Replace("above", Value("/"), Value(""))),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["level", "position", "sort_name", "pk"]
        constraints = [
            # No two siblings have names that differ in case alone. No database compares a parent that is null.
            models.UniqueConstraint(fields=["parent", "sort_name"], name="category_name_once_below_a_parent"),
            models.UniqueConstraint(
                fields=["sort_name"], condition=Q(parent=None), name="category_name_once_at_the_top"
            ),
            models.CheckConstraint(
                condition=Q(parent=None, above=TOP)
                | Q(
                    parent__isnull=False,
                    above__endswith=Concat(Value("/"), Cast("parent", models.CharField()), Value("/")),
                ),
                name="category_path_ends_in_its_parent",
            ),
            models.CheckConstraint(
                condition=~Q(above__contains=Concat(Value("/"), Cast("id", models.CharField()), Value("/"))),
                name="category_not_below_itself",
            ),
            models.CheckConstraint(condition=Q(level__lte=MAX_LEVELS), name="category_level_in_range"),
        ]
        indexes = [models.Index(fields=["path"], name="category_by_path")]

    def __str__(self) -> str:
        return self.name

    @property
    def keys_above(self) -> list[int]:
        """The keys of the categories above, from the top down."""
        return keys_in(self.above)

    def clean(self) -> None:
        """Refuse a sibling's name with a message for the form, before the database refuses it."""
        namesakes = Category.objects.filter(parent=self.parent_id, sort_name=sort_key(self.name or ""))
        if namesakes.exclude(pk=self.pk).exists():
            raise ValidationError({"name": NAME_TAKEN})


def keys_in(path: str) -> list[int]:
    """Return the keys in a path of categories, from the top down."""
    return [int(key) for key in path.split("/") if key]


class TaxClass(models.Model):
    """A kind of goods for tax, such as food. The rates of each place are in pricing, which knows the catalogue.

    A migration creates the default class, of all products that name none.
    """

    name = LineField(max_length=100, validators=[validate_not_blank])
    sort_name = SortKeyField()
    is_default = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "tax classes"
        ordering = ["-is_default", "sort_name"]
        constraints = [
            models.UniqueConstraint(fields=["sort_name"], name="tax_class_name_once"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_tax_class"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse another class's name with a message for the form, before the database refuses it."""
        namesakes = TaxClass.objects.filter(sort_name=sort_key(self.name or ""))
        if namesakes.exclude(pk=self.pk).exists():
            raise ValidationError({"name": "There is already a tax class with this name."})


class FinalPriceField(AmountField):
    """The price less the discount, computed whenever the row is written, like auto_now."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Decimal:
        priced = model_instance
        assert isinstance(priced, Product | ProductVariant)
        final_price = apply_discount(
            Decimal(priced.price), Decimal(priced.discount), currency=settings.STORE_CURRENCY
        )
        setattr(priced, self.attname, final_price)
        return final_price


def percent_field() -> models.DecimalField[Decimal | int, Decimal]:
    """Return the field of a discount. Not a class of its own, of which Strawberry-Django would not know the type."""
    return models.DecimalField(
        "discount, %",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )


def stock_field() -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField("in stock", default=0, validators=[MaxValueValidator(MAX_STOCK)])


def priced_and_stocked(prefix: str) -> list[models.CheckConstraint]:
    """Return the rules of price, discount and stock, which a product and its variants share."""
    conditions = {
        "price_not_negative": Q(price__gte=0),
        "discount_is_a_percentage": Q(discount__gte=0, discount__lte=100),
        "final_price_at_most_price": Q(final_price__gte=0, final_price__lte=F("price")),
        "stock_in_range": Q(stock__gte=0, stock__lte=MAX_STOCK),
    }
    return [
        models.CheckConstraint(condition=condition, name=f"{prefix}_{name}")
        for name, condition in conditions.items()
    ]


def options_without_gaps(prefix: str) -> models.CheckConstraint:
    """Return the rule that the second option is only used with the first, and the third with the second."""
    second = Q(option_2="") | ~Q(option_1="")
    third = Q(option_3="") | ~Q(option_2="")
    return models.CheckConstraint(condition=second & third, name=f"{prefix}_options_without_gaps")


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
    # Triggers keep the search index in step with it: see catalog/search/index.py.
    search_text = SearchTextField(editable=False)
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
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-added_at", "-slug"]
        constraints = [
            *priced_and_stocked("product"),
            options_without_gaps("product"),
            # So that the products whose time has not come are found by the index of `added_at`.
            models.CheckConstraint(
                condition=DRAFT | Q(added_at__gte=F("published_at")), name="product_added_when_published"
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
            # The same for the pages of a category, which shoppers look at most.
            list_index("category", "added_at", name="product_in_category_by_added"),
            list_index("category", "final_price", name="product_in_category_by_price"),
            list_index("category", "sort_name", name="product_in_category_by_name"),
            list_index("category", "discount", name="product_in_category_by_percent"),
            list_index("category", "sold_count", name="product_in_category_by_sold"),
            list_index("category", "rating_average", "rating_count", name="product_in_category_by_rating"),
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


class OldCategorySlug(models.Model):
    """A slug that a category had before. `catalog.slugs` keeps it."""

    slug = SlugField()
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="old_slugs")

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


class ProductVariant(models.Model):
    """What is bought, priced and stocked: a product in one choice of its options.

    Its stock changes only through catalog.stock, which keeps the ledger. The lock on its product is the lock on it.
    """

    # The index of its position begins with the product.
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    sku = LineField("SKU", max_length=64, blank=True, default="")
    # SKUs that differ in case alone are the same, in every script. SQLite's UPPER knows ASCII only.
    sku_key = SortKeyField(of="sku", default="")
    # One value for each of the product's options.
    option_1 = LineField("value of the first option", max_length=100, blank=True, default="")
    option_2 = LineField("value of the second option", max_length=100, blank=True, default="")
    option_3 = LineField("value of the third option", max_length=100, blank=True, default="")
    price = AmountField()
    discount = percent_field()
    final_price = FinalPriceField(editable=False)
    stock = stock_field()
    # The units that unpaid orders hold. They are paid for soon, or return to the stock.
    held = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    weight_grams = models.PositiveIntegerField("weight, g", null=True, blank=True)
    requires_shipping = models.BooleanField(
        "is shipped",
        default=True,
        db_default=True,
        help_text="Off for what no parcel brings, such as downloads, gift cards and services.",
    )
    barcode = LineField(max_length=64, blank=True, default="", validators=[validate_barcode])
    # One of its product's pictures. Without one it shows the first.
    image = models.ForeignKey(
        ProductImage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="variants",
        db_index=False,
        verbose_name="picture",
    )

    # The product's, set by catalog.stock on the variants that it sells.
    product_name: str
    tax_class: int | None
    category_path: str

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            *priced_and_stocked("variant"),
            options_without_gaps("variant"),
            # Also: a product without options has one variant.
            models.UniqueConstraint(fields=["product", *OPTIONS], name="variant_values_once"),
            # Its index serves the look-up of a SKU, too.
            models.UniqueConstraint(fields=["sku_key"], condition=~Q(sku_key=""), name="variant_sku_once"),
            models.CheckConstraint(
                condition=Q(sku="", sku_key="") | ~Q(sku="") & ~Q(sku_key=""), name="variant_sku_has_its_key"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "position", "id"], name="variant_by_position"),
            # For the staff: the product whose barcode they have scanned, and what unpaid orders hold.
            models.Index(fields=["barcode"], name="variant_by_barcode", condition=~Q(barcode="")),
            models.Index(fields=["held"], name="variant_held", condition=Q(held__gt=0)),
            # For a picture that is removed.
            models.Index(fields=["image"], name="variant_by_image", condition=Q(image__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title or f"Variant {self.pk}"

    @property
    def option_values(self) -> list[str]:
        """The values of the options in use, in order."""
        return used_options(self)

    @property
    def title(self) -> str:
        return variant_title(self)


class PriceChange(models.Model):
    """A final price of a variant, in force from `since` to the next one. `catalog.prices` writes it."""

    variant = models.ForeignKey(
        ProductVariant, on_delete=models.CASCADE, related_name="price_changes", db_index=False
    )
    final_price = AmountField()
    since = models.DateTimeField()

    class Meta:
        ordering = ["variant", "since"]
        # Its index serves the look-up of a variant's prices, too.
        constraints = [models.UniqueConstraint(fields=["variant", "since"], name="one_price_at_a_time")]

    def __str__(self) -> str:
        return f"{self.final_price} since {self.since:%Y-%m-%d %H:%M}"


def is_past(moment: datetime | None) -> bool:
    """Whether the moment has come; False for none."""
    return moment is not None and moment <= timezone.now()


class Attribute(models.Model):
    """A property of products by which shoppers narrow lists, such as the brand."""

    name = LineField(max_length=50)
    sort_name = SortKeyField()
    slug = NameSlugField(unique=True)
    position = models.PositiveIntegerField(default=0, help_text="Equals follow by name.")

    class Meta:
        ordering = ["position", "sort_name", "pk"]
        # No two differ in case alone.
        constraints = [models.UniqueConstraint(fields=["sort_name"], name="attribute_name_once")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        refuse_namesake(self, Attribute.objects.all())


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


class ProductValue(models.Model):
    """A value that a product has of an attribute.

    It copies the columns of the product by which lists are ordered, so that the products with a value have an index in
    that order. Triggers keep the copies: see catalog/search/index.py.
    """

    # The unique constraint begins with the product, the indexes with the value.
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="product_values", db_index=False
    )
    value = models.ForeignKey(
        AttributeValue, on_delete=models.CASCADE, related_name="product_values", db_index=False
    )
    added_at = models.DateTimeField()
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


class HasOptions(Protocol):
    option_1: str
    option_2: str
    option_3: str


def used_options(row: HasOptions) -> list[str]:
    return [text for text in (row.option_1, row.option_2, row.option_3) if text]


def variant_title(variant: HasOptions) -> str:
    """Return the values as one text, `M / Red`. It is empty where the product has no options."""
    return " / ".join(used_options(variant))


def full_name(product_name: str, title: str) -> str:
    """Return the name of a product with the title of its variant, if it has one: `Shirt, M / Red`."""
    return f"{product_name}, {title}" if title else product_name


class Favourite(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="favourites")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "product"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.user_id} ♥ {self.product_id}"


class StockMovement(models.Model):
    """A change of a variant's stock. The stock is the sum of all its deltas.

    The movements of a variant that has been removed stay, with those of its product. They add up to 0: the last one
    takes out what was left.
    """

    class Reason(models.TextChoices):
        SET = "set", "set by hand"
        SOLD = "sold", "sold"
        RETURNED = "returned", "returned by a cancelled order"
        RESTOCKED = "restocked", "restocked by the staff"
        PUT_BACK = "put_back", "put back in part"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="movements")
    variant = models.ForeignKey(
        ProductVariant, on_delete=models.SET_NULL, null=True, related_name="movements", editable=False
    )
    delta = models.IntegerField(validators=[MinValueValidator(-MAX_STOCK)])
    reason = models.CharField(max_length=10, choices=Reason)
    # Not a foreign key, because the catalogue does not know the orders.
    order_uuid = models.UUIDField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # An order takes its stock once and returns it once, even if a task runs twice.
            models.UniqueConstraint(
                fields=["variant", "order_uuid"],
                condition=Q(reason="sold"),
                name="stock_sold_once",
            ),
            models.UniqueConstraint(
                fields=["variant", "order_uuid"],
                condition=Q(reason__in=["returned", "restocked"]),
                name="stock_returned_once",
            ),
            models.CheckConstraint(
                condition=Q(reason="set", order_uuid=None) | Q(order_uuid__isnull=False) & ~Q(reason="set"),
                name="stock_movement_of_an_order_names_it",
            ),
            models.CheckConstraint(
                condition=Q(reason="set")
                | Q(reason="sold", delta__lt=0)
                | Q(reason__in=["returned", "restocked", "put_back"], delta__gt=0),
                name="stock_movement_direction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delta:+d} {self.get_reason_display()}"
