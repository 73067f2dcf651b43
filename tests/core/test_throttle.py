"""Rate limits: by address, by account, and for how long."""

from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.models import User
from core.errors import NotFound, TooManyAttempts
from core.throttle import (
    FILE_LIMITS,
    UPLOAD_LIMITS,
    Limit,
    client_address,
    count_attempt,
    count_failures,
    upload_limits,
)
from orders.schema import CHECKOUT_LIMITS
from reviews.schema import COMMENT_LIMITS
from tests.conftest import GraphQLClient, global_id

NOON = 1_800_000_000


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Freeze django-ratelimit's clock, so that no window ends during a test."""
    clock = SimpleNamespace(now=NOON)
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: clock.now))
    return clock


def request(address: str = "192.0.2.1") -> HttpRequest:
    return RequestFactory().post("/graphql/", REMOTE_ADDR=address)


class TestLimit:
    def test_of_all_callers_together_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"^A Limit counts by address, by account, or both\.$"):
            Limit(action="knock", rate="3/5m")


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
        """The same account may try `elsewhere`, from another address. `another` account may try from this one."""
        for _ in range(3):
            count_attempt(request(), limits, account="ada")
        assert self.allows(limits, address="192.0.2.2", account="ada") is elsewhere
        assert self.allows(limits, address="192.0.2.1", account="bob") is another

    def test_a_limit_by_account_is_not_for_those_who_have_none(self) -> None:
        for _ in range(5):
            count_attempt(request(), self.BY_ACCOUNT)

    def allows(self, limits: list[Limit], *, address: str, account: str) -> bool:
        try:
            count_attempt(request(address), limits, account=account)
        except TooManyAttempts:
            return False
        return True


class TestFailuresCounted:
    LIMITS = [Limit(action="guess", rate="2/5m", by_address=True)]

    def guess(self, *, right: bool) -> None:
        with count_failures(request(), self.LIMITS):
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
            with pytest.raises(ZeroDivisionError), count_failures(request(), self.LIMITS):
                raise ZeroDivisionError


class TestClientAddress:
    @pytest.mark.parametrize(
        ("hops", "forwarded", "expected"),
        [
            (0, None, "192.0.2.1"),
            (0, "198.51.100.7", "192.0.2.1"),
            (1, None, "192.0.2.1"),
            (1, "198.51.100.7", "198.51.100.7"),
            (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            (2, "203.0.113.9,198.51.100.7", "203.0.113.9"),
            (2, "10.9.9.9, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
            (2, "198.51.100.7", "192.0.2.1"),
            (1, "198.51.100.7:51234", "198.51.100.7"),
            (2, "203.0.113.9:51234, 198.51.100.7:80", "203.0.113.9"),
            (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            (1, "2001:DB8:1:2::", "2001:db8:1:2::"),
            (1, "[2001:db8:1:2:3::6]", "2001:db8:1:2::"),
            (1, "[2001:db8:1:2:3::6]:51234", "2001:db8:1:2::"),
            (1, "fe80::1%eth0", "fe80::"),
            (1, "::ffff:198.51.100.7", "198.51.100.7"),
            (1, "::ffff:c633:6407", "198.51.100.7"),
            (1, "[::ffff:198.51.100.7]:51234", "198.51.100.7"),
            (1, "not an address", "192.0.2.1"),
            (1, "198.51.100.7:", "192.0.2.1"),
            (1, "198.51.100.7:80:80", "192.0.2.1"),
            (1, "[198.51.100.7", "192.0.2.1"),
            (1, "unknown", "192.0.2.1"),
            (1, "", "192.0.2.1"),
        ],
    )
    def test_behind_trusted_proxies(
        self, settings: Settings, hops: int, forwarded: str | None, expected: str
    ) -> None:
        settings.STORE_TRUSTED_PROXIES = hops
        settings.STORE_CLIENT_HEADER = "X-Forwarded-For"
        attempt = request()
        if forwarded is not None:
            attempt.META["HTTP_X_FORWARDED_FOR"] = forwarded
        assert client_address(attempt) == expected

    @pytest.mark.parametrize(
        ("connected", "expected"),
        [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("", "0.0.0.0"),
        ],
    )
    def test_of_the_connection(self, connected: str, expected: str) -> None:
        assert client_address(request(connected)) == expected

    @pytest.mark.parametrize("header", ["", "Storeclient"])
    def test_no_header_is_taken_but_the_named_one(self, settings: Settings, header: str) -> None:
        settings.STORE_TRUSTED_PROXIES = 1
        settings.STORE_CLIENT_HEADER = header
        attempt = request()
        attempt.META |= {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_FORWARDED": "for=203.0.113.9"}
        assert client_address(attempt) == "192.0.2.1"
        attempt = request()
        attempt.META["HTTP_STORECLIENT"] = "198.51.100.7"
        assert client_address(attempt) == ("198.51.100.7" if header else "192.0.2.1")

    @pytest.mark.parametrize("hops", [0, 1])
    def test_a_forged_header_does_not_help(self, settings: Settings, hops: int) -> None:
        settings.STORE_TRUSTED_PROXIES = hops
        settings.STORE_CLIENT_HEADER = "X-Forwarded-For"
        limits = [Limit(action="knock", rate="3/5m", by_address=True)]
        for number in range(4):
            attempt = request()
            attempt.META["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}, 198.51.100.7"
            if number == 3:
                with pytest.raises(TooManyAttempts):
                    count_attempt(attempt, limits)
            else:
                count_attempt(attempt, limits)


PIXEL = SimpleUploadedFile("a.png", b"no picture", content_type="image/png")
SHIPPING = [
    "firstName",
    "lastName",
    "email",
    "phone",
    "address",
    "buildingNumber",
    "city",
    "zipCode",
    "state",
    "country",
]


class TestLimitedMutations:
    """Mutations count by address for everyone, and by account for signed-in people."""

    CHECKOUT = "mutation($input: CheckoutInput!) { checkout(input: $input) { __typename } }"
    COMMENT = "mutation($input: CreateCommentInput!) { createComment(input: $input) { __typename } }"
    PROFILE = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }"
    CASES = [
        pytest.param(CHECKOUT_LIMITS, CHECKOUT, None, id="checkout"),
        pytest.param(COMMENT_LIMITS, COMMENT, None, id="comments"),
        pytest.param(UPLOAD_LIMITS, PROFILE, {"input.avatar": PIXEL}, id="uploads"),
        pytest.param(FILE_LIMITS, PROFILE, {"input.avatar": PIXEL}, id="files"),
    ]
    VARIABLES = {
        CHECKOUT: {
            "idempotencyKey": "6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11",
            "expectedTotal": "1.00",
            "shipping": dict.fromkeys(SHIPPING, "a") | {"country": "US"},
        },
        COMMENT: {"productId": global_id("Product", 1), "body": "text"},
        PROFILE: {"avatar": None},
    }

    def send(
        self, client: GraphQLClient, mutation: str, files: dict[str, File[Any]] | None
    ) -> dict[str, Any]:
        return client.send(mutation, files, input=self.VARIABLES[mutation])

    @pytest.mark.django_db
    @pytest.mark.parametrize(("limits", "mutation", "files"), CASES)
    def test_by_address(
        self,
        api: GraphQLClient,
        limits: list[Limit],
        mutation: str,
        files: dict[str, File[Any]] | None,
    ) -> None:
        assert not rate_limited(self.send(api, mutation, files))
        use_up(limits, address="127.0.0.1")
        assert rate_limited(self.send(api, mutation, files))

    @pytest.mark.django_db
    @pytest.mark.parametrize(("limits", "mutation", "files"), CASES)
    def test_by_account(
        self,
        signed_in: Callable[[User], GraphQLClient],
        limits: list[Limit],
        mutation: str,
        files: dict[str, File[Any]] | None,
    ) -> None:
        ada, bob = (User.objects.create_user(f"{name}@example.com", "a password") for name in ("ada", "bob"))
        use_up([limit for limit in limits if limit.by_account], address="192.0.2.9", account=str(ada.pk))
        assert rate_limited(self.send(signed_in(ada), mutation, files))
        assert not rate_limited(self.send(signed_in(bob), mutation, files))

    @pytest.mark.django_db
    @pytest.mark.parametrize(("forwarded", "limited"), [("198.51.100.7", True), ("198.51.100.8", False)])
    def test_behind_a_proxy_the_last_address_counts(
        self, api: GraphQLClient, settings: Settings, forwarded: str, limited: bool
    ) -> None:
        settings.STORE_TRUSTED_PROXIES = 1
        settings.STORE_CLIENT_HEADER = "X-Forwarded-For"
        use_up(CHECKOUT_LIMITS, address="198.51.100.7")
        for number in range(3):
            api.defaults["HTTP_X_FORWARDED_FOR"] = f"203.0.113.{number}, {forwarded}"
            assert rate_limited(self.send(api, self.CHECKOUT, None)) is limited

    def test_each_file_counts(self) -> None:
        request = RequestFactory().post("/")
        for _ in range(5):
            count_attempt(request, upload_limits(20), account="1")
        with pytest.raises(TooManyAttempts):
            count_attempt(request, upload_limits(1), account="1")
        count_attempt(request, upload_limits(1), account="2")

    @pytest.mark.django_db
    def test_what_brings_no_file_is_no_upload(self, api: GraphQLClient) -> None:
        use_up(UPLOAD_LIMITS, address="127.0.0.1")
        assert not rate_limited(self.send(api, self.PROFILE, None))


def use_up(limits: list[Limit], *, address: str, account: str = "") -> None:
    for _ in range(max(int(limit.rate.split("/")[0]) for limit in limits)):
        with suppress(TooManyAttempts):
            count_attempt(request(address), limits, account=account)


def rate_limited(answer: dict[str, Any]) -> bool:
    """Whether the request is refused; if it is, the answer says when to try again."""
    extensions = [error["extensions"] for error in answer.get("errors", ())]
    if not any(extension["code"] == "RATE_LIMITED" for extension in extensions):
        return False
    assert [0 < extension["retryAfterSeconds"] <= 300 for extension in extensions] == [True]
    return True
