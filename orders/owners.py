"""Whose a cart or an order is: a user's, or else a visitor's, known by a random key in the session."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts.models import User
from core.throttle import Limit, count_attempt
from orders.models import Order

SESSION_KEY = "visitor"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Exactly one of the two is given."""

    user: User | None = None
    visitor: UUID | None = None

    def lookup(self, prefix: str = "") -> dict[str, Any]:
        """The conditions that only this owner's rows meet; also the columns of a new row of theirs."""
        if self.user:
            return {f"{prefix}user": self.user}
        return {f"{prefix}visitor": self.visitor}

    @property
    def column(self) -> str:
        """By which a row knows its owner, with the `key` in it."""
        return "user" if self.user else "visitor"

    @property
    def key(self) -> int | UUID | None:
        return self.user.pk if self.user else self.visitor

    def owns(self, order: Order) -> bool:
        return order.user_id == self.user.pk if self.user else order.visitor == self.visitor


def owner_of(request: HttpRequest) -> Owner | None:
    """Who is asking; None for a visitor who has not written anything yet. Makes no session."""
    if isinstance(request.user, User):
        return Owner(user=request.user)
    visitor = request.session.get(SESSION_KEY)
    return Owner(visitor=UUID(visitor)) if visitor else None


@contextmanager
def ensure_owner(request: HttpRequest) -> Iterator[Owner]:
    """Who is asking; a visitor without a key is given one, which the session keeps if the write succeeds.

    TooManyAttempts where one address has become STORE_MAX_VISITORS in an hour: each is a session and a cart.
    """
    owner = owner_of(request)
    if owner:
        yield owner
        return
    count_attempt(
        request, [Limit(action="visitor", rate=f"{settings.STORE_MAX_VISITORS}/1h", by_address=True)]
    )
    visitor = uuid4()
    yield Owner(visitor=visitor)
    request.session[SESSION_KEY] = str(visitor)


def take_visitor(session: SessionBase) -> Owner | None:
    """The visitor that this session was, who is one no longer."""
    visitor = session.pop(SESSION_KEY, None)
    return Owner(visitor=UUID(visitor)) if visitor else None
