"""One spelling for text of a single line, however it was typed or pasted, and the model fields that keep it."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

# Marks without a width or a shape, which come along with pasted text: soft hyphen, zero-width space, direction marks,
# word joiner, byte order mark. The two joiners stay: Persian, Hindi and emoji are written with them.
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# Spaces of every width, and the tabs that a spreadsheet puts between cells.
SPACES = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
LINE_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
BLANK = f"\t {LINE_BREAKS}"


def single_line(text: str) -> str:
    """The text in NFC, without invisible marks, with single spaces between the words and none around them."""
    visible = INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return SPACES.sub(" ", visible).strip(BLANK)


def validate_single_line(text: str) -> None:
    """Django's ValidationError on line breaks, control characters, and halves of surrogate pairs."""
    if any(character in LINE_BREAKS for character in text):
        raise ValidationError("This must be a single line.", code="line_break")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValidationError("This must not have control characters.", code="control_character")


class SingleLine:
    """Mixed into a field of text: each value is compared and written in its one spelling, whoever writes it."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)  # type: ignore[misc]  # the field's
        return single_line(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        # To the database it is the plain field: migrations need not know of it.
        name, _, arguments, options = super().deconstruct()  # type: ignore[misc]  # the field's
        return name, f"django.db.models.{self.plain_name}", arguments, options

    plain_name: str


class LineField(SingleLine, models.CharField[str, str]):
    plain_name = "CharField"
    default_validators = [validate_single_line]


class EmailLineField(SingleLine, models.EmailField[str, str]):
    plain_name = "EmailField"
    default_validators = [*models.EmailField.default_validators, validate_single_line]
