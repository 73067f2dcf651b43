"""Stripe's clients: the official SDK over the network with a key, and over the fake transport without one.

A shopper's request must not wait long: timeouts are short, no call is repeated, few threads wait at once, and a
circuit breaker stops calls while Stripe is down. Commands and webhooks have more time and call `patiently`.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core.tracing import span
from core.waiting import QUEUE_SECONDS, Busy, CircuitBreaker, place_to_wait
from packages.stripe_fake import FakeStripe

stripe.enable_telemetry = False  # it would write to the home directory

PATIENT_TIMEOUT = 20
PATIENT_QUEUE = 2
NETWORK_RETRIES = 2
# The circuit breaker opens after this many failures in a row, and lets a call through after this many seconds.
MAX_FAILURES = 5
PAUSE_SECONDS = 10

# The least that Stripe charges, in its smallest units. A currency that is not listed has no minimum of its own.
MINIMUM = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50,
    "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50,
    "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip

logger = logging.getLogger(__name__)

# How often a failed call is repeated; None in a shopper's request, which has no time.
_patience: ContextVar[int | None] = ContextVar("patience", default=None)


@contextmanager
def patiently(*, retries: int = NETWORK_RETRIES) -> Iterator[None]:
    """Give Stripe more time in this block. Webhooks set `retries` to 0, because Stripe repeats them itself."""
    before = _patience.set(retries)
    try:
        yield
    finally:
        _patience.reset(before)


def client() -> stripe.StripeClient:
    """Return a client of Stripe, or of the fake in development.

    Raises: ImproperlyConfigured, without a key and without DEBUG: the fake would give the goods away.
    """
    if settings.STRIPE_SECRET_KEY:
        return real_client(settings.STRIPE_SECRET_KEY, _patience.get())
    if not is_fake_in_use():
        raise ImproperlyConfigured("STRIPE_SECRET_KEY is missing. Set it: the fake Stripe is only for DEBUG.")
    return fake_client(settings.STRIPE_FAKE_DB, _patience.get())


def is_fake_in_use() -> bool:
    """Whether payments go to the fake: only in development, and only without a real key."""
    return settings.STRIPE_FAKE_ALLOWED and not settings.STRIPE_SECRET_KEY


def is_live() -> bool:
    """Whether real money moves. The prefix of Stripe's key tells."""
    return "_live_" in settings.STRIPE_SECRET_KEY


def fake() -> FakeStripe:
    """Return the fake, for playing the shopper's and the bank's part."""
    return fake_transport(settings.STRIPE_FAKE_DB)


class GuardedTransport(stripe.HTTPClient):
    """A transport with a limit on waiting threads and a circuit breaker.

    A call that it does not send raises stripe.APIConnectionError, like a lost reply.
    """

    name: ClassVar[str] = "guarded"

    def __init__(self, transport: stripe.HTTPClient, *, breaker: CircuitBreaker | None) -> None:
        super().__init__()
        self.transport = transport
        self.breaker = breaker

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        attributes = {"http.request.method": method.upper(), "url.template": template_of(url)}
        with span(f"Stripe {method.upper()}", attributes, kind="CLIENT") as tell:
            try:
                with place_to_wait(queue=QUEUE_SECONDS if self.breaker else PATIENT_QUEUE):
                    reply = self.attempt(method, url, headers, post_data)
            except Busy as error:
                raise unsent("Too many threads are waiting for Stripe already.") from error
            tell("http.response.status_code", reply[1])
            return reply

    def attempt(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        if self.breaker is None:
            return self.transport.request(method, url, headers, post_data)
        if not self.breaker.lets_through():
            raise unsent("Stripe has not been answering, so no call is made for a few seconds.")
        failed = True
        try:
            reply = self.transport.request(method, url, headers, post_data)
            failed = reply[1] >= 500
        finally:
            self.breaker.record(failed=failed)
        return reply

    def close(self) -> None:
        self.transport.close()  # type: ignore[no-untyped-call]  # the SDK's


def template_of(url: str) -> str:
    """Return the path of a call of the API without ids: /v1/payment_intents/{id}/cancel."""
    parts = urlsplit(url).path.split("/")
    parts[3:4] = ["{id}"] * len(parts[3:4])
    return "/".join(parts)


def unsent(reason: str) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(reason, should_retry=False)  # type: ignore[no-untyped-call]


@cache
def real_client(key: str, patience: int | None) -> stripe.StripeClient:
    hurried = settings.STRIPE_CONNECT_TIMEOUT, settings.STRIPE_READ_TIMEOUT
    timeout = hurried if patience is None else PATIENT_TIMEOUT
    return build_client(key, stripe.RequestsClient(timeout=timeout), patience)


@cache
def fake_client(path: Path, patience: int | None) -> stripe.StripeClient:
    return build_client("sk_test_fake", fake_transport(path), patience)


def build_client(key: str, transport: stripe.HTTPClient, patience: int | None) -> stripe.StripeClient:
    breaker = CircuitBreaker(most=MAX_FAILURES, pause=PAUSE_SECONDS) if patience is None else None
    return stripe.StripeClient(
        key, http_client=GuardedTransport(transport, breaker=breaker), max_network_retries=patience or 0
    )


@cache
def fake_transport(path: Path) -> FakeStripe:
    return FakeStripe(path)
