"""Names are one line of text."""

import pytest
from django.core.exceptions import ValidationError

from core.text import validate_one_line


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\tb", "a\x00b", "a\x1bb", "a\u2028b", "a\u2029b", "a\x85b", "\u202eb"]
)
def test_breaks_and_controls_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_one_line(text)


@pytest.mark.parametrize(
    "text", ["", "Ada Lovelace", "O’Neil", "李小龍", "नेहा", "👩\u200d💻", "\u0645\u06cc\u200c\u062e"]
)
def test_names_are_not(text: str) -> None:
    validate_one_line(text)
