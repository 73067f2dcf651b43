"""A budget for the cost of all operations of a shopper in a minute. Each operation also has a limit of its own."""

import logging
from collections import OrderedDict
from threading import Lock
from typing import NoReturn

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.utils.translation import gettext as _
from redis import RedisError

from core.budget import Budget, Spent
from core.errors import RateLimited
from core.metrics import REFUSALS
from core.throttle import client_address

logger = logging.getLogger(__name__)

SECONDS = 60
MAX_KNOWN = 10_000


class Owners:
    """LRU cache of the owners of sessions that exist, by cookie. Thread-safe.

    An unknown cookie may be invented, and would give its sender a fresh budget with each request. To look it up would
    cost a statement. So the cost counts by address until an operation has read its session anyway.
    """

    def __init__(self) -> None:
        self.by_cookie: OrderedDict[str, str] = OrderedDict()
        self.lock = Lock()

    def get(self, cookie: str) -> str | None:
        with self.lock:
            if cookie not in self.by_cookie:
                return None
            self.by_cookie.move_to_end(cookie)
            return self.by_cookie[cookie]

    def add(self, cookie: str, owner: str) -> None:
        with self.lock:
            self.by_cookie[cookie] = owner
            self.by_cookie.move_to_end(cookie)
            while len(self.by_cookie) > MAX_KNOWN:
                self.by_cookie.popitem(last=False)


owners = Owners()


def spend(request: HttpRequest, cost: int) -> Spent | None:
    """Spend the cost of an operation; None if no budget is set, or the cache does not answer."""
    limit = settings.STORE_MAX_COST_PER_MINUTE
    if not limit:
        return None
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    owner = owners.get(cookie) if cookie else None
    budget = Budget(name="cost", limit=limit, seconds=SECONDS)
    try:
        return budget.spend(owner or f"address:{client_address(request)}", cost)
    except RedisError as error:
        # Browsing continues without the budget. Attempts that must be counted, such as passwords, fail elsewhere.
        logger.warning("The cost of an operation is not counted: %r", error)
        return None


def refuse(spent: Spent) -> NoReturn:
    """Refuse an operation beyond the budget.

    Raises:
        RateLimited: always, with the time until the next budget.
    """
    REFUSALS.labels("cost").inc()
    raise RateLimited(
        _("Your operations have used up the cost allowed per minute. Please try again later."),
        retry_after_seconds=spent.resets_in_seconds,
    )


def state(spent: Spent) -> dict[str, int]:
    """Return the budget for `extensions.cost`."""
    return {"limit": spent.limit, "remaining": spent.remaining, "resetsInSeconds": spent.resets_in_seconds}


def remember_owner(request: HttpRequest) -> None:
    """Remember the session's owner, if the operation has read the session and it exists."""
    session, cookie = request.session, request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not (cookie and session.accessed):
        return
    user = session.get(SESSION_KEY)
    if session.session_key == cookie:  # otherwise it does not exist, or has a new key
        owners.add(cookie, f"user:{user}" if user else f"session:{cookie}")
