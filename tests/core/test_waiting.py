"""Only a few threads wait at a time, and after failures in a row most attempts at a server are skipped."""

from contextlib import ExitStack

import pytest
from pytest_django import Settings

from core import waiting
from core.waiting import Busy, CircuitBreaker, place_to_wait


class TestPlaces:
    def test_no_more_wait_than_may(self, settings: Settings) -> None:
        with ExitStack() as stack:
            for _ in range(settings.STORE_MAX_WAITING):
                stack.enter_context(place_to_wait())
            with pytest.raises(Busy), place_to_wait():
                pass
        with place_to_wait():
            pass

    def test_a_failure_gives_its_place_back(self, settings: Settings) -> None:
        for _ in range(settings.STORE_MAX_WAITING + 1):
            with pytest.raises(ZeroDivisionError), place_to_wait():
                raise ZeroDivisionError


class TestCircuitBreaker:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [100.0]
        monkeypatch.setattr(waiting, "monotonic", lambda: now[0])
        return now

    @pytest.fixture
    def breaker(self) -> CircuitBreaker:
        return CircuitBreaker(most=2, pause=10)

    def test_opens_after_failures_in_a_row(self, clock: list[float], breaker: CircuitBreaker) -> None:
        for failed in (True, False, True):
            breaker.record(failed=failed)
            assert breaker.lets_through()
        breaker.record(failed=True)
        assert not breaker.lets_through()

    def test_lets_one_try_after_the_pause(self, clock: list[float], breaker: CircuitBreaker) -> None:
        for _ in range(2):
            breaker.record(failed=True)
        clock[0] += 10
        assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
        breaker.record(failed=True)
        assert not breaker.lets_through()
        clock[0] += 10
        assert breaker.lets_through()
        breaker.record(failed=False)
        assert all(breaker.lets_through() for _ in range(3))

    def test_a_try_that_never_ends_does_not_keep_it_open(
        self, clock: list[float], breaker: CircuitBreaker
    ) -> None:
        for _ in range(2):
            breaker.record(failed=True)
        clock[0] += 10
        assert breaker.lets_through()
        clock[0] += 10
        assert breaker.lets_through()
