"""A store that is killed; its database is that of the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.shop import Shop, running_shop


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
def patient_shop(transactional_db: None, tmp_path: Path) -> Iterator[Shop]:
    """It ships by hand, so that what is paid can still be cancelled, and then money goes back."""
    with running_shop(tmp_path, STORE_SHIP_ON_PAYMENT="false") as shop:
        yield shop
