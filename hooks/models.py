"""Endpoint, and Delivery: one event for one endpoint, which is also the log."""

import uuid

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.text import LineField

MAX_URL = 500
MAX_ANSWER = 500


class Kind(models.TextChoices):
    """The kinds of events. Receivers know them by these names, so none is renamed."""

    ORDER_PLACED = "order.placed", "Order placed"
    ORDER_PAID = "order.paid", "Order paid"
    ORDER_PARTIALLY_SHIPPED = "order.partially_shipped", "Order partially shipped"
    ORDER_SHIPPED = "order.shipped", "Order shipped"
    ORDER_CANCELLED = "order.cancelled", "Order cancelled"
    ORDER_REFUNDED = "order.refunded", "Order refunded, also in part"
    PRODUCT_CHANGED = "product.changed", "Product created or changed"
    PRODUCT_DELETED = "product.deleted", "Product deleted"
    STOCK_LOW = "stock.low", "Stock low"
    PING = "ping", "Test"


class Endpoint(models.Model):
    """A URL of another system, with the kinds of events that it wants."""

    url = LineField("URL", max_length=MAX_URL)
    description = LineField(max_length=100, blank=True, default="")
    kinds = models.JSONField("events", default=list)
    is_active = models.BooleanField("active", default=True)
    # A secret signs, so it cannot be stored as a hash. No page shows it but for the one that answers its creation.
    secret = models.CharField(max_length=100, editable=False)
    # The secret before, which also signs until then.
    old_secret = models.CharField(max_length=100, blank=True, default="", editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Attempts that have failed since the last success, and since when.
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    # Nothing is sent before this time: the endpoint has been failing.
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    # When it was switched off because it had been failing for days, or said that it is gone.
    switched_off_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The worker that sends has the endpoint until then. Nobody else sends to it, so events arrive in order.
    busy_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["url", "pk"]

    def __str__(self) -> str:
        return self.description or self.url


class Delivery(models.Model):
    """An event for an endpoint. The row is written in the transaction that causes the event."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    # Not a constraint of the database: no purchase may fail because an endpoint is deleted at that moment.
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False
    )
    # The `webhook-id`: the same for each attempt, and for all endpoints.
    event = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField("event kind", max_length=30, choices=Kind)
    # What the event is about. Events of one subject arrive in order.
    subject = models.CharField(max_length=60)
    # As long as no attempt has begun, a later event of this key replaces the body of this one.
    merge_key = models.CharField(max_length=100, null=True, blank=True, editable=False)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    # Since when it has been waiting: pauses grow with that, and end with it.
    queued_at = models.DateTimeField(editable=False)
    next_attempt_at = models.DateTimeField("next attempt")
    attempts = models.PositiveIntegerField(default=0)
    last_attempt_at = models.DateTimeField("last attempt", null=True, blank=True)
    delivered_at = models.DateTimeField("delivered", null=True, blank=True)
    # The HTTP status and the beginning of the last answer, or why there was none.
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(
        "last answer", blank=True, default="", validators=[MaxLengthValidator(MAX_ANSWER)]
    )

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-pk"]
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once"),
            models.UniqueConstraint(fields=["endpoint", "merge_key"], name="delivery_merged"),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False)
                | ~Q(status="delivered") & Q(delivered_at=None),
                name="delivered_has_time",
            ),
        ]
        indexes = [
            # The next one of an endpoint, and the earlier ones of a subject.
            models.Index(fields=["endpoint", "id"], name="delivery_waiting", condition=Q(status="waiting")),
            models.Index(
                fields=["endpoint", "subject", "id"],
                name="delivery_of_subject",
                condition=Q(status="waiting"),
            ),
            # The log of an endpoint, and what is old.
            models.Index(fields=["endpoint", "created_at"], name="delivery_of_endpoint"),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.subject}"
