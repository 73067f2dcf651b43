"""PaymentIntents through the SDK: their states, and what Stripe refuses."""

import re
from functools import partial
from typing import Any

import pytest
import stripe

from packages.stripe_fake import ApiError, FakeStripe

RETURN_URL = "https://shop.example/thanks"


def types_of(fake: FakeStripe) -> list[str]:
    return [event["type"] for event in fake.events()]


class TestCreate:
    def test_is_open_and_carries_what_was_given(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        intent = client.v1.payment_intents.create(
            {
                "amount": 1999,
                "currency": "USD",
                "automatic_payment_methods": {"enabled": True},
                "metadata": {"payment": "0b1c"},
                "description": "Order 7",
                "receipt_email": "ann@example.org",
            }
        )
        assert (intent.amount, intent.currency, intent.status) == (1999, "usd", "requires_payment_method")
        assert (intent.description, intent.receipt_email) == ("Order 7", "ann@example.org")
        assert intent.metadata.to_dict() == {"payment": "0b1c"}
        assert intent.latest_charge is None
        assert intent.livemode is False
        assert re.fullmatch(r"pi_[a-zA-Z0-9]{24}", intent.id)
        assert intent.client_secret is not None
        assert re.fullmatch(rf"{intent.id}_secret_[a-zA-Z0-9]{{24,}}", intent.client_secret)
        assert client.v1.payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()
        assert types_of(fake) == ["payment_intent.created"]

    @pytest.mark.parametrize(
        ("amount", "currency", "code", "param"),
        [
            (49, "usd", "amount_too_small", "amount"),
            (29, "gbp", "amount_too_small", "amount"),
            (49, "jpy", "amount_too_small", "amount"),
            (100_000_000, "usd", "amount_too_large", "amount"),
            (0, "usd", "parameter_invalid_integer", "amount"),
            (-5, "clp", "parameter_invalid_integer", "amount"),
            (1001, "kwd", "parameter_invalid_integer", "amount"),
            (1050, "isk", "parameter_invalid_integer", "amount"),
            (1000, "xyz", None, "currency"),
        ],
    )
    def test_amount_that_stripe_does_not_take(
        self,
        client: stripe.StripeClient,
        fake: FakeStripe,
        amount: int,
        currency: str,
        code: str | None,
        param: str,
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.create({"amount": amount, "currency": currency})
        assert (refusal.value.code, refusal.value.param) == (code, param)
        assert refusal.value.http_status == 400
        assert client.v1.payment_intents.list().data == []
        assert fake.events() == []

    @pytest.mark.parametrize(
        ("amount", "currency"), [(50, "usd"), (50, "jpy"), (1000, "kwd"), (1, "clp"), (99_999_999, "usd")]
    )
    def test_amount_at_the_edge(self, client: stripe.StripeClient, amount: int, currency: str) -> None:
        intent = client.v1.payment_intents.create({"amount": amount, "currency": currency})
        assert intent.amount == amount

    def test_confirmed_at_once(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        intent = client.v1.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "payment_method": "pm_card_visa",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
        assert intent.status == "succeeded"
        assert types_of(fake) == ["payment_intent.created", "payment_intent.succeeded"]

    def test_confirmed_at_once_without_a_payment_method(
        self, client: stripe.StripeClient, fake: FakeStripe
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.create({"amount": 500, "currency": "eur", "confirm": True})
        assert (refusal.value.code, refusal.value.param) == ("parameter_missing", "payment_method")
        assert fake.events() == []

    def test_with_a_payment_method_waits_for_confirmation(self, client: stripe.StripeClient) -> None:
        intent = client.v1.payment_intents.create(
            {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa"}
        )
        assert intent.status == "requires_confirmation"
        assert client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL}).status == "succeeded"

    def test_unknown_api_key(self, fake: FakeStripe) -> None:
        client = stripe.StripeClient("sk_live_4eC39HqLyjWD", http_client=fake)
        with pytest.raises(stripe.AuthenticationError) as refusal:
            client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
        assert refusal.value.http_status == 401
        assert "4eC39Hq" not in str(refusal.value)
        assert fake.events() == []


class TestConfirm:
    def test_success_makes_a_charge(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        paid = client.v1.payment_intents.confirm(
            intent.id,
            {"payment_method": "pm_card_visa", "return_url": RETURN_URL, "expand": ["latest_charge"]},
        )
        assert (paid.status, paid.amount_received) == ("succeeded", 2000)
        assert isinstance(paid.latest_charge, stripe.Charge)
        assert re.fullmatch(r"ch_[a-zA-Z0-9]{24}", paid.latest_charge.id)
        charge = client.v1.charges.retrieve(paid.latest_charge.id)
        assert (charge.amount, charge.status, charge.paid) == (2000, "succeeded", True)
        assert (charge.payment_intent, charge.amount_refunded, charge.refunded) == (intent.id, 0, False)
        assert types_of(fake) == ["payment_intent.created", "payment_intent.succeeded"]

    @pytest.mark.parametrize(
        ("method", "code", "decline_code"),
        [
            ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ],
    )
    def test_decline_leaves_the_intent_open(
        self,
        client: stripe.StripeClient,
        fake: FakeStripe,
        intent: stripe.PaymentIntent,
        method: str,
        code: str,
        decline_code: str,
    ) -> None:
        with pytest.raises(stripe.CardError) as refusal:
            client.v1.payment_intents.confirm(intent.id, {"payment_method": method, "return_url": RETURN_URL})
        error = refusal.value.error
        assert error is not None
        assert (refusal.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
        assert error.payment_intent is not None
        assert error.payment_intent.id == intent.id
        declined = client.v1.payment_intents.retrieve(intent.id)
        assert (declined.status, declined.amount_received) == ("requires_payment_method", 0)
        assert declined.payment_method is None
        assert declined.last_payment_error is not None
        assert declined.last_payment_error.code == code
        assert types_of(fake)[1:] == ["payment_intent.payment_failed"]

        assert fake.confirm(intent.id)["status"] == "succeeded"
        assert client.v1.payment_intents.retrieve(intent.id).last_payment_error is None
        charges = client.v1.charges.list({"payment_intent": intent.id}).data
        assert [charge.status for charge in charges] == ["succeeded", "failed"]

    def test_authentication_required(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        waiting = client.v1.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_authenticationRequired", "return_url": RETURN_URL}
        )
        assert (waiting.status, waiting.latest_charge) == ("requires_action", None)
        assert waiting.next_action is not None
        assert waiting.next_action.redirect_to_url is not None
        assert waiting.next_action.redirect_to_url.return_url == RETURN_URL
        assert types_of(fake)[1:] == ["payment_intent.requires_action"]

    def test_receipt_goes_to_the_address_given_last(
        self, client: stripe.StripeClient, intent: stripe.PaymentIntent
    ) -> None:
        paid = client.v1.payment_intents.confirm(
            intent.id,
            {"payment_method": "pm_card_visa", "return_url": RETURN_URL, "receipt_email": "b@example.org"},
        )
        assert paid.receipt_email == "b@example.org"

    def test_twice_is_refused_with_the_intent(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        fake.confirm(intent.id)
        events = fake.events()
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.confirm(
                intent.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL}
            )
        assert refusal.value.code == "payment_intent_unexpected_state"
        assert refusal.value.error is not None
        assert refusal.value.error.payment_intent is not None
        assert refusal.value.error.payment_intent.status == "succeeded"
        assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 1
        assert fake.events() == events

    def test_without_a_payment_method(
        self, client: stripe.StripeClient, intent: stripe.PaymentIntent
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL})
        assert refusal.value.code == "payment_intent_unexpected_state"

    def test_redirecting_methods_need_a_return_url(
        self, client: stripe.StripeClient, intent: stripe.PaymentIntent
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="return_url"):
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
        assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"

    def test_unknown_payment_method(self, client: stripe.StripeClient, intent: stripe.PaymentIntent) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.confirm(
                intent.id, {"payment_method": "pm_card_vise", "return_url": RETURN_URL}
            )
        assert (refusal.value.code, refusal.value.param) == ("resource_missing", "payment_method")


class TestComplete:
    @pytest.mark.parametrize("first", ["requires_action", "processing"])
    def test_success(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent, first: str
    ) -> None:
        outcome: Any = first
        assert fake.confirm(intent.id, outcome)["status"] == first
        fake.complete(intent.id)
        paid = client.v1.payment_intents.retrieve(intent.id)
        assert (paid.status, paid.amount_received, paid.next_action) == ("succeeded", 2000, None)
        assert [charge.status for charge in client.v1.charges.list().data] == ["succeeded"]
        assert types_of(fake)[1:] == [f"payment_intent.{first}", "payment_intent.succeeded"]

    @pytest.mark.parametrize(
        ("first", "code", "charges"),
        [
            ("requires_action", "payment_intent_authentication_failure", []),
            ("processing", "payment_method_provider_decline", ["failed"]),
        ],
    )
    def test_failure(
        self,
        client: stripe.StripeClient,
        fake: FakeStripe,
        intent: stripe.PaymentIntent,
        first: str,
        code: str,
        charges: list[str],
    ) -> None:
        outcome: Any = first
        fake.confirm(intent.id, outcome)
        fake.complete(intent.id, "declined")
        failed = client.v1.payment_intents.retrieve(intent.id)
        assert (failed.status, failed.amount_received) == ("requires_payment_method", 0)
        assert failed.last_payment_error is not None
        assert failed.last_payment_error.code == code
        assert [charge.status for charge in client.v1.charges.list().data] == charges
        assert types_of(fake)[-1] == "payment_intent.payment_failed"

    def test_of_an_intent_that_waits_for_nothing(
        self, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        with pytest.raises(ApiError, match="requires_payment_method"):
            fake.complete(intent.id)
        assert types_of(fake) == ["payment_intent.created"]


class TestUpdate:
    def test_of_an_open_intent(self, client: stripe.StripeClient, intent: stripe.PaymentIntent) -> None:
        client.v1.payment_intents.update(intent.id, {"metadata": {"a": "1", "b": "2"}})
        changed = client.v1.payment_intents.update(
            intent.id, {"amount": 2500, "description": "New", "metadata": {"a": "", "c": "3"}}
        )
        assert (changed.amount, changed.description) == (2500, "New")
        assert changed.metadata.to_dict() == {"b": "2", "c": "3"}

    def test_payment_method_for_a_confirmation_to_come(
        self, client: stripe.StripeClient, intent: stripe.PaymentIntent
    ) -> None:
        ready = client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa"})
        assert ready.status == "requires_confirmation"
        assert client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL}).status == "succeeded"

    def test_all_metadata_can_be_removed(
        self, client: stripe.StripeClient, intent: stripe.PaymentIntent
    ) -> None:
        client.v1.payment_intents.update(intent.id, {"metadata": {"a": "1"}})
        assert client.v1.payment_intents.update(intent.id, {"metadata": ""}).metadata.to_dict() == {}

    def test_amount_of_a_paid_intent(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        fake.confirm(intent.id)
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.update(intent.id, {"amount": 100})
        assert refusal.value.code == "payment_intent_unexpected_state"
        assert client.v1.payment_intents.retrieve(intent.id).amount == 2000
        assert client.v1.payment_intents.update(intent.id, {"description": "Paid"}).description == "Paid"


class TestCancel:
    def test_of_an_open_intent(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        cancelled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
        assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
        assert cancelled.canceled_at is not None
        assert types_of(fake)[1:] == ["payment_intent.canceled"]
        with pytest.raises(ApiError, match="canceled"):
            fake.confirm(intent.id)

    @pytest.mark.parametrize("status", ["succeeded", "processing"])
    def test_of_an_intent_on_its_way(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent, status: str
    ) -> None:
        outcome: Any = status
        fake.confirm(intent.id, outcome)
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.cancel(intent.id)
        assert refusal.value.code == "payment_intent_unexpected_state"
        assert refusal.value.error is not None
        assert refusal.value.error.payment_intent is not None
        assert refusal.value.error.payment_intent.status == status
        assert client.v1.payment_intents.retrieve(intent.id).status == status

    def test_twice(self, client: stripe.StripeClient, intent: stripe.PaymentIntent) -> None:
        client.v1.payment_intents.cancel(intent.id)
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.cancel(intent.id)
        assert refusal.value.code == "payment_intent_unexpected_state"


class TestRetrieve:
    def test_of_what_is_not_there(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.retrieve("pi_none")
        assert (refusal.value.http_status, refusal.value.code, refusal.value.param) == (
            404,
            "resource_missing",
            "intent",
        )

    def test_of_another_kind(self, client: stripe.StripeClient, intent: stripe.PaymentIntent) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
            client.v1.charges.retrieve(intent.id)

    def test_expanding_what_cannot_be(
        self, client: stripe.StripeClient, intent: stripe.PaymentIntent
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            client.v1.payment_intents.retrieve(intent.id, {"expand": ["amount"]})


class TestList:
    def test_pages_newest_first(self, client: stripe.StripeClient) -> None:
        made = [client.v1.payment_intents.create({"amount": 100 + n, "currency": "usd"}).id for n in range(7)]
        newest_first = made[::-1]
        page = client.v1.payment_intents.list({"limit": 3})
        assert [intent.id for intent in page.data] == newest_first[:3]
        assert page.has_more
        everything = client.v1.payment_intents.list({"limit": 3}).auto_paging_iter()
        assert [intent.id for intent in everything] == newest_first
        rest = client.v1.payment_intents.list({"limit": 4, "starting_after": newest_first[2]})
        assert ([intent.id for intent in rest.data], rest.has_more) == (newest_first[3:], False)
        before = client.v1.payment_intents.list({"limit": 2, "ending_before": newest_first[3]})
        assert ([intent.id for intent in before.data], before.has_more) == (newest_first[1:3], True)

    def test_by_time_of_creation(self, client: stripe.StripeClient, fake: FakeStripe) -> None:
        made = {}
        for second in (1000, 2000, 3000):
            fake.clock = partial(float, second + 0.9)
            made[second] = client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
            assert made[second].created == second
        since = client.v1.payment_intents.list({"created": {"gte": 2000}})
        assert [intent.id for intent in since.data] == [made[3000].id, made[2000].id]
        between = client.v1.payment_intents.list({"created": {"gt": 1000, "lt": 3000}})
        assert [intent.id for intent in between.data] == [made[2000].id]
        exactly = client.v1.payment_intents.list({"created": 1000})
        assert [intent.id for intent in exactly.data] == [made[1000].id]

    def test_expanded(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        fake.confirm(intent.id)
        (listed,) = client.v1.payment_intents.list({"expand": ["data.latest_charge.payment_intent"]}).data
        assert isinstance(listed.latest_charge, stripe.Charge)
        assert isinstance(listed.latest_charge.payment_intent, stripe.PaymentIntent)
        assert listed.latest_charge.payment_intent.id == intent.id

    @pytest.mark.parametrize("limit", [0, 101])
    def test_limit_out_of_bounds(self, client: stripe.StripeClient, limit: int) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.list({"limit": limit})
        assert refusal.value.param == "limit"

    def test_unknown_cursor(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.list({"starting_after": "pi_none"})
        assert (refusal.value.code, refusal.value.param) == ("resource_missing", "starting_after")
