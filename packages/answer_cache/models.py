"""The table that says that a writer could not reach the keeper."""

from django.db import models


class Outage(models.Model):
    """The only row, whose token each writer replaces that has committed and could not say so to the keeper."""

    token = models.BinaryField(max_length=8)
