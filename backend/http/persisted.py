"""Automatic persisted queries: a document comes once with its SHA-256, and from then on the hash stands for it."""

from hashlib import sha256

from django.core.cache import caches
from django.http import HttpRequest

from core.budget import Budget, increase
from core.errors import BadUserInput, RequestError
from core.throttle import client_address

# The documents of all together, the oldest replaced first: at most 10 MB of STORE_MAX_DOCUMENT_BYTES each.
MAX_DOCUMENTS = 500
HOUR, DAY = 60 * 60, 24 * 60 * 60
# The bytes of an address in an hour. More would drive out the documents of others.
BYTES = Budget(name="persist", limit=1_000_000, seconds=HOUR)
# A short document takes a place too.
MIN_BYTES = 4_000


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
    """Keep a document that is valid, in place of the oldest, unless its address has sent too many bytes."""
    cache = caches["documents"]
    if cache.get(digest) is not None:
        return
    size = max(len(text.encode()), MIN_BYTES)
    if BYTES.spend(f"address:{client_address(request)}", size).is_over:
        return
    place = f"place:{increase('places', 1, seconds=DAY, cache_name='documents') % MAX_DOCUMENTS}"
    if oldest := cache.get(place):
        cache.delete(oldest)
    cache.set(place, digest)
    cache.set(digest, text)
