"""System checks of the payment settings."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

DEVELOPMENT_SECRET = "whsec_development"
MAX_PREFIX = 20


@register("payments")
def check_payments_are_real(**_: Any) -> list[CheckMessage]:
    """Check that there is a real Stripe outside development (orders.E001): the fake would give the goods away."""
    if settings.STRIPE_SECRET_KEY or settings.STRIPE_FAKE_ALLOWED:
        return []
    return [
        Error(
            "Payments cannot be taken: STRIPE_SECRET_KEY is missing, and the fake Stripe is only for DEBUG.",
            hint="Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS, or set DEBUG for development.",
            id="orders.E001",
        )
    ]


@register("payments")
def check_webhooks_are_signed(**_: Any) -> list[CheckMessage]:
    """Check that webhooks have a secret of their own (orders.E002).

    Without one every webhook is refused, and the secret of development is public.
    """
    secrets = settings.STRIPE_WEBHOOK_SECRETS
    signed = secrets and (settings.STRIPE_FAKE_ALLOWED or DEVELOPMENT_SECRET not in secrets)
    if signed or not settings.STRIPE_SECRET_KEY:
        return []
    return [
        Error(
            "STRIPE_SECRET_KEY is set without the signing secret of a webhook, so payments would go unnoticed.",
            hint="Set STRIPE_WEBHOOK_SECRETS to the secret (whsec_…) of your endpoint /stripe/webhook/ at Stripe.",
            id="orders.E002",
        )
    ]


@register("documents")
def check_numbers_of_documents(**_: Any) -> list[CheckMessage]:
    """Check that the numbers of documents fit and can be told apart (orders.E003): paid orders could not be saved."""
    prefixes = settings.STORE_INVOICE_PREFIX, settings.STORE_CREDIT_NOTE_PREFIX
    if len(set(prefixes)) == 2 and max(map(len, prefixes)) <= MAX_PREFIX:
        return []
    return [
        Error(
            "The numbers of invoices and credit notes are too long, or look alike.",
            hint=f"Set STORE_INVOICE_PREFIX and STORE_CREDIT_NOTE_PREFIX to two texts of at most {MAX_PREFIX} "
            "characters.",
            id="orders.E003",
        )
    ]
