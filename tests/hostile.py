"""The Big List of Naughty Strings, which lies beside the repository."""

import json
from pathlib import Path

import pytest

BIG_LIST = Path(__file__).parents[2] / "shared" / "data" / "blns" / "blns.json"


def hostile_strings() -> list[str]:
    """All of them; the test that asks is skipped where the list is not there."""
    if not BIG_LIST.exists():
        pytest.skip(f"There are no hostile strings at {BIG_LIST}.")
    strings: list[str] = json.loads(BIG_LIST.read_text())
    return strings
