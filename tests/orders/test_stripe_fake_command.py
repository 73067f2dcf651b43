"""manage.py stripe_fake, against a running store."""

import time
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.models import Order, Payment
from orders.payments.gateway import fake
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import add_to_cart, checkout, status_of

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = "http://127.0.0.1:1/stripe/webhook/"


@pytest.fixture
def url(live_server: LiveServer) -> str:
    return f"{live_server.url}/stripe/webhook/"


@pytest.fixture
def order(api: GraphQLClient) -> str:
    """The uuid of a pending order."""
    add_to_cart(api, make_product())
    uuid: str = checkout(api)["uuid"]
    return uuid


def stripe_fake(*arguments: str) -> list[str]:
    """Run the command, and return the lines that it prints."""
    out = StringIO()
    call_command("stripe_fake", *arguments, stdout=out)
    return out.getvalue().splitlines()


class TestConfirm:
    def test_pays_by_signed_webhooks(self, order: str, url: str) -> None:
        created, succeeded, standing = stripe_fake("confirm", order, "--url", url)
        assert created.split()[::2] == ["payment_intent.created", "200"]
        assert succeeded.split()[::2] == ["payment_intent.succeeded", "200"]
        assert standing == f"Order {order} is SHIPPED, its payment SUCCEEDED."
        assert status_of(order) == "shipped"

    def test_goes_to_the_url_of_the_settings(self, order: str, url: str, settings: Settings) -> None:
        settings.STRIPE_WEBHOOK_URL = url
        stripe_fake("confirm", order)
        assert status_of(order) == "shipped"

    def test_declined_can_be_paid_after_all(self, order: str, url: str) -> None:
        *_, standing = stripe_fake("confirm", order, "--outcome", "declined", "--url", url)
        assert standing == f"Order {order} is PENDING, its payment FAILED: Your card was declined."
        stripe_fake("confirm", order, "--url", url)
        assert status_of(order) == "shipped"

    @pytest.mark.parametrize("outcome", ["requires_action", "processing"])
    def test_first_of_two_steps(self, order: str, url: str, outcome: str) -> None:
        *_, standing = stripe_fake("confirm", order, "--outcome", outcome, "--url", url)
        assert standing == f"Order {order} is PENDING, its payment {outcome.upper()}."

    def test_unknown_order(self) -> None:
        with pytest.raises(CommandError, match="No order has the number"):
            stripe_fake("confirm", str(uuid4()), "--url", NOWHERE)

    def test_no_uuid(self) -> None:
        with pytest.raises(CommandError, match="invalid UUID value: 'latest'"):
            stripe_fake("confirm", "latest")

    def test_without_a_live_payment(self, order: str) -> None:
        Payment.objects.update(status="cancelled")
        with pytest.raises(CommandError, match="no live payment"):
            stripe_fake("confirm", order, "--url", NOWHERE)

    def test_payment_that_is_not_started(self, api: GraphQLClient) -> None:
        fake().inject("rate_limit")
        add_to_cart(api, make_product())
        order = checkout(api)["uuid"]
        with pytest.raises(CommandError, match=r"has not been started\. Start it with retryPayment"):
            stripe_fake("confirm", order, "--url", NOWHERE)

    def test_second_time(self, order: str, url: str) -> None:
        stripe_fake("confirm", order, "--url", url)
        with pytest.raises(CommandError, match="already succeeded"):
            stripe_fake("confirm", order, "--url", url)
        assert status_of(order) == "shipped"

    def test_store_that_is_not_running(self, order: str, url: str) -> None:
        with pytest.raises(CommandError, match=rf"Nothing answers at {NOWHERE}.*stripe_fake deliver"):
            stripe_fake("confirm", order, "--url", NOWHERE)
        assert status_of(order) == "pending"
        assert stripe_fake("deliver", "--url", url) == ["No event is due."]
        fake().clock = lambda: time.time() + 5
        assert len(stripe_fake("deliver", "--url", url)) == 2
        assert status_of(order) == "shipped"

    def test_store_that_refuses(self, order: str, live_server: LiveServer) -> None:
        with pytest.raises(CommandError, match="The store refused"):
            stripe_fake("confirm", order, "--url", f"{live_server.url}/elsewhere/")
        assert status_of(order) == "pending"


class TestComplete:
    @pytest.mark.parametrize("first", ["requires_action", "processing"])
    @pytest.mark.parametrize(("outcome", "status"), [("succeeded", "shipped"), ("declined", "pending")])
    def test_second_step(self, order: str, url: str, first: str, outcome: str, status: str) -> None:
        stripe_fake("confirm", order, "--outcome", first, "--url", url)
        stripe_fake("complete", order, "--outcome", outcome, "--url", url)
        assert status_of(order) == status

    def test_without_a_first(self, order: str) -> None:
        with pytest.raises(CommandError, match="requires_payment_method"):
            stripe_fake("complete", order, "--url", NOWHERE)
        assert [event["type"] for event in fake().events()] == ["payment_intent.created"]


class TestDeliver:
    def test_what_is_due(self, order: str, url: str) -> None:
        fake().confirm(Payment.objects.get().intent_id or "")
        assert status_of(order) == "pending"
        assert len(stripe_fake("deliver", "--url", url)) == 2
        assert status_of(order) == "shipped"


class TestInject:
    def test_spoils_a_request(self, api: GraphQLClient) -> None:
        stripe_fake("inject", "rate_limit", "--times", "1", "--match", "POST /v1/payment_intents")
        add_to_cart(api, make_product())
        order = checkout(api)
        assert order["payment"]["clientSecret"] is None
        assert Order.objects.get().uuid.hex == order["uuid"].replace("-", "")

    def test_spoils_an_event(self, order: str, url: str) -> None:
        stripe_fake("inject", "event_duplicated", "--match", "*.succeeded")
        lines = stripe_fake("confirm", order, "--url", url)
        assert sum("payment_intent.succeeded" in line for line in lines) == 2
        assert status_of(order) == "shipped"

    def test_delays_an_event(self, order: str, url: str) -> None:
        stripe_fake("deliver", "--url", url)
        stripe_fake("inject", "event_delayed", "--seconds", "60", "--match", "*.succeeded")
        assert stripe_fake("confirm", order, "--url", url) == [
            "No event is due.",
            f"Order {order} is PENDING, its payment PENDING.",
        ]

    @pytest.mark.parametrize("arguments", [["earthquake"], ["timeout", "--times", "0"], []])
    def test_malformed(self, arguments: list[str]) -> None:
        with pytest.raises(CommandError):
            stripe_fake("inject", *arguments)

    def test_clear(self, api: GraphQLClient) -> None:
        stripe_fake("inject", "rate_limit", "--times", "5")
        stripe_fake("clear")
        add_to_cart(api, make_product())
        assert checkout(api)["payment"]["clientSecret"]


class TestCommand:
    @pytest.mark.parametrize(("allowed", "key"), [(False, ""), (True, "sk_test_of_an_account")])
    @pytest.mark.parametrize(
        "action", [["deliver"], ["clear"], ["inject", "timeout"], ["confirm", str(uuid4())]]
    )
    def test_needs_the_fake(self, settings: Settings, allowed: bool, key: str, action: list[str]) -> None:
        settings.STRIPE_FAKE_ALLOWED, settings.STRIPE_SECRET_KEY = allowed, key
        with pytest.raises(CommandError, match="The fake Stripe is not in use"):
            stripe_fake(*action)
