"""Idempotency keys through the SDK, by threads and processes too."""

import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
import stripe

from packages.stripe_fake import FakeStripe

DAY = 24 * 60 * 60


def create(client: stripe.StripeClient, key: str, *, amount: int = 1999) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": amount, "currency": "usd"}, {"idempotency_key": key})


def create_over(path: Path) -> str:
    """Create an intent in another process."""
    client = stripe.StripeClient("sk_test_fake", http_client=FakeStripe(path))
    return create(client, "payment:1").id


class TestSameKey:
    def test_same_parameters_replay(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        first = create(client, "payment:1")
        fake.confirm(first.id)
        again = create(client, "payment:1")
        assert again.to_dict() == first.to_dict()  # as it was then: not succeeded
        assert again.last_response is not None
        assert again.last_response.headers["idempotent-replayed"] == "true"
        assert len(client.v1.payment_intents.list().data) == 1

    def test_order_of_parameters_does_not_matter(self, client: stripe.StripeClient) -> None:
        first = create(client, "payment:1")
        again = client.v1.payment_intents.create(
            {"currency": "usd", "amount": 1999}, {"idempotency_key": "payment:1"}
        )
        assert again.id == first.id

    def test_other_parameters(self, client: stripe.StripeClient) -> None:
        create(client, "payment:1")
        with pytest.raises(stripe.IdempotencyError, match="same parameters") as refusal:
            create(client, "payment:1", amount=2000)
        assert refusal.value.http_status == 400
        assert len(client.v1.payment_intents.list().data) == 1

    def test_other_endpoint(self, client: stripe.StripeClient) -> None:
        intent = create(client, "payment:1")
        with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
            client.v1.payment_intents.cancel(intent.id, {}, {"idempotency_key": "payment:1"})
        assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"

    def test_forgotten_after_a_day(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        start = time.time()
        fake.clock = lambda: start
        first = create(client, "payment:1")
        fake.clock = lambda: start + DAY - 1
        assert create(client, "payment:1").id == first.id
        fake.clock = lambda: start + DAY
        assert create(client, "payment:1").id != first.id

    def test_decline_is_replayed(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        intent = create(client, "payment:1")
        for _ in range(2):
            with pytest.raises(stripe.CardError):
                client.v1.payment_intents.confirm(
                    intent.id,
                    {"payment_method": "pm_card_visa_chargeDeclined", "return_url": "https://shop.example/"},
                    {"idempotency_key": "confirm:1"},
                )
        assert len(client.v1.charges.list().data) == 1

    def test_refused_parameters_are_not_stored(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError):
            create(client, "payment:1", amount=1)
        assert create(client, "payment:1").amount == 1999

    def test_longer_than_255_characters(self, client: stripe.StripeClient) -> None:
        assert create(client, "k" * 255).amount == 1999
        with pytest.raises(stripe.InvalidRequestError, match="255"):
            create(client, "k" * 256)

    def test_get_has_no_key(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        intent = create(client, "payment:1")
        fake.confirm(intent.id)
        read = client.v1.payment_intents.retrieve(intent.id, {}, {"idempotency_key": "payment:1"})
        assert read.status == "succeeded"


class TestKeyInUse:
    def test_by_a_slow_request(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        fake.inject("slow", seconds=0.75)
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(create, client, "payment:1")
            time.sleep(0.25)
            with pytest.raises(stripe.APIError) as refusal:
                create(client, "payment:1")
            assert refusal.value.http_status == 409
            assert refusal.value.error is not None
            assert refusal.value.error.code == "idempotency_key_in_use"
            first = slow.result()
        assert create(client, "payment:1").id == first.id
        assert len(client.v1.payment_intents.list().data) == 1

    def test_by_a_request_whose_process_died(
        self, client: stripe.StripeClient, fake: FakeStripe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException): ...

        def die(seconds: float) -> None:
            raise Killed

        monkeypatch.setattr("packages.stripe_fake.transport.time.sleep", die)
        start = time.time()
        fake.clock = lambda: start
        fake.inject("slow", seconds=30)
        with pytest.raises(Killed):
            create(client, "payment:1")
        with pytest.raises(stripe.APIError):
            create(client, "payment:1")
        assert client.v1.payment_intents.list().data == []
        fake.clock = lambda: start + 30
        assert create(client, "payment:1").amount == 1999


class TestParallel:
    def test_threads_with_one_key(self, client: stripe.StripeClient) -> None:
        with ThreadPoolExecutor(8) as pool:
            ids = set(pool.map(lambda _: create(client, "payment:1").id, range(32)))
        assert len(ids) == 1
        assert len(client.v1.payment_intents.list().data) == 1

    @pytest.mark.slow
    def test_processes_over_a_new_file(self, tmp_path: Path) -> None:
        path = tmp_path / "shared.sqlite3"
        with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
            ids = set(pool.map(create_over, [path] * 8))
        assert len(ids) == 1
