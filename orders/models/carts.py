"""Carts and their lines."""

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import Product, ProductVariant, full_name
from core.money import AmountField
from pricing.models import MAX_CODE, DeliveryMethod

MAX_QUANTITY = 999
MAX_LINES = 100
LENGTH_OF_KEY = 32  # in hexadecimal digits
# The keys of the last 20 additions, and one of the present.
LENGTH_OF_KEYS = (20 + 1) * LENGTH_OF_KEY
MAX_TITLE = 320  # of three values of options, and what stands between them


class Cart(models.Model):
    """The cart of a user, or of the visitor whose session has the key. Its row is the lock on its lines.

    A user's cart keeps the key of the visitor who last signed in, so that a request that was under way still finds it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="cart"
    )
    visitor = models.UUIDField(null=True, blank=True, unique=True)
    # Where it goes, in the country's spelling; blank while that is not known.
    country = models.CharField(max_length=2, blank=True, default="", db_default="")
    zip_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    state = models.CharField(max_length=100, blank=True, default="", db_default="")
    delivery_method = models.ForeignKey(
        DeliveryMethod, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The text of a code. It stays when the code is deleted, so that the shopper is told.
    discount_code = models.CharField(max_length=MAX_CODE, blank=True, default="", db_default="")
    # The code that the last checkout took. Nobody reads it later.
    taken_code = models.CharField(max_length=MAX_CODE, blank=True, default="", db_default="")
    # The idempotency keys of the last additions, the newest first, each of LENGTH_OF_KEY.
    added_keys = models.CharField(
        max_length=LENGTH_OF_KEYS, blank=True, default="", db_default="", editable=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(visitor__isnull=False), name="cart_has_an_owner"
            )
        ]

    def __str__(self) -> str:
        return f"Cart {self.pk}"

    def knows(self, key: UUID) -> bool:
        """Whether this key of an addition, which is the newest, has been there before."""
        starts = range(LENGTH_OF_KEY, len(self.added_keys), LENGTH_OF_KEY)
        return any(self.added_keys.startswith(key.hex, start) for start in starts)


class CartItem(models.Model):
    """A variant in a cart, with the names and final price that the shopper last saw."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    # Never null, but both may be deleted. The ids stay, and `null=True` makes Django's joins outer ones.
    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    variant = models.ForeignKey(
        ProductVariant,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    quantity = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    product_name = models.CharField(max_length=200)
    variant_title = models.CharField(max_length=MAX_TITLE, blank=True, default="")
    seen_price = AmountField()
    added_at = models.DateTimeField(default=timezone.now)

    # The variant's current values, annotated by orders.cart.items; None once it is deleted.
    price: Decimal
    final_price: Decimal
    stock: int | None
    weight: int | None
    requires_shipping: bool
    tax_class: int | None
    category_path: str
    # The cart's.
    country: str
    zip_code: str
    state: str
    delivery_method: int | None
    discount_code: str

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="one_line_per_cart_and_variant"),
            models.CheckConstraint(
                condition=Q(product__isnull=False, variant__isnull=False), name="cart_item_names_a_variant"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="cart_item_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {full_name(self.product_name, self.variant_title)}"
