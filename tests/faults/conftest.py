"""A store to kill, over the tests' database."""

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
    """A shop that does not ship on payment, so that paid orders can be cancelled and refunded."""
    with running_shop(tmp_path, STORE_SHIP_ON_PAYMENT="false") as shop:
        yield shop
