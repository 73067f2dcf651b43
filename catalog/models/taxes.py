"""TaxClass, which products name and pricing has rates for."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from core.text import LineField, SortKeyField, sort_key, validate_not_blank


class TaxClass(models.Model):
    """A kind of goods for tax, such as food. The rates of each place are in pricing, which knows the catalogue.

    A migration creates the default class, of all products that name none.
    """

    name = LineField(max_length=100, validators=[validate_not_blank])
    sort_name = SortKeyField()
    is_default = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "tax classes"
        ordering = ["-is_default", "sort_name"]
        constraints = [
            models.UniqueConstraint(fields=["sort_name"], name="tax_class_name_once"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_tax_class"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse another class's name with a message for the form, before the database refuses it."""
        namesakes = TaxClass.objects.filter(sort_name=sort_key(self.name or ""))
        if namesakes.exclude(pk=self.pk).exists():
            raise ValidationError({"name": "There is already a tax class with this name."})
