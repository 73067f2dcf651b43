"""Orders, their items, taxes and addresses, and the mails about them."""

import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Right
from django.utils import timezone

from catalog.models import Product, ProductVariant, full_name
from core.addresses import PostalAddress
from core.emails import AddressField
from core.money import AmountField, plain
from core.text import LineField
from orders.models.carts import MAX_QUANTITY, MAX_TITLE
from orders.numbers import LENGTH, draw_number
from pricing.models import MAX_CODE

MAX_NOTE = 1000
PHONE_END = 7  # searching compares this many last digits, so that the country code may be left out


class OrderStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PENDING = "pending", "Pending"
    PAID = "paid", "Paid"
    PARTIALLY_SHIPPED = "partially_shipped", "Partially shipped"
    SHIPPED = "shipped", "Shipped"
    CANCELLED = "cancelled", "Cancelled"
    REFUNDED = "refunded", "Refunded"


class Shipping(PostalAddress):
    """An order's own copy of a shipping or billing address, which no edit of an address book changes."""

    email = AddressField("e-mail address")

    class Meta:
        verbose_name_plural = "shipping addresses"
        # For the staff's search.
        indexes = [models.Index(Right("phone", PHONE_END), name="shipping_by_phone_end")]


def part_field() -> AmountField:
    """Return the field of a part of an order's amount."""
    return AmountField(default=Decimal(0), db_default=Decimal(0))


class Order(models.Model):
    """An order or a draft of a user or a visitor. Only orders.transitions changes its status.

    Its amount and the parts of it are those of its quote, which orders.totals freezes.
    """

    # True of a row that was read for the holder of its mailed link. It is no column.
    is_read_by_link = False

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # For people. Nothing is shown to anyone who knows a number alone: numbers are guessed, and read over shoulders.
    number = models.CharField(max_length=LENGTH, default=draw_number, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    visitor = models.UUIDField(null=True, blank=True, db_index=True, editable=False)
    idempotency_key = models.UUIDField(null=True, blank=True, editable=False)
    status = models.CharField(max_length=20, choices=OrderStatus, default=OrderStatus.DRAFT)
    currency = models.CharField(max_length=3)
    amount = AmountField(default=0)
    # The goods before the code, what the code took off goods and delivery, the delivery before the code, and all tax.
    subtotal = part_field()
    discount_total = part_field()
    delivery_total = part_field()
    tax_total = part_field()
    # What of the code's discount was taken off the delivery, and not off an item.
    delivery_discount = part_field()
    delivery_name = models.CharField("delivery", max_length=100, blank=True, default="", db_default="")
    # The text of the code, which counts its uses by it.
    discount_code = models.CharField(max_length=MAX_CODE, blank=True, default="", db_default="")
    prices_include_tax = models.BooleanField(default=False, db_default=False)
    # Whether anything of it is shipped.
    requires_shipping = models.BooleanField("is shipped", default=True, db_default=True)
    # The customer, a company, owes the tax: invoices have to say so.
    is_reverse_charge = models.BooleanField("reverse charge", default=False, db_default=False)
    shipping = models.OneToOneField(Shipping, on_delete=models.PROTECT, null=True, blank=True)
    # The recipient and the language of the order's mails.
    email = AddressField("e-mail address", blank=True, default="", db_default="")
    language = models.CharField(max_length=10, blank=True, default="", db_default="", editable=False)
    # Who the invoice is for, if the shopper has said so. The address is the shipping address's row or one of its own.
    billing_address = models.OneToOneField(
        Shipping, on_delete=models.PROTECT, null=True, blank=True, related_name="billed_order"
    )
    billing_company = LineField("company", max_length=200, blank=True, default="", db_default="")
    vat_id = models.CharField("VAT id", max_length=20, blank=True, default="", db_default="")
    note = models.TextField(
        max_length=MAX_NOTE,
        blank=True,
        default="",
        db_default="",
        validators=[MaxLengthValidator(MAX_NOTE)],  # a TextField checks its max_length only in forms
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # Set while the cardholder disputes the payment, or has won all of it. The order is then frozen: not shipped,
    # cancelled or refunded.
    disputed_at = models.DateTimeField(null=True, blank=True, editable=False)

    payment: dict[str, Any] | None  # the newest as JSON, annotated for the API

    class Meta:
        ordering = ["-created_at", "-uuid"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, visitor__isnull=False) | Q(user__isnull=False, visitor=None),
                name="order_has_one_owner",
            ),
            models.UniqueConstraint(fields=["number"], name="order_number_once"),
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="order_key_of_user_once"),
            models.UniqueConstraint(fields=["visitor", "idempotency_key"], name="order_key_of_visitor_once"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | Q(shipping__isnull=False),
                name="placed_order_has_shipping",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | ~Q(email=""), name="placed_order_has_email"
            ),
            models.CheckConstraint(
                condition=Q(billing_address__isnull=False) | Q(billing_company="", vat_id=""),
                name="order_billing_has_address",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["paid", "partially_shipped", "shipped"]) | Q(paid_at__isnull=False),
                name="paid_order_has_time",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_amount_not_negative"),
        ]
        indexes = [
            models.Index(fields=["user", "created_at", "uuid"], name="order_of_user_by_created"),
            models.Index(fields=["status", "expires_at"], name="order_by_expiry"),
            models.Index(fields=["created_at", "uuid"], name="order_by_created"),
            models.Index(fields=["discount_code"], name="order_by_code", condition=~Q(discount_code="")),
            models.Index(fields=["email"], name="order_by_email"),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"


def count_field() -> "models.PositiveSmallIntegerField[int, int]":
    """Return the field of a part of an item's quantity."""
    return models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)


class KeptKeyField(models.BigIntegerField[int, int]):
    """The key of an item's product or variant, kept so that what was deleted can still be removed from a draft."""

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        if add:
            key = getattr(model_instance, f"{self.name.removesuffix('_key')}_id")
            setattr(model_instance, self.attname, key or 0)
        kept: int = getattr(model_instance, self.attname)
        return kept


class OrderItem(models.Model):
    """A variant of an order, with its names and price at that time. They stay when it changes or is deleted."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="order_items"
    )
    variant = models.ForeignKey(
        ProductVariant, on_delete=models.SET_NULL, null=True, blank=True, related_name="order_items"
    )
    product_key = KeptKeyField(editable=False)
    variant_key = KeptKeyField(editable=False)
    name = models.CharField(max_length=200)
    variant_title = models.CharField(max_length=MAX_TITLE, blank=True, default="")
    sku = models.CharField("SKU", max_length=64, blank=True, default="")
    quantity = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    unit_price = AmountField()
    requires_shipping = models.BooleanField("is shipped", default=True, db_default=True)
    # Of the whole quantity: what the code took off, and the tax after it.
    discount = part_field()
    tax = part_field()
    # How many of the quantity have left in parcels, will never leave because they are refunded, are in returns that
    # were not declined, are refunded, and are back in stock. The constraints refuse what two people do at once.
    fulfilled = count_field()
    withdrawn = count_field()
    returned = count_field()
    refunded = count_field()
    restocked = count_field()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "variant"], name="one_item_per_order_and_variant"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="order_item_quantity_in_range"
            ),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="order_item_price_not_negative"),
            models.CheckConstraint(
                condition=Q(quantity__gte=models.F("fulfilled") + models.F("withdrawn")),
                name="order_item_fulfilled_at_most_quantity",
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=models.F("fulfilled")), name="order_item_returned_at_most_fulfilled"
            ),
            models.CheckConstraint(
                condition=Q(refunded__lte=models.F("quantity")), name="order_item_refunded_at_most_quantity"
            ),
            models.CheckConstraint(
                condition=Q(restocked__lte=models.F("quantity")), name="order_item_restocked_at_most_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.full_name}"

    @property
    def full_name(self) -> str:
        """The name of the product with the title of the variant."""
        return full_name(self.name, self.variant_title)

    @property
    def to_ship(self) -> int:
        """How many still have to leave."""
        return self.quantity - self.fulfilled - self.withdrawn


class OrderTax(models.Model):
    """The tax of one rate on an item, or on the delivery of its order, as it was charged."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="taxes")
    item = models.ForeignKey(
        OrderItem, on_delete=models.CASCADE, null=True, blank=True, related_name="taxes"
    )  # null: the delivery
    name = models.CharField(max_length=100)
    percent = models.DecimalField("rate, %", max_digits=7, decimal_places=4)
    base = AmountField()  # without tax
    amount = AmountField()

    class Meta:
        verbose_name_plural = "order taxes"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(base__gte=0, amount__gte=0), name="order_tax_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.name} {plain(self.percent)} %"


class OrderMail(models.Model):
    """A mail about an order. It is written in the transaction that causes it, together with the task that sends it."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirmation"
        SHIPPED = "shipped", "On its way"
        CANCELLED = "cancelled", "Cancelled"
        REFUNDED = "refunded", "Refunded"
        RETURN_REQUESTED = "return-requested", "Return requested"
        RETURN_APPROVED = "return-approved", "Return approved"
        RETURN_DECLINED = "return-declined", "Return declined"
        RETURN_RECEIVED = "return-received", "Return received"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=20, choices=Kind)
    # What the mail is about, beside the order. The mail of a parcel lacks it if it is older than this column.
    refund = models.OneToOneField(
        "Refund", on_delete=models.CASCADE, null=True, blank=True, related_name="mail"
    )
    fulfilment = models.OneToOneField(
        "Fulfilment", on_delete=models.CASCADE, null=True, blank=True, related_name="mail"
    )
    sent_back = models.ForeignKey(
        "Return", on_delete=models.CASCADE, null=True, blank=True, related_name="mails"
    )
    created_at = models.DateTimeField(default=timezone.now)
    # When a mail server accepted it.
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=Q(refund=None, fulfilment=None, sent_back=None),
                name="one_mail_per_order_and_kind",
            ),
            models.UniqueConstraint(fields=["sent_back", "kind"], name="one_mail_per_return_and_kind"),
            models.CheckConstraint(
                condition=Q(kind="refunded", refund__isnull=False) | ~Q(kind="refunded") & Q(refund=None),
                name="mail_of_refund_has_refund",
            ),
            models.CheckConstraint(
                condition=Q(kind="shipped") | Q(fulfilment=None), name="mail_of_parcel_is_about_shipping"
            ),
            models.CheckConstraint(
                condition=Q(kind__startswith="return-", sent_back__isnull=False)
                | ~Q(kind__startswith="return-") & Q(sent_back=None),
                name="mail_of_return_has_return",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(mailed_at=None), name="order_mail_unsent"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
