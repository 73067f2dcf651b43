"""The same scenarios against the fake and, where STRIPE_TEST_KEY is set, against Stripe's real test mode."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
import stripe

from packages.stripe_fake import FakeStripe

KEY = os.environ.get("STRIPE_TEST_KEY", "")


@pytest.fixture(
    params=[
        "fake",
        pytest.param(
            "stripe",
            marks=pytest.mark.skipif(
                not KEY,
                reason="It would ask Stripe itself what the fake answers, but STRIPE_TEST_KEY is not set.",
            ),
        ),
    ]
)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> stripe.StripeClient:
    if request.param == "stripe":
        assert KEY.startswith(("sk_test_", "rk_test_")), "these tests are for the test mode alone"
        return stripe.StripeClient(KEY, max_network_retries=2)
    return stripe.StripeClient("sk_test_fake", http_client=FakeStripe(tmp_path / "stripe.sqlite3"))


def create(
    client: stripe.StripeClient, *, key: str | None = None, amount: int = 2000
) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"payment": "contract"},
        },
        {"idempotency_key": key or str(uuid4())},
    )


def pay(client: stripe.StripeClient, intent: stripe.PaymentIntent, method: str) -> stripe.PaymentIntent:
    return client.v1.payment_intents.confirm(intent.id, {"payment_method": method})


class TestIdempotencyKey:
    def test_replays(self, client: stripe.StripeClient) -> None:
        key = str(uuid4())
        assert create(client, key=key).id == create(client, key=key).id

    def test_other_parameters(self, client: stripe.StripeClient) -> None:
        key = str(uuid4())
        create(client, key=key)
        with pytest.raises(stripe.IdempotencyError):
            create(client, key=key, amount=3000)


class TestPaymentIntent:
    def test_a_new_one(self, client: stripe.StripeClient) -> None:
        intent = create(client)
        assert (intent.status, intent.amount, intent.currency) == ("requires_payment_method", 2000, "usd")
        assert intent.client_secret
        assert intent.client_secret.startswith(f"{intent.id}_secret_")
        assert intent.latest_charge is None

    def test_success(self, client: stripe.StripeClient) -> None:
        intent = pay(client, create(client), "pm_card_visa")
        assert (intent.status, intent.amount_received) == ("succeeded", 2000)

    def test_decline(self, client: stripe.StripeClient) -> None:
        intent = create(client)
        with pytest.raises(stripe.CardError) as refusal:
            pay(client, intent, "pm_card_visa_chargeDeclined")
        assert refusal.value.code == "card_declined"
        intent = client.v1.payment_intents.retrieve(intent.id)
        assert intent.status == "requires_payment_method"
        assert intent.last_payment_error
        assert intent.last_payment_error.code == "card_declined"

    def test_three_d_secure(self, client: stripe.StripeClient) -> None:
        intent = pay(client, create(client), "pm_card_authenticationRequired")
        assert intent.status == "requires_action"

    def test_too_small(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            create(client, amount=49)
        assert refusal.value.code == "amount_too_small"

    def test_cancelling(self, client: stripe.StripeClient) -> None:
        intent = client.v1.payment_intents.cancel(create(client).id)
        assert intent.status == "canceled"
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            pay(client, intent, "pm_card_visa")
        assert refusal.value.code == "payment_intent_unexpected_state"

    def test_cancelling_what_is_paid(self, client: stripe.StripeClient) -> None:
        intent = pay(client, create(client), "pm_card_visa")
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.cancel(intent.id)
        assert refusal.value.code == "payment_intent_unexpected_state"

    def test_no_such(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.retrieve("pi_that_never_was")
        assert refusal.value.code == "resource_missing"


class TestRefund:
    def test_in_parts_and_never_more(self, client: stripe.StripeClient) -> None:
        intent = pay(client, create(client), "pm_card_visa")
        assert client.v1.refunds.create({"payment_intent": intent.id, "amount": 500}).status == "succeeded"
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
        client.v1.refunds.create({"payment_intent": intent.id})
        amounts = [refund.amount for refund in client.v1.refunds.list({"payment_intent": intent.id}).data]
        assert sorted(amounts) == [500, 1500]
        intent = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
        assert isinstance(intent.latest_charge, stripe.Charge)
        assert (intent.latest_charge.refunded, intent.latest_charge.amount_refunded) == (True, 2000)
