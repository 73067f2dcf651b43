"""What has happened to orders: rows that are only ever added."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from orders.models.sales import Order


class OrderEvent(models.Model):
    """Something that has happened to an order, written in the transaction that caused it.

    Placing has no event: the order's own time tells, and checkout saves a statement.
    """

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        PAID = "paid", "Paid"
        PAYMENT_FAILED = "payment_failed", "Payment failed"
        SHIPPED = "shipped", "Shipped"
        CANCELLED = "cancelled", "Cancelled"
        REFUND_BEGUN = "refund_begun", "Refund begun"
        REFUNDED = "refunded", "Refunded"
        REFUND_FAILED = "refund_failed", "Refund failed"
        RESTOCKED = "restocked", "Put back in stock"
        RETURN_REQUESTED = "return_requested", "Return requested"
        RETURN_APPROVED = "return_approved", "Return approved"
        RETURN_DECLINED = "return_declined", "Return declined"
        RETURN_RECEIVED = "return_received", "Return received"
        DISPUTED = "disputed", "Disputed"
        DISPUTE_CLOSED = "dispute_closed", "Dispute closed"

    class By(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        STAFF = "staff", "Staff"
        SHOP = "shop", "Shop"  # by itself, such as on word from Stripe

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    by = models.CharField(max_length=10, choices=By)
    # The member of the staff.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["order", "created_at", "id"], name="order_event_by_order")]

    def __str__(self) -> str:
        return self.get_kind_display()
