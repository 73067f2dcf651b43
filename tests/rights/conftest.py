"""The shop whose rights are tested."""

import pytest
from pytest_django import Settings

from tests.rights.shop import Shop


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    """Whoever asks for all that there is asks for too much."""
    for name in ("SELECTIONS", "ALIASES", "DEPTH", "COST", "DOCUMENT_BYTES"):
        setattr(settings, f"STORE_MAX_{name}", 10**9)
