"""Refunds and disputes through the SDK."""

import pytest
import stripe

from packages.stripe_fake import ApiError, FakeStripe


@pytest.fixture
def paid(fake: FakeStripe, intent: stripe.PaymentIntent) -> str:
    fake.confirm(intent.id)
    return intent.id


def charge_of(client: stripe.StripeClient, intent_id: str) -> stripe.Charge:
    charge = client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(charge, stripe.Charge)
    return charge


def pay_with(client: stripe.StripeClient, method: str) -> str:
    intent = client.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "payment_method": method,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "confirm": True,
        }
    )
    return intent.id


class TestCreateRefund:
    def test_in_parts_then_in_full(self, client: stripe.StripeClient, fake: FakeStripe, paid: str) -> None:
        first = client.v1.refunds.create(
            {
                "payment_intent": paid,
                "amount": 500,
                "reason": "requested_by_customer",
                "metadata": {"refund": "7"},
            }
        )
        assert (first.amount, first.status, first.reason) == (500, "succeeded", "requested_by_customer")
        charge = charge_of(client, paid)
        assert (charge.amount_refunded, charge.refunded) == (500, False)

        rest = client.v1.refunds.create({"charge": charge.id})
        assert rest.amount == 1500
        charge = charge_of(client, paid)
        assert (charge.amount_refunded, charge.refunded) == (2000, True)

        assert client.v1.refunds.retrieve(first.id).to_dict() == first.to_dict()
        listed = client.v1.refunds.list({"payment_intent": paid}).data
        assert [refund.id for refund in listed] == [rest.id, first.id]
        events = fake.events()[2:]
        assert [event["type"] for event in events] == ["refund.created", "charge.refunded"] * 2
        assert [event["data"]["object"]["amount"] for event in events[::2]] == [500, 1500]
        assert [event["data"]["object"]["amount_refunded"] for event in events[1::2]] == [500, 2000]

    def test_more_than_is_left(self, client: stripe.StripeClient, fake: FakeStripe, paid: str) -> None:
        client.v1.refunds.create({"payment_intent": paid, "amount": 500})
        events = fake.events()
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded") as refusal:
            client.v1.refunds.create({"payment_intent": paid, "amount": 1501})
        assert (refusal.value.http_status, refusal.value.param) == (400, "amount")
        assert charge_of(client, paid).amount_refunded == 500
        assert fake.events() == events

    def test_of_what_is_refunded_already(self, client: stripe.StripeClient, paid: str) -> None:
        client.v1.refunds.create({"payment_intent": paid})
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"payment_intent": paid, "amount": 1})
        assert refusal.value.code == "charge_already_refunded"
        assert len(client.v1.refunds.list().data) == 1

    def test_of_an_unpaid_intent(self, client: stripe.StripeClient, intent: stripe.PaymentIntent) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
            client.v1.refunds.create({"payment_intent": intent.id})
        assert client.v1.refunds.list().data == []

    def test_of_a_failed_charge(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        fake.confirm(intent.id, "declined")
        with pytest.raises(stripe.InvalidRequestError, match="has not been paid"):
            client.v1.refunds.create({"charge": charge_of(client, intent.id).id})

    def test_of_nothing(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"amount": 5})
        assert refusal.value.code == "parameter_missing"
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"payment_intent": "pi_none"})
        assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")

    def test_of_zero(self, client: stripe.StripeClient, paid: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"payment_intent": paid, "amount": 0})
        assert refusal.value.code == "parameter_invalid_integer"
        assert charge_of(client, paid).amount_refunded == 0


class TestCompleteRefund:
    def test_pending_then_succeeded(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        refund = client.v1.refunds.create({"payment_intent": pay_with(client, "pm_card_pendingRefund")})
        assert refund.status == "pending"
        fake.complete_refund(refund.id, "succeeded")
        assert client.v1.refunds.retrieve(refund.id).status == "succeeded"
        assert fake.events()[-1]["type"] == "refund.updated"

    def test_failure_gives_the_money_back_to_the_charge(
        self, client: stripe.StripeClient, fake: FakeStripe
    ) -> None:
        paid = pay_with(client, "pm_card_refundFail")
        refund = client.v1.refunds.create({"payment_intent": paid})
        assert refund.status == "succeeded"
        fake.complete_refund(refund.id, "failed")
        assert client.v1.refunds.retrieve(refund.id).status == "failed"
        charge = charge_of(client, paid)
        assert (charge.amount_refunded, charge.refunded) == (0, False)
        assert fake.events()[-1]["type"] == "refund.failed"
        with pytest.raises(ApiError, match="failed"):
            fake.complete_refund(refund.id, "failed")
        assert charge_of(client, paid).amount_refunded == 0


class TestDispute:
    def test_stops_refunds_until_won(self, client: stripe.StripeClient, fake: FakeStripe, paid: str) -> None:
        dispute = fake.dispute(paid, amount=700)
        assert charge_of(client, paid).disputed
        listed = client.v1.disputes.list({"payment_intent": paid}).data
        assert [(found.id, found.amount, found.status) for found in listed] == [
            (dispute["id"], 700, "needs_response")
        ]
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"payment_intent": paid})
        assert refusal.value.code == "charge_disputed"

        fake.close_dispute(dispute["id"], "won")
        assert client.v1.refunds.create({"payment_intent": paid}).status == "succeeded"
        types = [event["type"] for event in fake.events()[2:4]]
        assert types == ["charge.dispute.created", "charge.dispute.closed"]

    def test_lost(self, client: stripe.StripeClient, fake: FakeStripe, paid: str) -> None:
        dispute = fake.dispute(paid)
        assert dispute["amount"] == 2000
        fake.close_dispute(dispute["id"], "lost")
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"payment_intent": paid})
        assert refusal.value.code == "charge_disputed"
        with pytest.raises(ApiError, match="already closed"):
            fake.close_dispute(dispute["id"], "won")

    def test_of_an_unpaid_intent(self, fake: FakeStripe, intent: stripe.PaymentIntent) -> None:
        with pytest.raises(ApiError, match="successful charge"):
            fake.dispute(intent.id)
