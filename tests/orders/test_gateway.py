"""Calls of Stripe: timeouts, retries, and the number of waiting threads."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import stripe
from django.conf import settings as django_settings
from pytest_django import Settings

from core.waiting import place_to_wait
from orders.models import Payment
from orders.payments import gateway
from orders.payments.gateway import client, patiently
from packages.stripe_fake import FakeStripe, FaultKind
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that have reached Stripe."""
    made: list[str] = []
    request = FakeStripe.request

    def count(fake: FakeStripe, method: str, url: str, *rest: object, **options: object) -> object:
        made.append(url)
        return request(fake, method, url, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeStripe, "request", count)
    return made


class TestWithinARequest:
    @pytest.mark.parametrize("fault", ["timeout", "server_error"])
    def test_is_not_asked_while_it_does_not_answer(
        self, bank: Bank, calls: list[str], fault: FaultKind, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bank.fake.inject(fault, times=None)
        while len(calls) < gateway.MAX_FAILURES:
            buy()
        bank.fake.clear_faults()
        assert buy() is None
        assert len(calls) == gateway.MAX_FAILURES
        breaker = client()._requestor._get_http_client().breaker  # type: ignore[attr-defined]
        breaker.next_try = 0.0
        assert buy()
        assert buy()

    def test_a_refusal_of_stripe_is_an_answer(self, bank: Bank, calls: list[str]) -> None:
        for _ in range(gateway.MAX_FAILURES + 1):
            with pytest.raises(stripe.InvalidRequestError):
                client().v1.payment_intents.retrieve("pi_unknown")
        assert len(calls) == gateway.MAX_FAILURES + 1

    def test_few_wait(self, bank: Bank, calls: list[str]) -> None:
        with place_to_wait(), place_to_wait():
            assert django_settings.STORE_MAX_WAITING == 2
            assert buy() is None
        assert calls == []
        assert Payment.objects.get().intent_id is None


class TestPatiently:
    def test_repeats_and_knows_no_breaker(self, bank: Bank, calls: list[str]) -> None:
        bank.fake.inject("timeout", times=None)
        with patiently():
            for _ in range(gateway.MAX_FAILURES + 1):
                with pytest.raises(stripe.APIConnectionError):
                    client().v1.payment_intents.list()
        assert len(calls) == (gateway.MAX_FAILURES + 1) * (1 + gateway.NETWORK_RETRIES)
        with patiently(retries=0), pytest.raises(stripe.APIConnectionError):
            client().v1.payment_intents.list()
        bank.fake.clear_faults()
        assert buy()


class TestTheNetwork:
    @pytest.fixture
    def black_hole(self) -> Iterator[str]:
        """A server that accepts connections and never answers."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            kept: list[socket.socket] = []

            def accept() -> None:
                while True:
                    try:
                        kept.append(server.accept()[0])
                    except OSError:
                        return

            threading.Thread(target=accept, daemon=True).start()
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
            server.shutdown(socket.SHUT_RDWR)
            for connection in kept:
                connection.close()

    def test_is_waited_for_as_long_as_set(self, black_hole: str, settings: Settings) -> None:
        settings.STRIPE_READ_TIMEOUT = 0.3
        sdk = gateway.real_client(f"sk_test_{black_hole}", None)
        sdk._requestor._options.base_addresses["api"] = black_hole
        start = time.monotonic()
        with pytest.raises(stripe.APIConnectionError):
            sdk.v1.payment_intents.list()
        assert 0.3 <= time.monotonic() - start < 3


def buy() -> str | None:
    """Buy as a new shopper, and return the client secret."""
    api = GraphQLClient()
    add_to_cart(api, make_product())
    secret: str | None = checkout(api)["payment"]["clientSecret"]
    return secret
