"""The Big List of Naughty Strings, read from beside the repository."""

import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from core.text import single_line, validate_single_line

BIG_LIST = Path(__file__).parents[2] / "shared" / "data" / "blns" / "blns.json"


def hostile_strings() -> list[str]:
    """Return the strings of the list. Without its file, the calling test is skipped."""
    if not BIG_LIST.exists():
        pytest.skip(f"It would try hundreds of hostile strings, but there is no {BIG_LIST.name}.")
    strings: list[str] = json.loads(BIG_LIST.read_text())
    return strings


def hostile_names() -> list[str]:
    """Return the strings that are valid names of products, in their one spelling."""
    return [text for text in map(single_line, hostile_strings()) if is_name(text)]


def is_name(text: str) -> bool:
    try:
        validate_single_line(text)
    except ValidationError:
        return False
    return 0 < len(text) <= 200
