"""Limits on the stock that unpaid orders hold, so that nobody can empty the shop without paying.

An order holds its stock until it is paid or given up. There are limits for each owner (over their pending orders),
for each IP address (counted in the cache), and for each product of an order (`catalog.stock.most_for_an_order`).
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from redis import RedisError

from core.errors import RateLimited, TooManyAttempts
from core.metrics import REFUSALS
from orders.errors import TooManyOpenOrders
from orders.models import Order, OrderStatus, Payment

logger = logging.getLogger(__name__)

MAX_PENDING = 3


@dataclass(frozen=True, kw_only=True)
class Hold:
    """The lines and units that one or more orders hold."""

    lines: int = 0
    units: int = 0

    def __add__(self, other: "Hold") -> "Hold":
        return Hold(lines=self.lines + other.lines, units=self.units + other.units)

    def exceeds(self, most: "Hold") -> bool:
        return self.lines > most.lines or self.units > most.units


def check_owner(pending: list[Hold], wanted: Hold) -> None:
    """Check the owner's limits for one more order.

    Raises:
        TooManyOpenOrders: they have too many unpaid orders, or these would hold too much stock together with this one.
        RateLimited: this one alone would.
    """
    if len(pending) >= MAX_PENDING:
        raise TooManyOpenOrders(_("Please pay or cancel your open orders first."))
    most = Hold(lines=settings.STORE_HOLD_LINES, units=settings.STORE_HOLD_UNITS)
    allowed = {"products": most.lines, "pieces": most.units}
    if wanted.exceeds(most):
        message = _(
            "Unpaid orders can hold at most %(products)s products and %(pieces)s pieces. Please order less."
        )
        raise RateLimited(message % allowed)
    if sum(pending, wanted).exceeds(most):
        message = _(
            "Unpaid orders can hold at most %(products)s products and %(pieces)s pieces together. Please order less, "
            "or pay or cancel your open orders first."
        )
        raise TooManyOpenOrders(message % allowed)


def check_address(address: str, wanted: Hold, *, now: datetime) -> None:
    """Check the limits of an IP address for one more order.

    Orders that are placed side by side may all be checked before any is counted, so the limit can be exceeded by the
    number of workers.

    While the cache does not answer, orders are not counted: the shop goes on selling, within the other limits.

    Raises: RateLimited, if too much has been ordered in this window.
    """
    keys = address_keys(address, now=now)
    try:
        counted = cache.get_many(keys)
    except RedisError as lost:
        logger.warning("The orders of an address are not counted: %r", lost)
        return
    before = Hold(lines=counted.get(keys[0], 0), units=counted.get(keys[1], 0))
    most = Hold(lines=settings.STORE_HOLD_ADDRESS_LINES, units=settings.STORE_HOLD_ADDRESS_UNITS)
    if (before + wanted).exceeds(most):
        REFUSALS.labels("hold").inc()
        error = TooManyAttempts(
            retry_after_seconds=window_seconds() - int(now.timestamp()) % window_seconds()
        )
        raise RateLimited(error.message, retry_after_seconds=error.retry_after_seconds)


def count_address(address: str, placed: Hold, *, now: datetime) -> None:
    """Add an order to the window of the IP address, if the cache answers."""
    with suppress(RedisError):
        for key, number in zip(address_keys(address, now=now), (placed.lines, placed.units), strict=True):
            if not cache.add(key, number, timeout=window_seconds()):
                with suppress(ValueError):  # the window has just ended
                    cache.incr(key, number)


def address_keys(address: str, *, now: datetime) -> tuple[str, str]:
    begun = int(now.timestamp()) // window_seconds()
    return f"held-lines:{begun}:{address}", f"held-units:{begun}:{address}"


def window_seconds() -> int:
    """Return the length of a window, which is the time that an order holds its stock if nobody tries to pay."""
    return max(1, int(settings.STORE_HOLD_UNTRIED.total_seconds()))


def first_expiry(now: datetime) -> datetime:
    """Return the time at which an order placed now expires, if nobody tries to pay."""
    return now + min(settings.STORE_HOLD_UNTRIED, settings.STORE_ORDER_EXPIRY)


def prolong(payment: Payment) -> None:
    """Hold the stock for the whole STORE_ORDER_EXPIRY once the shopper has tried to pay. Repeating it changes nothing.

    A step of a transaction that has locked the order.
    """
    expiry = payment.created_at + settings.STORE_ORDER_EXPIRY
    Order.objects.filter(pk=payment.order_id, status=OrderStatus.PENDING, expires_at__lt=expiry).update(
        expires_at=expiry
    )
