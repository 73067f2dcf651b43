"""ProductVector, the meaning of a product's text as a language model sees it."""

from django.db import models

from catalog.models.products import Product


class ProductVector(models.Model):
    """The meaning of a product's name and description, as a direction: a small angle is a similar meaning.

    `catalog.search.semantic` writes and reads it.

    A trigger deletes it when the name or the description changes, and a task makes it again.
    """

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="+")
    # The model and the text it was made of. Those of different versions cannot be compared.
    version = models.PositiveSmallIntegerField()
    # Grows with each write, so that a process reads only what is new.
    revision = models.BigIntegerField()
    # A bit for the sign of each number, and the numbers as signed bytes: 48 and 384 bytes.
    signs = models.BinaryField()
    numbers = models.BinaryField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["version", "revision"], name="vectors_by_revision")]

    def __str__(self) -> str:
        return f"Vector of product {self.pk}"
