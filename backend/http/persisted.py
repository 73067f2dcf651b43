"""Automatic persisted queries: a document comes once with its SHA-256, and from then on the hash stands for it."""

from contextlib import suppress
from hashlib import sha256

from django.core.cache import caches
from django.http import HttpRequest

from core.errors import BadUserInput, RequestError, TooManyAttempts
from core.throttle import Limit, count_attempt

KEEP_LIMITS = [Limit(action="persist", rate="1000/1h", by_address=True)]


class PersistedQueryNotFound(RequestError):
    """Apollo answers this by sending the document along; the message is part of its protocol."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


def document(digest: str) -> str:
    """The document of this hash. Raises PersistedQueryNotFound."""
    text: str | None = caches["documents"].get(digest)
    if text is None:
        raise PersistedQueryNotFound
    return text


def check_digest(digest: str, text: str) -> None:
    """BadUserInput for another document's hash: nobody may replace a document that others name by its hash."""
    if sha256(text.encode()).hexdigest() != digest:
        raise BadUserInput("The hash is not that of the document.")


def keep(request: HttpRequest, *, digest: str, text: str) -> None:
    """Keep a document that is valid, unless too many came from this address: they would drive out all others."""
    with suppress(TooManyAttempts):
        count_attempt(request, KEEP_LIMITS)
        caches["documents"].set(digest, text)
