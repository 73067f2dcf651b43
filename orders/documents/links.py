"""Signed links to documents, for whoever has seen the order. They need no session, and are good for a day."""

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

LIFETIME = timedelta(days=1)
signer = TimestampSigner(salt="orders.documents", sep=".")  # which needs no escape in a URL


def path_of(document_pk: int) -> str:
    return reverse("order-document", args=[signer.sign(str(document_pk))])


def document_of(token: str) -> int | None:
    """Return the key of the document that the token opens; None if it has expired, or was not made here."""
    try:
        return int(signer.unsign(token, max_age=LIFETIME))
    except BadSignature:  # or its subclass for one that has expired
        return None
