"""The webhook: only signed events are accepted, and failed ones are sent again."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe
from django.conf import settings as django_settings
from pytest_django import Settings

from catalog.models import Product
from orders.models import StripeEvent
from orders.payments.gateway import client
from packages.stripe_fake import sign
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import Bank, add_to_cart, checkout, nothing_changes, status_of

pytestmark = pytest.mark.django_db

URL = "/stripe/webhook/"


def sign_event(body: str, *, secret: str | None = None, at: int | None = None) -> str:
    secret = secret or django_settings.STRIPE_WEBHOOK_SECRETS[0]
    header: str = stripe.WebhookSignature.generate_signature_header(
        body, secret, timestamp=at or int(time.time())
    )
    return header


def post(api: GraphQLClient, body: str | bytes, signature: str | None) -> int:
    headers = {} if signature is None else {"Stripe-Signature": signature}
    return api.post(URL, body, content_type="application/json", headers=headers).status_code


@pytest.fixture
def lamp() -> Product:
    return make_product(name="Lamp", stock=5)


@pytest.fixture
def paid(api: GraphQLClient, bank: Bank, lamp: Product) -> str:
    """An order that is paid at Stripe, whose events have not arrived yet."""
    add_to_cart(api, lamp, 2)
    uuid: str = checkout(api)["uuid"]
    bank.fake.confirm(bank.intent(uuid))
    return uuid


@pytest.fixture
def success(bank: Bank, paid: str) -> str:
    """The body of the event that reports the payment."""
    [event] = [event for event in bank.fake.events() if event["type"] == "payment_intent.succeeded"]
    return json.dumps(event)


class TestWhatIsNoSignedEvent:
    def test_the_signature(self, api: GraphQLClient, success: str) -> None:
        now = int(time.time())
        good = sign_event(success)
        for signature in (
            None,
            "",
            "t=,v1=",
            "nonsense",
            f"t={now}",
            f"t={now},v1=",
            f"t={now},v1=00",
            f"t={now},v1=é",
            "t=x,v1=00",
            good.replace("v1=", "v0="),
            sign_event(success + " "),
            sign_event(success, secret="whsec_of_somebody_else"),
            sign_event(success, at=now - 301),
        ):
            with nothing_changes():
                assert post(api, success, signature) == 400, signature
        assert post(api, success, good) == 200

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "no JSON",
            "null",
            "1",
            '"evt_1"',
            "[]",
            '[{"object": "event"}]',
            "{}",
            '{"object": "v2.core.event"}',
            '{"object": "event", "id": "evt_1"}',
            '{"object": "event", "id": "evt_1", "type": "payment_intent.succeeded", "livemode": false}',
            '{"object": "event", "id": "evt_1", "type": "x", "livemode": false, "data": null}',
            '{"object": "event", "id": "evt_1", "type": "x", "livemode": false, "data": {}}',
            '{"object": "event", "id": "evt_1", "type": "x", "livemode": false, "data": {"object": []}}',
            '{"object": "event", "id": "evt_1", "type": "x", "livemode": false, "data": {"object": {}}}',
            '{"object": "event", "id": 1, "type": "x", "data": {"object": {"object": "payment_intent"}}}',
            '{"object": "event", "id": "evt_1", "data": {"object": {"object": "payment_intent"}}}',
        ],
    )
    def test_signed_all_the_same(self, api: GraphQLClient, body: str) -> None:
        with nothing_changes():
            assert post(api, body, sign_event(body)) == 400

    def test_no_text(self, api: GraphQLClient) -> None:
        with nothing_changes():
            assert post(api, b"\xff\xfe", sign_event("{}")) == 400

    @pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
    def test_another_method(self, api: GraphQLClient, method: str) -> None:
        assert getattr(api, method)(URL).status_code == 405

    def test_no_secret_is_set(self, api: GraphQLClient, success: str, settings: Settings) -> None:
        good = sign_event(success)
        settings.STRIPE_WEBHOOK_SECRETS = []
        with nothing_changes():
            assert post(api, success, good) == 400

    def test_the_other_mode(self, api: GraphQLClient, success: str) -> None:
        body = json.dumps({**json.loads(success), "livemode": True})
        with nothing_changes():
            assert post(api, body, sign_event(body)) == 400


class TestSecrets:
    def test_two_are_valid_at_once(
        self, api: GraphQLClient, success: str, paid: str, settings: Settings
    ) -> None:
        settings.STRIPE_WEBHOOK_SECRETS = ["whsec_old", "whsec_new"]
        assert post(api, success, sign_event(success, secret="whsec_third")) == 400
        assert post(api, success, sign_event(success, secret="whsec_new")) == 200
        assert status_of(paid) == "shipped"
        with nothing_changes():
            assert post(api, success, sign_event(success, secret="whsec_old")) == 200


class TestWhatConcernsUsNot:
    def test_an_unknown_event(self, api: GraphQLClient, success: str) -> None:
        for subject in ({"object": "plan", "id": "plan_1"}, {"object": "payment_intent"}):
            body = json.dumps({**json.loads(success), "id": "evt_x", "data": {"object": subject}})
            with nothing_changes():
                assert post(api, body, sign_event(body)) == 200

    def test_a_strangers_intent(self, api: GraphQLClient, bank: Bank, paid: str) -> None:
        """Another program may use the same Stripe account."""
        bank.deliver()
        for metadata in ({}, {"payment": "no uuid"}, {"payment": "00000000-0000-4000-8000-000000000000"}):
            intent = client().v1.payment_intents.create(
                {"amount": 2000, "currency": "usd", "metadata": metadata}
            )
            bank.fake.confirm(intent.id)
            recorded = StripeEvent.objects.count()
            assert set(bank.deliver()) == {200}
            assert StripeEvent.objects.count() == recorded
        assert status_of(paid) == "shipped"

    def test_an_intent_that_only_says_it_is_ours(
        self, api: GraphQLClient, bank: Bank, paid: str, lamp: Product
    ) -> None:
        add_to_cart(api, lamp)
        pending = checkout(api)["uuid"]
        ours = client().v1.payment_intents.retrieve(bank.intent(pending))
        metadata = ours.metadata.to_dict()
        copy = client().v1.payment_intents.create({"amount": 1000, "currency": "usd", "metadata": metadata})
        bank.fake.confirm(copy.id)
        assert set(bank.deliver()) == {200}
        assert status_of(pending) == "pending"

    def test_an_intent_of_another_account(self, api: GraphQLClient, success: str) -> None:
        event = json.loads(success)
        event["id"], event["data"]["object"]["id"] = "evt_x", "pi_of_another_account"
        body = json.dumps(event)
        with nothing_changes():
            assert post(api, body, sign_event(body)) == 200


class TestFailuresOfOurs:
    @pytest.fixture
    def later(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
        """Let an hour pass at Stripe, which then repeats refused events."""
        passed = [0.0]
        monkeypatch.setattr(bank.fake, "clock", lambda: time.time() + passed[0])

        def hour() -> None:
            passed[0] += 3600

        return hour  # type: ignore[return-value]

    def test_are_repeated(self, bank: Bank, paid: str, later: Callable[[], None], lamp: Product) -> None:
        bank.fake.inject("server_error", times=None, match="GET /v1/*")
        assert set(bank.deliver()) == {500}
        assert status_of(paid) == "pending"
        assert not StripeEvent.objects.exists()
        assert bank.deliver() == []  # only after some seconds
        bank.fake.clear_faults()
        later()
        assert set(bank.deliver()) == {200}
        assert status_of(paid) == "shipped"
        lamp.refresh_from_db()
        assert (lamp.stock, lamp.sold_count) == (3, 2)


class TestSign:
    def test_the_fake_signs_as_stripe_does(self, success: str) -> None:
        secret = django_settings.STRIPE_WEBHOOK_SECRETS[0]
        event: Any = stripe.Webhook.construct_event(success, sign(success, secret=secret), secret)
        assert event.type == "payment_intent.succeeded"
