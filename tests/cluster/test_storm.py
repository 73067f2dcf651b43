"""A short storm over the store on many machines. `make storm` has longer ones, with more faults."""

import subprocess
import sys

import pytest
from django.conf import settings

from tests.cluster.services import missing

pytestmark = pytest.mark.slow


def test_a_storm_leaves_the_books_right() -> None:
    if lacking := missing():
        pytest.skip(f"NOT TESTED ON MANY MACHINES: THIS ONE LACKS {', '.join(lacking)}.")
    storm = [sys.executable, "-m", "tests.cluster", "--storm", "75", "--few", "--shoppers", "6"]
    done = subprocess.run(storm, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
