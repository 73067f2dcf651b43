"""Text of one line."""

import unicodedata

from django.core.exceptions import ValidationError

# Controls, and the marks by which text is written in another direction than it is read.
REFUSED = {"Cc", "Zl", "Zp"}
DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def validate_one_line(text: str) -> None:
    """Django's ValidationError for line breaks and controls, by which a name could become a mail's text."""
    if text.isspace():
        return  # blank, which is for another validator to refuse
    if any(character in DIRECTIONS or unicodedata.category(character) in REFUSED for character in text):
        raise ValidationError("Line breaks and control characters are not allowed here.", code="invalid")
