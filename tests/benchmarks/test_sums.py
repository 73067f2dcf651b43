"""A short run of the sums; tests/benchmarks/sums.py is the long one."""

from dataclasses import replace

import pytest

from pricing.quote import Line, quote
from tests.benchmarks.sums import CURRENCIES, check, faults


class TestSums:
    def test_no_unit_is_lost_in_400_orders(self) -> None:
        assert [fault for number in range(400) for fault in check(number, seed="1")] == []

    @pytest.mark.parametrize("currency", CURRENCIES)
    def test_a_lost_unit_is_found(self, currency: str) -> None:
        order = quote([Line(key=1, unit=100, quantity=3)], rates={}, prices_include_tax=False)
        [line] = order.lines
        wrong = replace(line, discount=-1)
        assert list(faults(replace(order, lines=(wrong,)), currency))
