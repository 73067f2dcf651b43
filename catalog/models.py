"""Category, Product, Favourite, and the ledger of every product's stock."""

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils import timezone

from catalog.analysis import search_text
from core.money import AmountField, apply_discount
from core.slugs import MAX_LENGTH
from core.text import LineField, SortKeyField, sort_key

MAX_STOCK = 1_000_000_000
FEW_LEFT = 10  # in stock, and time to order more
RATINGS = range(1, 6)

validate_not_blank = RegexValidator(r"\S", "This field cannot be blank.", code="blank")


class Category(models.Model):
    name = LineField(max_length=100)
    # Unique, so that no two names differ in case alone.
    sort_name = SortKeyField(unique=True)
    slug = models.SlugField(max_length=MAX_LENGTH, unique=True, allow_unicode=True, editable=False)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["sort_name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a duplicate name with a message for the form, before the database refuses it."""
        namesakes = Category.objects.filter(sort_name=sort_key(self.name or ""))
        if namesakes.exclude(pk=self.pk).exists():
            raise ValidationError({"name": "There is already a category with this name."})


class FinalPriceField(AmountField):
    """The price less the discount, computed whenever the row is written, like auto_now."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Decimal:
        product = model_instance
        assert isinstance(product, Product)
        final_price = apply_discount(
            Decimal(product.price), Decimal(product.discount), currency=settings.STORE_CURRENCY
        )
        setattr(product, self.attname, final_price)
        return final_price


class SearchTextField(models.TextField[str, str]):
    """The text that search reads, computed from name and description whenever the row is written."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        product = model_instance
        assert isinstance(product, Product)
        text = search_text(name=product.name, description=product.description)
        setattr(product, self.attname, text)
        return text


class Product(models.Model):
    """A product. Its stock changes only through catalog.stock, which keeps the ledger."""

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
    slug = models.SlugField(max_length=MAX_LENGTH, unique=True, allow_unicode=True, editable=False)
    description = models.TextField(validators=[validate_not_blank, MaxLengthValidator(10_000)])
    # Triggers keep the search index in step with it: see catalog/search/index.py.
    search_text = SearchTextField(editable=False)
    price = AmountField()
    discount = models.DecimalField(
        "discount, %",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    final_price = FinalPriceField(editable=False)
    image = models.ImageField(upload_to="products", blank=True)
    image_width = models.PositiveIntegerField(null=True, editable=False)
    image_height = models.PositiveIntegerField(null=True, editable=False)
    image_placeholder = models.TextField(blank=True, editable=False)
    stock = models.PositiveIntegerField("in stock", default=0, validators=[MaxValueValidator(MAX_STOCK)])
    sold_count = models.PositiveIntegerField(default=0, editable=False)
    # The number of sold ones that unpaid orders hold. They are paid for soon, or come back.
    held = models.PositiveIntegerField(default=0, db_default=0, editable=False)
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
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-added_at", "-slug"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=100), name="product_discount_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(final_price__gte=0, final_price__lte=F("price")),
                name="product_final_price_at_most_price",
            ),
            models.CheckConstraint(
                condition=Q(stock__gte=0, stock__lte=MAX_STOCK), name="product_stock_in_range"
            ),
        ]
        # One index for each order of the catalogue. All end in the slug, which is unique. Unlike SQLite's rowid, it
        # can be sought as part of a row value. Each index is read backwards for the opposite direction.
        indexes = [
            models.Index(fields=["added_at", "slug"], name="product_by_added"),
            models.Index(fields=["final_price", "slug"], name="product_by_final_price"),
            models.Index(fields=["sort_name", "slug"], name="product_by_name"),
            models.Index(fields=["discount", "slug"], name="product_by_discount"),
            models.Index(fields=["sold_count", "slug"], name="product_by_sold_count"),
            models.Index(fields=["rating_average", "rating_count", "slug"], name="product_by_rating"),
            # The same for the pages of a category, which shoppers look at most.
            models.Index(fields=["category", "added_at", "slug"], name="product_in_category_by_added"),
            models.Index(fields=["category", "final_price", "slug"], name="product_in_category_by_price"),
            models.Index(fields=["category", "sort_name", "slug"], name="product_in_category_by_name"),
            models.Index(fields=["category", "discount", "slug"], name="product_in_category_by_percent"),
            models.Index(fields=["category", "sold_count", "slug"], name="product_in_category_by_sold"),
            models.Index(
                fields=["category", "rating_average", "rating_count", "slug"],
                name="product_in_category_by_rating",
            ),
            # The usual orders of a seller's page, and the counts of a seller's products in each category.
            models.Index(fields=["user", "added_at", "slug"], name="product_of_seller_by_added"),
            models.Index(fields=["user", "final_price", "slug"], name="product_of_seller_by_price"),
            models.Index(fields=["user", "category"], name="product_of_seller_in_category"),
            # Shoppers filter and count by stock, most of all in a category and on sale. In these two halves of an
            # index, only the sale of the last one moves a product.
            models.Index(fields=["category", "discount"], name="product_in_stock", condition=Q(stock__gt=0)),
            models.Index(fields=["category", "discount"], name="product_sold_out", condition=Q(stock=0)),
            # For the staff: products that unpaid orders hold, and products to reorder.
            models.Index(fields=["held"], name="product_held", condition=Q(held__gt=0)),
            models.Index(
                fields=["stock", "sold_count", "slug"],
                name="product_running_out",
                condition=Q(stock__lte=FEW_LEFT),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Favourite(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="favourites")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "product"], name="favourite_once")]

    def __str__(self) -> str:
        return f"{self.user_id} ♥ {self.product_id}"


class StockMovement(models.Model):
    """A change of a product's stock. The stock is the sum of all its deltas."""

    class Reason(models.TextChoices):
        SET = "set", "set by hand"
        SOLD = "sold", "sold"
        RETURNED = "returned", "returned by a cancelled order"
        RESTOCKED = "restocked", "restocked by the staff"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="movements")
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
                fields=["product", "order_uuid"],
                condition=Q(reason="sold"),
                name="stock_sold_once",
            ),
            models.UniqueConstraint(
                fields=["product", "order_uuid"],
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
                | Q(reason__in=["returned", "restocked"], delta__gt=0),
                name="stock_movement_direction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delta:+d} {self.get_reason_display()}"
