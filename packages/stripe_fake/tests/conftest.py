"""A fake Stripe in the test's own file, and the real SDK on top of it."""

from pathlib import Path

import pytest
import stripe

from packages.stripe_fake import FakeStripe


@pytest.fixture(autouse=True)
def _quiet_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "enable_telemetry", False)  # it writes to the home directory
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)


@pytest.fixture
def fake(tmp_path: Path) -> FakeStripe:
    return FakeStripe(tmp_path / "stripe.sqlite3")


@pytest.fixture
def client(fake: FakeStripe) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_fake", http_client=fake, max_network_retries=0)


@pytest.fixture
def intent(client: stripe.StripeClient) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": 2000, "currency": "usd"})
