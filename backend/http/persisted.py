"""Automatic persisted queries: clients send a document once with its SHA-256, and then only the hash."""

import logging
from hashlib import sha256

from django.core.cache import caches
from django.http import HttpRequest
from redis import RedisError

from core.budget import Budget, increase
from core.errors import BadUserInput, RequestError
from core.throttle import client_address

logger = logging.getLogger(__name__)

# The number of documents that are kept; the oldest is replaced first. Together they take at most 10 MB.
MAX_DOCUMENTS = 500
HOUR, DAY = 60 * 60, 24 * 60 * 60
# The bytes that one address may add in an hour, so that it cannot drive out the documents of others.
BYTES = Budget(name="persist", limit=1_000_000, seconds=HOUR)
# A short document counts as this many bytes, because it also takes a place.
MIN_BYTES = 4_000


class PersistedQueryNotFound(RequestError):
    """The hash is unknown. Apollo then sends the document too. The message is part of its protocol."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


def document(digest: str) -> str:
    """Return the document with this hash.

    Raises:
        PersistedQueryNotFound: no such document is kept, or the cache does not answer.
    """
    try:
        text: str | None = caches["documents"].get(digest)
    except RedisError as error:
        logger.warning("Persisted documents cannot be read: %r", error)
        text = None
    if text is None:
        raise PersistedQueryNotFound
    return text


def check_digest(digest: str, text: str) -> None:
    """Check that the hash is the document's, so that nobody can replace a document that others use.

    Raises:
        BadUserInput: the hash is another document's.
    """
    if sha256(text.encode()).hexdigest() != digest:
        raise BadUserInput("The hash does not match the document.")


def keep(request: HttpRequest, *, digest: str, text: str) -> None:
    """Keep a valid document in place of the oldest one, unless its address has sent too many bytes."""
    try:
        replace_oldest(request, digest=digest, text=text)
    except RedisError as error:
        logger.warning("A persisted document is not kept: %r", error)


def replace_oldest(request: HttpRequest, *, digest: str, text: str) -> None:
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
