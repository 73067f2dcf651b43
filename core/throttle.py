"""Rate limits by address and by account, counted in the cache."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import ngettext
from django_ratelimit.core import get_usage
from redis import RedisError

from core.errors import DomainError, RateLimited, TooManyAttempts
from core.metrics import REFUSALS

logger = logging.getLogger(__name__)

# The current request, for code that is not passed one: Django's forms also hash passwords, and each hash is counted.
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)

# 203.0.113.9:51234, [2001:db8::1]:51234, [2001:db8::1]
WITH_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.]+)\](?::\d+)?|(?P<v4>[0-9.]+):\d+")
CLIENT_PREFIX = 64
# How long a client should wait if it is refused because the cache does not answer.
RETRY_SECONDS = 60
# The headers of a rendering server: its secret, and the address of the shopper for whom it asks.
RENDERER_HEADER, SHOPPER_HEADER = "X-Store-Renderer", "X-Store-Shopper"
# Clients of a Unix socket, without a proxy that names them, count as one.
NO_ADDRESS = "0.0.0.0"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A rate (`10/5m`) of one action for each address, each account, or each pair of the two.

    A limit by account does not limit guests, who have none: give one by address as well. While the cache does not
    answer, the action is refused, as guesses at passwords must be, unless it is allowed `uncounted`.
    """

    action: str
    rate: str
    by_address: bool = False
    by_account: bool = False
    uncounted: bool = False

    def __post_init__(self) -> None:
        if not (self.by_address or self.by_account):
            raise ValueError("A Limit counts by address, by account, or both.")

    def usage(self, request: HttpRequest | None, *, account: str, increment: bool) -> dict[str, Any]:
        """Return django-ratelimit's count, limit, should_limit and time_left.

        Only a limit by address needs a request.
        """
        try:
            usage: dict[str, Any] = get_usage(
                request,
                group=f"{self.action}:{account.lower()}" if self.by_account else self.action,
                key="ip" if self.by_address else one_key_for_all,
                rate=self.rate,
                increment=increment,
            )
        except RedisError as error:
            logger.warning("An attempt is not counted (%s): %r", self.action, error)
            refused = not self.uncounted
            return {
                "count": 0,
                "limit": 0 if refused else 1,
                "should_limit": refused,
                "time_left": RETRY_SECONDS,
            }
        return usage


# An account can upload a page of products. An address gets more, because an office or a carrier shares one.
UPLOAD_LIMITS = [
    Limit(action="upload", rate="100/5m", by_address=True),
    Limit(action="upload", rate="20/5m", by_account=True),
]
# A product may come with 20 pictures. Each takes about a second of a process.
FILE_LIMITS = [
    Limit(action="file", rate="500/5m", by_address=True),
    Limit(action="file", rate="100/5m", by_account=True),
]


def upload_limits(files: int) -> list[Limit]:
    """Return the limits of an attempt with this number of files."""
    return [*UPLOAD_LIMITS, *FILE_LIMITS * files] if files else []


def client_address(request: HttpRequest) -> str:
    """The address of the client that connected to us or to the first trusted proxy; for IPv6 its network.

    A server that renders pages asks for many shoppers, and says for whom. Otherwise each proxy appends the address that
    it sees to STORE_CLIENT_HEADER. Entries before those of the trusted proxies come from the client, and may be forged.
    """
    if is_renderer(request):
        shopper = normalize_address(request.headers.get(SHOPPER_HEADER, ""))
        if shopper:
            return shopper
    connected = normalize_address(request.META["REMOTE_ADDR"]) or NO_ADDRESS
    hops, header = settings.STORE_TRUSTED_PROXIES, settings.STORE_CLIENT_HEADER
    if not header:
        return connected
    forwarded = request.headers.get(header, "").split(",")
    if not 1 <= hops <= len(forwarded):
        return connected
    return normalize_address(forwarded[-hops]) or connected


def is_renderer(request: HttpRequest) -> bool:
    """Whether the request comes from a rendering server, which knows STORE_RENDERER_SECRET."""
    secret, given = settings.STORE_RENDERER_SECRET, request.headers.get(RENDERER_HEADER, "")
    return bool(secret) and constant_time_compare(given, secret)


def normalize_address(text: str) -> str | None:
    """Return the address without its port. IPv6 becomes the first address of its /64, all of which one client has."""
    match = WITH_PORT.fullmatch(text.strip())
    try:
        address = ip_address((match["v6"] or match["v4"]) if match else text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), CLIENT_PREFIX), strict=False).network_address)


def one_key_for_all(_group: str, _request: HttpRequest | None) -> str:
    return ""


def count_attempt(request: HttpRequest | None, limits: Sequence[Limit], *, account: str = "") -> None:
    """Count one attempt. Without an account the limits by account are skipped.

    Raises: TooManyAttempts, if a limit is exceeded.
    """
    for limit in limits:
        if limit.by_account and not account:
            continue
        usage = limit.usage(request, account=account, increment=True)
        if usage["should_limit"]:
            raise too_many(limit, usage)


@contextmanager
def count_failures(request: HttpRequest, limits: Sequence[Limit], *, account: str = "") -> Iterator[None]:
    """Count an attempt if the block raises a DomainError other than TooManyAttempts.

    Attempts that run side by side may all be checked before any is counted, so the limit can be exceeded by the
    number of workers.

    Raises: TooManyAttempts, before the block runs, if a limit is used up.
    """
    for limit in limits:
        usage = limit.usage(request, account=account, increment=False)
        if usage["count"] >= usage["limit"]:
            raise too_many(limit, usage)
    try:
        yield
    except TooManyAttempts:
        raise
    except DomainError:
        for limit in limits:
            limit.usage(request, account=account, increment=True)
        raise


class Throttling:
    """Middleware that sets `current_request`, and answers 429 if a limit refuses one of Django's pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = current_request.set(request)
        try:
            return self.get_response(request)
        finally:
            current_request.reset(token)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooManyAttempts | RateLimited):
            return None
        seconds = error.retry_after_seconds or 1
        minutes = -(-seconds // 60)
        return HttpResponse(
            ngettext(
                "Too many attempts. Please try again in a minute.",
                "Too many attempts. Please try again in %(minutes)s minutes.",
                minutes,
            )
            % {"minutes": minutes},
            status=429,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": str(seconds)},
        )


def too_many(limit: Limit, usage: dict[str, Any]) -> TooManyAttempts:
    REFUSALS.labels(limit.action).inc()
    return TooManyAttempts(retry_after_seconds=max(1, usage["time_left"]))
