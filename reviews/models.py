"""Comment, which may carry a rating, and Report, which asks the staff to look at one."""

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from core.slugs import SlugField

MAX_BODY = 5_000


class Comment(models.Model):
    """A comment on a product. Only reviews.services change it, and keep the sums of the product's ratings."""

    # A cascade would delete the comments and leave their ratings in the sums.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments", verbose_name="author"
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="comments")
    body = models.TextField(
        max_length=MAX_BODY,
        # A TextField checks its max_length only in forms.
        validators=[MaxLengthValidator(MAX_BODY), RegexValidator(r"\S", _("This field cannot be blank."))],
    )
    rating = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    slug = SlugField(editable=False)
    active = models.BooleanField(
        default=True, help_text="Off: only its author and the staff see it, and its rating does not count."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "-slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "product"],
                condition=Q(rating__isnull=False),
                name="one_rating_per_person_and_product",
                violation_error_message=_("You have already rated this product."),
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="rating_from_1_to_5"
            ),
        ]
        indexes = [
            models.Index(fields=["product", "created_at", "slug"], name="comment_of_product_by_created")
        ]

    def __str__(self) -> str:
        return self.body[:60]


class Report(models.Model):
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="reports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(
        max_length=500, validators=[RegexValidator(r"\S", _("This field cannot be blank."))]
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the staff decided to keep the comment. A new report by the same person clears it.
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="one_report_per_person_and_comment")
        ]
        indexes = [models.Index(fields=["comment"], name="report_open", condition=models.Q(settled_at=None))]

    def __str__(self) -> str:
        return self.reason[:60]
