"""System checks of the settings for payments."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

DEVELOPMENT_SECRET = "whsec_development"


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


@register("payments")
def check_webhooks_are_signed(**_: Any) -> list[CheckMessage]:
    """orders.E002: without a signing secret every webhook is refused, and the development's is known to all."""
    secrets = settings.STRIPE_WEBHOOK_SECRETS
    signed = secrets and (settings.STRIPE_FAKE_ALLOWED or DEVELOPMENT_SECRET not in secrets)
    if signed or not settings.STRIPE_SECRET_KEY:
        return []
    return [
        Error(
            "STRIPE_SECRET_KEY is set, but no signing secret of a webhook endpoint: payments would go unnoticed.",
            hint="Set STRIPE_WEBHOOK_SECRETS to the secret of the endpoint /stripe/webhook/, whsec_…",
            id="orders.E002",
        )
    ]
