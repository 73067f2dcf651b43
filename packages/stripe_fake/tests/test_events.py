"""Events, delivered as Stripe delivers them and read by the SDK."""

import json
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import stripe

from packages.stripe_fake import FakeStripe

SECRET = "whsec_test"


class Endpoint:
    """A webhook that verifies events, and gives the next of its `answers`, or else 200."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.received: list[stripe.Event] = []

    def __call__(self, body: bytes, signature: str) -> int:
        self.received.append(stripe.Webhook.construct_event(body, signature, SECRET))
        return self.answers.pop(0) if self.answers else 200

    @property
    def types(self) -> list[str]:
        return [event.type.removeprefix("payment_intent.") for event in self.received]


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def url(endpoint: Endpoint) -> Iterator[str]:
    """The endpoint behind a real HTTP server."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(endpoint(body, self.headers["Stripe-Signature"]))
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}/webhook"
        server.shutdown()


class TestEvent:
    def test_has_stripes_shape_and_a_snapshot(
        self, client: stripe.StripeClient, fake: FakeStripe, endpoint: Endpoint
    ) -> None:
        intent = client.v1.payment_intents.create(
            {"amount": 2000, "currency": "usd"}, {"idempotency_key": "payment:1"}
        )
        fake.confirm(intent.id)
        fake.deliver_through(endpoint, secret=SECRET)
        created, succeeded = endpoint.received
        assert created.id.startswith("evt_")
        assert (created.object, created.livemode) == ("event", False)
        assert created.api_version == stripe.api_version
        assert created.created == int(created.created)
        assert created.data.object["status"] == "requires_payment_method"
        assert created.request is not None
        assert created.request.idempotency_key == "payment:1"
        assert succeeded.type == "payment_intent.succeeded"
        assert succeeded.data.object["status"] == "succeeded"
        assert succeeded.request is not None
        assert succeeded.request.id is None

    def test_signature_of_another_secret(self, fake: FakeStripe, intent: stripe.PaymentIntent) -> None:
        def endpoint(body: bytes, signature: str) -> int:
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.Webhook.construct_event(body, signature, SECRET)
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.Webhook.construct_event(body + b" ", signature, "whsec_other")
            stripe.Webhook.construct_event(body, signature, "whsec_other")
            return 200

        (delivery,) = fake.deliver_through(endpoint, secret="whsec_other")
        assert delivery.status == 200


class TestDeliver:
    def test_once_in_order(self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint) -> None:
        fake.confirm(intent.id, "requires_action")
        fake.complete(intent.id)
        deliveries = fake.deliver_through(endpoint, secret=SECRET)
        assert endpoint.types == ["created", "requires_action", "succeeded"]
        assert [(delivery.attempt, delivery.status) for delivery in deliveries] == [(1, 200)] * 3
        assert [delivery.event for delivery in deliveries] == [event["id"] for event in fake.events()]
        assert fake.deliver_through(endpoint, secret=SECRET) == []

    def test_retries_until_it_is_taken(
        self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint
    ) -> None:
        start = time.time()
        endpoint.answers = [500, 400, 200]
        seen = []
        for later in (0, 1, 2, 3, 6, 100):
            fake.clock = partial(float, start + later)
            seen += [
                (later, delivery.attempt, delivery.status)
                for delivery in fake.deliver_through(endpoint, secret=SECRET)
            ]
        assert seen == [(0, 1, 500), (2, 2, 400), (6, 3, 200)]
        assert len({event.id for event in endpoint.received}) == 1

    def test_event_caused_by_the_endpoint_is_delivered_too(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        def endpoint(body: bytes, signature: str) -> int:
            if json.loads(body)["type"] == "payment_intent.succeeded":
                client.v1.refunds.create({"payment_intent": intent.id})
            return 204

        fake.confirm(intent.id)
        deliveries = fake.deliver_through(endpoint, secret=SECRET)
        assert [delivery.type for delivery in deliveries] == [
            "payment_intent.created",
            "payment_intent.succeeded",
            "refund.created",
            "charge.refunded",
        ]

    def test_event_under_way_is_not_sent_twice(self, fake: FakeStripe, intent: stripe.PaymentIntent) -> None:
        meanwhile = []

        def endpoint(body: bytes, signature: str) -> int:
            meanwhile.extend(fake.deliver_through(endpoint, secret=SECRET))
            return 200

        assert len(fake.deliver_through(endpoint, secret=SECRET)) == 1
        assert meanwhile == []

    def test_deliverer_that_dies_leaves_the_event_due(
        self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint
    ) -> None:
        start = time.time()
        fake.clock = lambda: start

        def dying(body: bytes, signature: str) -> int:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fake.deliver_through(dying, secret=SECRET)
        fake.clock = lambda: start + 2
        (delivery,) = fake.deliver_through(endpoint, secret=SECRET)
        assert (delivery.attempt, delivery.status) == (2, 200)

    def test_over_http(
        self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint, url: str
    ) -> None:
        start = time.time()
        endpoint.answers = [503, 302, 200]
        statuses = []
        for later in (0, 10, 20, 30):
            fake.clock = partial(float, start + later)
            statuses += [delivery.status for delivery in fake.deliver(url=url, secret=SECRET)]
        assert statuses == [503, 302, 200]

    def test_nobody_listens(self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint) -> None:
        (attempt,) = fake.deliver(url="http://127.0.0.1:1/webhook", secret=SECRET)
        assert attempt.status is None
        start = time.time()
        fake.clock = lambda: start + 10
        (attempt,) = fake.deliver_through(endpoint, secret=SECRET)
        assert (attempt.attempt, attempt.status) == (2, 200)


class TestFaultyDelivery:
    def test_duplicated(self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint) -> None:
        fake.inject("event_duplicated", match="payment_intent.succeeded")
        fake.confirm(intent.id)
        fake.deliver_through(endpoint, secret=SECRET)
        assert endpoint.types == ["created", "succeeded", "succeeded"]
        assert endpoint.received[1].id == endpoint.received[2].id
        assert len(fake.events()) == 2

    def test_reordered(self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint) -> None:
        fake.inject("event_reordered", match="*.requires_action")
        fake.confirm(intent.id, "requires_action")
        fake.complete(intent.id)
        fake.deliver_through(endpoint, secret=SECRET)
        assert endpoint.types == ["created", "succeeded", "requires_action"]

    def test_delayed(self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint) -> None:
        start = time.time()
        fake.inject("event_delayed", seconds=60, match="*.succeeded")
        fake.confirm(intent.id)
        fake.deliver_through(endpoint, secret=SECRET)
        assert endpoint.types == ["created"]
        fake.clock = lambda: start + 61
        fake.deliver_through(endpoint, secret=SECRET)
        assert endpoint.types == ["created", "succeeded"]

    def test_dropped(self, fake: FakeStripe, intent: stripe.PaymentIntent, endpoint: Endpoint) -> None:
        fake.inject("event_dropped", match="*.succeeded")
        fake.confirm(intent.id)
        start = time.time()
        fake.clock = lambda: start + 30 * 24 * 60 * 60
        fake.deliver_through(endpoint, secret=SECRET)
        assert endpoint.types == ["created"]
        assert [event["type"] for event in fake.events()][-1] == "payment_intent.succeeded"

    def test_requests_are_not_touched_by_faults_of_events(
        self, client: stripe.StripeClient, fake: FakeStripe, intent: stripe.PaymentIntent
    ) -> None:
        fake.inject("event_dropped", times=None)
        assert client.v1.payment_intents.retrieve(intent.id).id == intent.id
