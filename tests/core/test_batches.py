"""One bad row does not stop the rest, and is reported."""

import logging

import pytest
from django.core.management.base import CommandError

from core.batches import Batch


def is_even(number: int) -> bool:
    if number == 3:
        raise ZeroDivisionError
    return number % 2 == 0


def test_the_rest_is_done_and_the_command_fails_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    batch = Batch()
    with caplog.at_level(logging.ERROR):
        batch.run(is_even, [1, 2, 3, 4])
    assert (batch.done, batch.failed) == (2, 1)
    assert "is_even failed for 3." in caplog.text
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(CommandError, match=r"2 of 4\. 1 failed"):
        batch.close("2 of 4.")


def test_without_a_failure_it_ends_well() -> None:
    batch = Batch()
    batch.run(is_even, [1, 2])
    assert batch.close("1 of 2.") == "1 of 2."
