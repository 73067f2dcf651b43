"""Signed links of mails, which open one order to whoever holds them, without the account."""

from datetime import timedelta
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

# Long enough for a return of what was delivered late; a mail that is found years later opens nothing.
LIFETIME = timedelta(days=180)
signer = TimestampSigner(salt="orders.links", sep=".")  # the sign between its parts needs no escape in a URL


def token_of(order: UUID) -> str:
    return signer.sign(order.hex)


def order_of(token: str) -> UUID | None:
    """Return the key of the order that the token opens; None if it has expired, or was not made here."""
    try:
        return UUID(signer.unsign(token, max_age=LIFETIME))
    except BadSignature:  # or its subclass for one that has expired
        return None
