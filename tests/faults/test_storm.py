"""A bounded storm; tests/faults/soak.py is the long one."""

from pathlib import Path
from random import SystemRandom

import pytest

from tests.faults.shop import running_shop
from tests.faults.storm import VARIABLES, Storm

pytestmark = pytest.mark.slow


class TestStorm:
    def test_ten_seconds(self, transactional_db: None, tmp_path: Path) -> None:
        """A failure names the seed for tests/faults/soak.py."""
        seed = str(SystemRandom().randrange(10**6))
        with running_shop(tmp_path, **VARIABLES) as shop:
            storm = Storm(shop=shop, seed=seed)
            assert storm.rage(seconds=10) == [], f"seed {seed}"
        assert storm.counts["Order"], storm.counts
        assert shop.last_steps
