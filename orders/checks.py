"""System checks of the settings for payments."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register("payments")
def check_payments_are_real(**_: Any) -> list[CheckMessage]:
    """orders.E001: outside development the fake Stripe would give the goods away."""
    if settings.STRIPE_SECRET_KEY or settings.STRIPE_FAKE_ALLOWED:
        return []
    return [
        Error(
            "There is no way to be paid: STRIPE_SECRET_KEY is missing, and the fake Stripe is for DEBUG alone.",
            hint="Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS, or DEBUG for development.",
            id="orders.E001",
        )
    ]
