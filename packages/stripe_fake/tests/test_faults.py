"""Faults of requests, as the SDK and its caller meet them."""

import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from packages.stripe_fake import FakeStripe

CREATE = "POST /v1/payment_intents"


def create(client: stripe.StripeClient, key: str = "payment:1") -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": 1999, "currency": "usd"}, {"idempotency_key": key})


class TestInject:
    def test_lost_reply_comes_after_the_effect(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        fake.inject("lost_reply")
        with pytest.raises(stripe.APIConnectionError) as fault:
            create(client)
        assert fault.value.should_retry
        (made,) = client.v1.payment_intents.list().data
        assert create(client).id == made.id
        assert [event["type"] for event in fake.events()] == ["payment_intent.created"]

    def test_sdk_gets_over_a_lost_reply(self, fake: FakeStripe) -> None:
        client = stripe.StripeClient("sk_test_fake", http_client=fake, max_network_retries=2)
        fake.inject("lost_reply", times=2)
        intent = client.v1.payment_intents.create({"amount": 1999, "currency": "usd"})
        assert [found.id for found in client.v1.payment_intents.list().data] == [intent.id]

    @pytest.mark.parametrize(
        ("kind", "error", "status"),
        [
            ("timeout", stripe.APIConnectionError, None),
            ("rate_limit", stripe.RateLimitError, 429),
            ("server_error", stripe.APIError, 500),
        ],
    )
    def test_fault_before_the_effect(
        self,
        client: stripe.StripeClient,
        fake: FakeStripe,
        kind: Any,
        error: type[stripe.StripeError],
        status: int | None,
    ) -> None:
        fake.inject(kind)
        with pytest.raises(error) as fault:
            create(client)
        assert fault.value.http_status == status
        assert client.v1.payment_intents.list().data == []
        assert fake.events() == []
        assert create(client).amount == 1999

    @pytest.mark.parametrize(("kind", "made"), [("server_error_stored", 0), ("server_error_after_effect", 1)])
    def test_stored_server_error(self, fake: FakeStripe, kind: Any, made: int) -> None:
        client = stripe.StripeClient("sk_test_fake", http_client=fake, max_network_retries=2)
        fake.inject(kind)
        for _ in range(2):
            with pytest.raises(stripe.APIError) as fault:
                create(client)
            assert fault.value.http_status == 500
            assert fault.value.headers is not None
            assert fault.value.headers["stripe-should-retry"] == "false"
        assert len(client.v1.payment_intents.list().data) == made
        assert len(fake.events()) == made
        assert create(client, "payment:2").amount == 1999

    def test_slow(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        fake.inject("slow", seconds=0.2)
        start = time.monotonic()
        create(client)
        assert time.monotonic() - start >= 0.2
        fake.inject("slow", seconds=0.1, match="GET *")
        assert len(client.v1.payment_intents.list().data) == 1

    def test_times_and_match(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        intent = create(client)
        fake.inject("timeout", times=2, match="POST /v1/payment_intents/*/cancel")
        assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
        assert create(client, "payment:2").amount == 1999
        for _ in range(2):
            with pytest.raises(stripe.APIConnectionError):
                client.v1.payment_intents.cancel(intent.id)
        assert client.v1.payment_intents.cancel(intent.id).status == "canceled"

    def test_until_cleared_from_another_process(
        self, client: stripe.StripeClient, fake: FakeStripe, tmp_path: Path
    ) -> None:
        elsewhere = FakeStripe(tmp_path / "stripe.sqlite3")
        elsewhere.inject("rate_limit", times=None, match=CREATE)
        for _ in range(3):
            with pytest.raises(stripe.RateLimitError):
                create(client)
        elsewhere.clear_faults()
        assert create(client).amount == 1999

    def test_unknown_kind(self, fake: FakeStripe) -> None:
        kind: Any = "earthquake"
        with pytest.raises(ValueError, match="earthquake"):
            fake.inject(kind)
