"""Signatures by standardwebhooks.com, and the secrets that make them."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes

from standardwebhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + b64encode(token_bytes(SECRET_BYTES)).decode()


def signed_headers(body: str, *, event: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers of an attempt, with a signature by each secret. `now` must be in UTC."""
    signatures = (Webhook(secret).sign(event, now, body) for secret in secrets)
    return {
        "webhook-id": event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
