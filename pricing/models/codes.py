"""DiscountCode, and CodeScope, which limits it to some goods."""

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from catalog.models import Category, Product
from core.money import optional_amount

MAX_CODE = 40
CODE = re.compile(rf"[A-Z0-9_-]{{1,{MAX_CODE}}}")
# More than a code with spaces between its letters has. Normalizing a longer text would only cost time.
MAX_TYPED = 200
SPACES = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")


def normalize_code(text: str) -> str | None:
    """Return the one spelling of a code, in which it is stored and sought; None for a text that no code can have.

    Case, spaces and full width do not matter. A letter outside ASCII is refused, because it may look like another.
    """
    if len(text) > MAX_TYPED:
        return None
    code = SPACES.sub("", unicodedata.normalize("NFKC", text)).upper()
    return code if CODE.fullmatch(code) else None


class CodeField(models.CharField[str, str]):
    """A code in its one spelling."""

    default_validators = [
        RegexValidator(
            rf"\A{CODE.pattern}\Z", f"Use 1 to {MAX_CODE} letters from A to Z, digits, “-” and “_”."
        )
    ]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return normalize_code(text) or text if isinstance(text, str) else text

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options


class DiscountCode(models.Model):
    """A code that takes an amount or a percentage off the goods, or pays for the delivery.

    Its text does not change, because orders show it.
    """

    code = CodeField(max_length=MAX_CODE, unique=True)
    amount = optional_amount("amount off")
    percent = models.DecimalField(
        "per cent off",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(100)],
    )
    free_delivery = models.BooleanField(default=False)
    minimum = optional_amount("from goods of", help_text="Only the goods that it is for count.")
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True, help_text="It can be used until this day ends.")
    max_uses = models.PositiveIntegerField("uses in all", null=True, blank=True)
    max_uses_each = models.PositiveIntegerField("uses for each customer", null=True, blank=True)
    # A column of its own: a code must not count for all goods once its last category is deleted.
    is_scoped = models.BooleanField("only for the goods listed below", default=False)
    is_active = models.BooleanField("active", default=True, help_text="Off: nobody can use it.")
    # Placed orders with this code that are not cancelled. Only `pricing.codes` counts.
    uses = models.PositiveIntegerField(default=0, editable=False)

    uses_of_customer: int  # annotated by pricing.terms

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=None) | Q(percent=None),
                name="code_amount_or_percent",
                violation_error_message="Enter an amount or a percentage, not both.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=False) | Q(percent__isnull=False) | Q(free_delivery=True),
                name="code_gives_something",
                violation_error_message="Enter an amount or a percentage, or let it pay for the delivery.",
            ),
            models.CheckConstraint(
                condition=(Q(amount=None) | Q(amount__gt=0))
                & (Q(percent=None) | Q(percent__gt=0, percent__lte=100)),
                name="code_discount_in_range",
                violation_error_message="Enter an amount above 0.",
            ),
            models.CheckConstraint(
                condition=Q(first_day=None) | Q(last_day=None) | Q(first_day__lte=F("last_day")),
                name="code_days_in_order",
                violation_error_message="The two days are out of order.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CodeScope(models.Model):
    """A category with all below it, or a product, that a scoped code is for."""

    code = models.ForeignKey(DiscountCode, on_delete=models.CASCADE, related_name="scopes")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    path: str | None  # of the category, annotated by pricing.selectors

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(category=None, product__isnull=False) | Q(category__isnull=False, product=None),
                name="code_scope_is_category_or_product",
                violation_error_message="Choose a category or a product.",
            ),
            models.UniqueConstraint(fields=["code", "category"], name="code_scope_category_once"),
            models.UniqueConstraint(fields=["code", "product"], name="code_scope_product_once"),
        ]

    def __str__(self) -> str:
        return str(self.category or self.product)
