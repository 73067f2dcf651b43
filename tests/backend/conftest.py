"""A store that keeps answers to guests."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.guests import Entrance


@pytest.fixture
def entrance(settings: Settings, tmp_path: Path) -> Entrance:
    settings.STORE_ANSWER_CACHE = True
    settings.STORE_REVISION_FILE = tmp_path / "revision"
    return Entrance()
