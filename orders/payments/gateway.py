"""The way to Stripe: the official SDK, over the network with a key, over our fake transport without one."""

import logging
from functools import cache
from pathlib import Path

import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from packages.stripe_fake import FakeStripe

stripe.enable_telemetry = False  # it would write to the home directory

TIMEOUT_SECONDS = 10
NETWORK_RETRIES = 2

# What Stripe will not charge less than, in smallest units; a currency that is not listed has no minimum of its own.
MINIMUM = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50,
    "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50,
    "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip

logger = logging.getLogger(__name__)


def client() -> stripe.StripeClient:
    """Stripe's client. ImproperlyConfigured for the fake where DEBUG is off: it would give the goods away."""
    if settings.STRIPE_SECRET_KEY:
        return real_client(settings.STRIPE_SECRET_KEY)
    if not fake_in_use():
        raise ImproperlyConfigured("STRIPE_SECRET_KEY is missing; the fake Stripe is for DEBUG alone.")
    return fake_client(settings.STRIPE_FAKE_DB)


def fake_in_use() -> bool:
    """Whether it is the fake that payments go to: only in development, and only without a real key."""
    return settings.STRIPE_FAKE_ALLOWED and not settings.STRIPE_SECRET_KEY


def is_live() -> bool:
    """Whether real money moves; Stripe's keys say so in their names."""
    return "_live_" in settings.STRIPE_SECRET_KEY


def fake() -> FakeStripe:
    """The fake, for what a shopper and a bank do to it."""
    return fake_transport(settings.STRIPE_FAKE_DB)


@cache
def real_client(key: str) -> stripe.StripeClient:
    transport = stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
    return stripe.StripeClient(key, http_client=transport, max_network_retries=NETWORK_RETRIES)


@cache
def fake_client(path: Path) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_fake", http_client=fake_transport(path), max_network_retries=NETWORK_RETRIES
    )


@cache
def fake_transport(path: Path) -> FakeStripe:
    return FakeStripe(path)
