"""Synonym, a line of words for the same thing, which the staff write."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from core.text import LineField, validate_not_blank

# Stand between the words of a line: of things that are nearly the same, and of spellings of the same word.
SIGN, SAME_SIGN = ",", "="


class Synonym(models.Model):
    """Words for one thing, which search takes for each other.

    It replaces the lines that come with the store that have one of them.
    """

    words = LineField(
        max_length=500,
        unique=True,
        validators=[validate_not_blank, RegexValidator(r"\w", "Write at least one word.")],
        help_text="“laptop = notebook”: the same, found alike. “sofa, couch, settee”: nearly the same, found after "
        "what is called by the word itself. A word alone: the store's own synonyms of it do not count.",
    )

    class Meta:
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words

    @property
    def is_same(self) -> bool:
        return SAME_SIGN in self.words

    @property
    def phrases(self) -> list[str]:
        """The words of the line, or phrases of several, as they are written."""
        return [
            text for part in self.words.split(SAME_SIGN if self.is_same else SIGN) if (text := part.strip())
        ]

    def clean(self) -> None:
        if self.words and SIGN in self.words and self.is_same:
            message = (
                f"Use either “{SIGN}” or “{SAME_SIGN}”. Write two lines if only some words are the same."
            )
            raise ValidationError({"words": message})
