"""ProductVariant, what is bought, with the ledgers of its stock and its price."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models.attributes import AttributeValue
from catalog.models.columns import (
    MAX_STOCK,
    OPTIONS,
    FinalPriceField,
    HasOptions,
    options_without_gaps,
    percent_field,
    priced_and_stocked,
    stock_field,
    used_options,
)
from catalog.models.products import Product, ProductImage
from core.money import AmountField
from core.text import LineField, SortKeyField

MAX_VARIANTS = 100
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
                _("The last digit does not fit the others. Read the number again."), code="gtin"
            )


def option_value_field() -> models.ForeignKey[AttributeValue | None, AttributeValue | None]:
    """Return the field of an option's value as a row. Nothing deletes those, so no index has to find its variants."""
    return models.ForeignKey(
        AttributeValue,
        on_delete=models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class ProductVariant(models.Model):
    """A product in one choice of its options. It is what people buy, and has its own price and stock.

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
    # The same values as rows, by which lists and facets know them in any case. `catalog.options` writes them.
    value_1 = option_value_field()
    value_2 = option_value_field()
    value_3 = option_value_field()
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


def variant_title(variant: HasOptions) -> str:
    """Return the values as one text, `M / Red`. It is empty where the product has no options."""
    return " / ".join(used_options(variant))


def full_name(product_name: str, title: str) -> str:
    """Return the name of a product with the title of its variant, if it has one: `Shirt, M / Red`."""
    return f"{product_name}, {title}" if title else product_name


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
