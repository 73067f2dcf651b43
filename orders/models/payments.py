"""Attempts at paying, refunds, and the events that tell of them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.money import AmountField
from orders.models.sales import Order


class PaymentStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    REQUIRES_ACTION = "requires_action", "Requires action"
    PROCESSING = "processing", "Processing"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    PARTIALLY_REFUNDED = "partially_refunded", "Partially refunded"
    REFUNDED = "refunded", "Refunded"


# The shopper can still pay with an attempt in one of these.
OPEN_PAYMENTS = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION, PaymentStatus.FAILED)


class Payment(models.Model):
    """An attempt at paying an order. It is written before Stripe is called; its uuid is the idempotency key."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    status = models.CharField(max_length=20, choices=PaymentStatus, default=PaymentStatus.PENDING)
    currency = models.CharField(max_length=3)
    amount = AmountField()
    refunded = AmountField(default=0)
    # What cardholders' banks have taken back for good, and whether Stripe refunds any of the rest.
    lost = AmountField(default=0, db_default=0, editable=False)
    is_refundable = models.BooleanField(default=True, db_default=True, editable=False)
    intent_id = models.CharField(max_length=100, null=True, blank=True, unique=True)  # unique
    client_secret = models.CharField(max_length=200, blank=True, editable=False)
    failure = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=~Q(status="cancelled"), name="one_live_payment_per_order"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=models.F("amount")),
                name="payment_refunded_at_most_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.get_status_display()}"

    @property
    def is_live(self) -> bool:
        """Whether the attempt is not cancelled. An order has at most one live attempt."""
        return self.status != PaymentStatus.CANCELLED

    @property
    def is_open(self) -> bool:
        """Whether the shopper can still pay with this attempt."""
        return self.status in OPEN_PAYMENTS


class Refund(models.Model):
    """A refund of a payment. Ours is written before Stripe is called, with its uuid as the idempotency key.

    Refunds made in Stripe's Dashboard are added when they are found.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = AmountField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    refund_id = models.CharField(max_length=100, null=True, blank=True, unique=True)  # unique
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive")]

    def __str__(self) -> str:
        return f"{self.amount} {self.get_status_display()}"


class StripeEvent(models.Model):
    """A webhook event that has been handled. Its id is unique, so a replay is recognized."""

    event_id = models.CharField(max_length=100, unique=True)
    type = models.CharField(max_length=100)
    received_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
