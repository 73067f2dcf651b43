"""Parcels that have left, and goods that come back."""

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.money import AmountField
from core.text import LineField
from orders.models.payments import Refund
from orders.models.sales import MAX_NOTE, Order, OrderItem


class Fulfilment(models.Model):
    """A parcel of an order that has left."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="fulfilments")
    carrier = LineField(max_length=60, blank=True, default="")
    tracking_number = LineField(max_length=100, blank=True, default="")
    tracking_url = models.URLField("tracking link", max_length=500, blank=True, default="")
    shipped_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["shipped_at", "pk"]

    def __str__(self) -> str:
        return " ".join(["Parcel", *filter(None, (self.carrier, self.tracking_number))])


class ReturnStatus(models.TextChoices):
    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    RECEIVED = "received", "Received"
    REFUNDED = "refunded", "Refunded"


class Return(models.Model):
    """Goods of an order that the customer wants to send back. The time of the request is what the law counts by."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="returns")
    status = models.CharField(max_length=10, choices=ReturnStatus, default=ReturnStatus.REQUESTED)
    reason = models.TextField(
        max_length=MAX_NOTE, blank=True, default="", validators=[MaxLengthValidator(MAX_NOTE)]
    )
    refund = models.OneToOneField(
        Refund, on_delete=models.SET_NULL, null=True, blank=True, related_name="sent_back", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["status", "created_at", "id"], name="return_by_status")]

    def __str__(self) -> str:
        return f"Return of {self.order}"


class Portion(models.Model):
    """A quantity of an order's item, in a parcel or in a return."""

    fulfilment = models.ForeignKey(
        Fulfilment, on_delete=models.CASCADE, null=True, blank=True, related_name="items"
    )
    sent_back = models.ForeignKey(
        Return, on_delete=models.CASCADE, null=True, blank=True, related_name="items"
    )
    item = models.ForeignKey(OrderItem, on_delete=models.CASCADE, related_name="portions")
    quantity = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["fulfilment", "item"], name="one_portion_per_parcel_and_item"),
            models.UniqueConstraint(fields=["sent_back", "item"], name="one_portion_per_return_and_item"),
            models.CheckConstraint(
                condition=Q(fulfilment=None, sent_back__isnull=False)
                | Q(fulfilment__isnull=False, sent_back=None),
                name="portion_is_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="portion_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.full_name}"


class RefundLine(models.Model):
    """What a refund pays back for an item, or for the delivery, which has none. The tax is within the amount."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(
        OrderItem, on_delete=models.CASCADE, null=True, blank=True, related_name="refund_lines"
    )
    quantity = models.PositiveSmallIntegerField(default=0)
    amount = AmountField()
    tax = AmountField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, tax__gte=0, tax__lte=models.F("amount")),
                name="refund_line_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(item=None, quantity=0) | Q(item__isnull=False, quantity__gte=1),
                name="refund_line_of_an_item_has_a_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.full_name}" if self.item else "Delivery"
