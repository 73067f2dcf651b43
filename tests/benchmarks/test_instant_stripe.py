"""The benchmark's Stripe takes the place of the real one."""

import pytest
from pytest_django import Settings

from orders.payments import gateway
from tests.benchmarks.load.stripe import use_instant_stripe


class TestUseInstantStripe:
    def test_answers_the_store(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gateway, "real_client", gateway.real_client)  # so that it comes back
        settings.STRIPE_SECRET_KEY = "sk_test_benchmark"
        use_instant_stripe()
        intent = gateway.client().v1.payment_intents.create({"amount": 100, "currency": "usd"})
        assert intent.id.startswith("pi_")
        assert intent.client_secret == f"{intent.id}_secret"
