"""Policy, and PolicyVersion, which keeps each text that it has had."""

from django.core.validators import MaxLengthValidator
from django.db import models

from core.slugs import SlugField
from core.text import LineField, validate_not_blank

# Rendering takes time. The terms of a large shop have some 60,000 characters.
MAX_BODY = 100_000
# The slug of the policy that orders are placed under.
TERMS = "terms"


class Policy(models.Model):
    """A text of the shop, in Markdown. Shoppers see it once it has a body.

    `services.save_policy` writes it, with a version. So it cannot be deleted: old orders lead to its versions.
    """

    slug = SlugField(
        help_text="The address of its page, such as terms, returns, privacy, delivery or imprint."
    )
    title = LineField(max_length=200, validators=[validate_not_blank])
    body = models.TextField(
        "text",
        blank=True,
        validators=[MaxLengthValidator(MAX_BODY)],
        help_text="Markdown. Empty hides the policy.",
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Policies are listed in this order.")
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.title


class PolicyVersion(models.Model):
    """What a policy said from `created_at` on, until its next version."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions", db_index=False)
    title = models.CharField(max_length=200)
    body = models.TextField("text", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["policy", "-created_at", "-id"], name="policy_versions_latest")]

    def __str__(self) -> str:
        return f"{self.title}, {self.created_at:%Y-%m-%d}"
