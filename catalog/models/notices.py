"""StockNotice, the wish to be told once when a variant that is sold out can be bought again."""

from django.db import models
from django.utils import timezone

from catalog.models.variants import ProductVariant
from core.emails import AddressField


class StockNotice(models.Model):
    """An address that waits for a variant. The row is deleted when its mail is enqueued, so there is one mail for each.

    It names no account: anyone may type any address, so that only a verified one is known to be a person's.
    """

    variant = models.ForeignKey(
        ProductVariant, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    email = AddressField("e-mail", max_length=254)
    # Of the page on which it was asked for, and so of the mail.
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "stock notice"
        ordering = ["-asked_at", "-pk"]
        # Its index also finds who waits for a variant.
        constraints = [models.UniqueConstraint(fields=["variant", "email"], name="stock_notice_once")]
        indexes = [
            models.Index(fields=["email", "-asked_at", "-id"], name="stock_notices_of_address"),
            # For housekeeping, and for the list of the staff.
            models.Index(fields=["-asked_at", "-id"], name="stock_notices_by_time"),
        ]

    def __str__(self) -> str:
        return f"Notice {self.pk}"  # without the address: the staff's log keeps it after the row is deleted
