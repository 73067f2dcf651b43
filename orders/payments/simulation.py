"""The shopper's and the bank's part at the fake Stripe, for one of our orders."""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from django.conf import settings

from orders.models import Order, OrderStatus
from orders.payments.attempts import live_attempt
from orders.payments.gateway import fake
from packages.stripe_fake import ApiError, Delivery, Outcome

USUAL_WEBHOOK_URL = "http://127.0.0.1:8000/stripe/webhook/"
SecondOutcome = Literal["succeeded", "declined"]


class SimulationRefused(Exception):
    """The fake refuses the step, as Stripe would, or the order has no payment for it. The message says why."""


def confirm(order_uuid: UUID, outcome: Outcome) -> None:
    """The shopper pays, with a card that leads to the outcome.

    Raises: SimulationRefused.
    """
    act(order_uuid, lambda intent_id: fake().confirm(intent_id, outcome))


def complete(order_uuid: UUID, outcome: SecondOutcome) -> None:
    """The shopper passes 3-D Secure, or the bank answers a payment that is processing.

    Raises: SimulationRefused.
    """
    act(order_uuid, lambda intent_id: fake().complete(intent_id, outcome))


def act(order_uuid: UUID, step: Callable[[str], object]) -> None:
    payment = live_attempt(order_uuid)
    if payment is None:
        raise SimulationRefused(f"Order {order_uuid} has no live payment.")
    if not payment.intent_id:
        raise SimulationRefused(
            f"The payment of order {order_uuid} has not been started. Start it with retryPayment."
        )
    try:
        step(payment.intent_id)
    except ApiError as error:
        raise SimulationRefused(str(error)) from error


def add_endpoint(url: str) -> None:
    """Register the webhook of a store that has just started."""
    fake().add_endpoint(url)


def webhook_url() -> str:
    """The URL for webhooks: from the settings, or of the store that started last, or on the usual port."""
    return settings.STRIPE_WEBHOOK_URL or fake().running_endpoint() or USUAL_WEBHOOK_URL


def deliver(url: str) -> list[Delivery]:
    """Post all due events, signed, to the webhook at `url`. An event without a 2xx is due again later."""
    return fake().deliver(url=url, secret=settings.STRIPE_WEBHOOK_SECRETS[0])


def describe_order(order_uuid: UUID) -> str:
    """Describe the state of the order and its payment in one line."""
    order = Order.objects.get(pk=order_uuid)
    line = f"Order {order_uuid} is {OrderStatus(order.status).name}"
    payment = live_attempt(order_uuid)
    if payment is None:
        return f"{line}."
    reason = f": {payment.failure}" if payment.failure else "."
    return f"{line}, its payment {payment.status.upper()}{reason}"
