"""Normalization of single-line text, and the model fields that apply it."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Invisible marks that come along with pasted text: soft hyphen, zero-width space, direction marks, word joiner, byte
# order mark. The two joiners stay, because Persian, Hindi and emoji need them.
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# Spaces of every width, and the tabs that a spreadsheet puts between cells.
SPACES = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Unicode does not decompose these letters, but people type the plain ones for them.
PLAIN_LETTERS = str.maketrans(
    {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "æ": "ae", "œ": "oe"}
)
LINE_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
# A longer key is cut: two names of such length that begin alike sort as one.
MAX_KEY_LENGTH = 400
BLANK = f"\t {LINE_BREAKS}"

validate_not_blank = RegexValidator(r"\S", gettext_lazy("This field cannot be blank."), code="blank")


def single_line(text: str) -> str:
    """Return the text in NFC, without invisible marks, with single spaces between words and none at the ends."""
    visible = INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return SPACES.sub(" ", visible).strip(BLANK)


def beginning(text: str, length: int) -> str:
    """Return the beginning of a text as a single line of at most `length` characters, cut between two words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut, _, _ = line[:length].rpartition(" ")
    return f"{(cut or line[: length - 1]).rstrip(',;:.– ')}…"


def without_accents(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(PLAIN_LETTERS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def sort_key(name: str) -> str:
    """Return a key that sorts names like a dictionary: apple, Äpfel, Zebra.

    Names that differ only in case have the same key. Every database compares keys by code points.
    """
    folded = single_line(name).casefold()
    plain = without_accents(folded)
    return (plain if plain == folded else f"{plain}\x1f{folded}")[:MAX_KEY_LENGTH]


def validate_single_line(text: str) -> None:
    """Check that the text has no line breaks, control characters or halves of surrogate pairs.

    Raises: Django's ValidationError.
    """
    if any(character in LINE_BREAKS for character in text):
        raise ValidationError(_("Enter a single line, without line breaks."), code="line_break")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValidationError(_("Remove the control characters from this text."), code="control_character")


class SingleLine:
    """Mixin of text fields that normalizes each value before it is written or compared."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)  # type: ignore[misc]  # the field's
        return single_line(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        # Migrations name the plain field, because the columns are the same.
        name, _, arguments, options = super().deconstruct()  # type: ignore[misc]  # the field's
        return name, f"django.db.models.{self.plain_name}", arguments, options

    plain_name: str


class SortKeyField(models.CharField[str, str]):
    """A column with the sort_key of the row's name, or of the column `of`, computed at each write."""

    def __init__(self, *, of: str = "name", **options: Any) -> None:
        super().__init__(**{"max_length": MAX_KEY_LENGTH, "blank": True, "editable": False, **options})
        self.of = of

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        return name, path, arguments, options if self.of == "name" else {**options, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = sort_key(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key

    def db_parameters(self, connection: Any) -> Any:
        # SQLite compares code points anyway. PostgreSQL would compare by the rules of the server's language.
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}


class LineField(SingleLine, models.CharField[str, str]):
    plain_name = "CharField"
    default_validators = [validate_single_line]
