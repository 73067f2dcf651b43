"""What is counted, for whom, and for how long."""

from types import SimpleNamespace

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from backend.errors import NotFound, TooManyAttempts
from backend.throttle import Limit, count_attempt, failures_counted

NOON = 1_800_000_000


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """django-ratelimit's clock: its windows end at times of their own, which no test shall run into."""
    clock = SimpleNamespace(now=NOON)
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: clock.now))
    return clock


def request(address: str = "192.0.2.1") -> HttpRequest:
    return RequestFactory().post("/graphql/", REMOTE_ADDR=address)


class TestCountAttempt:
    BY_ADDRESS = [Limit(action="knock", rate="3/5m", by_address=True)]
    BY_ACCOUNT = [Limit(action="knock", rate="3/5m", by_account=True)]
    BY_BOTH = [Limit(action="knock", rate="3/5m", by_address=True, by_account=True)]

    @pytest.mark.parametrize("limits", [BY_ADDRESS, BY_ACCOUNT, BY_BOTH])
    def test_refuses_beyond_the_limit_and_says_for_how_long(self, limits: list[Limit]) -> None:
        for _ in range(3):
            count_attempt(request(), limits, account="ada@example.com")
        with pytest.raises(TooManyAttempts) as refusal:
            count_attempt(request(), limits, account="ADA@example.com")
        assert 0 < refusal.value.retry_after_seconds <= 300

    def test_allows_again_once_the_time_is_over(self, clock: SimpleNamespace) -> None:
        for _ in range(3):
            count_attempt(request(), self.BY_ADDRESS)
        with pytest.raises(TooManyAttempts) as refusal:
            count_attempt(request(), self.BY_ADDRESS)
        clock.now += refusal.value.retry_after_seconds + 1
        count_attempt(request(), self.BY_ADDRESS)

    @pytest.mark.parametrize(
        ("limits", "elsewhere", "another"),
        [(BY_ADDRESS, True, False), (BY_ACCOUNT, False, True), (BY_BOTH, True, True)],
    )
    def test_whose_attempts_count_for_whom(self, limits: list[Limit], elsewhere: bool, another: bool) -> None:
        """`elsewhere`: the same account may, from another address; `another`: another may from this one."""
        for _ in range(3):
            count_attempt(request(), limits, account="ada")
        assert self.allows(limits, address="192.0.2.2", account="ada") is elsewhere
        assert self.allows(limits, address="192.0.2.1", account="bob") is another

    def allows(self, limits: list[Limit], *, address: str, account: str) -> bool:
        try:
            count_attempt(request(address), limits, account=account)
        except TooManyAttempts:
            return False
        return True


class TestFailuresCounted:
    LIMITS = [Limit(action="guess", rate="2/5m", by_address=True)]

    def guess(self, *, right: bool) -> None:
        with failures_counted(request(), self.LIMITS):
            if not right:
                raise NotFound("guess")

    def test_what_succeeds_does_not_count(self) -> None:
        for _ in range(5):
            self.guess(right=True)

    def test_after_too_many_refusals_nothing_is_tried(self) -> None:
        for _ in range(2):
            with pytest.raises(NotFound):
                self.guess(right=False)
        with pytest.raises(TooManyAttempts):
            self.guess(right=True)

    def test_a_fault_of_ours_does_not_count(self) -> None:
        for _ in range(5):
            with pytest.raises(ZeroDivisionError), failures_counted(request(), self.LIMITS):
                raise ZeroDivisionError
