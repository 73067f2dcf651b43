"""SearchTerm, how often a term was searched for on a day, which the staff see."""

from django.db import models

from core.text import LineField, validate_not_blank

MAX_TERM = 100


class SearchTerm(models.Model):
    """A term with its searches on one day. Nothing says who searched."""

    day = models.DateField()
    term = LineField(max_length=MAX_TERM, validators=[validate_not_blank])
    found = models.PositiveIntegerField(
        "searches that found products", default=0, help_text="Searches that found products."
    )
    nothing = models.PositiveIntegerField(
        "searches that found nothing", default=0, help_text="Searches that found nothing."
    )
    opened = models.PositiveIntegerField(
        "products opened", default=0, help_text="Products that were opened from what was found."
    )

    class Meta:
        verbose_name = "search term"
        ordering = ["-day", "term"]
        constraints = [models.UniqueConstraint(fields=["day", "term"], name="search_term_once_a_day")]

    def __str__(self) -> str:
        return self.term
