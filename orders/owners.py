"""The owner of a cart or an order: a user, a visitor with a random key in the session, or a link's holder."""

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
    """A user, a visitor, or the holder of a mailed link, who has one order and no cart; exactly one is set."""

    user: User | None = None
    visitor: UUID | None = None
    order: UUID | None = None

    def lookup(self, prefix: str = "") -> dict[str, Any]:
        """The lookup of this owner's rows, and, but for a link's holder, the column and value of a new row."""
        if self.user:
            return {f"{prefix}user": self.user}
        if self.order:
            return {f"{prefix}uuid": self.order}
        return {f"{prefix}visitor": self.visitor}

    @property
    def column(self) -> str:
        """The column that holds this owner's `key`."""
        if self.order:
            return "uuid"
        return "user" if self.user else "visitor"

    @property
    def key(self) -> int | UUID | None:
        return self.user.pk if self.user else self.order or self.visitor

    def owns(self, order: Order) -> bool:
        if self.order:
            return order.pk == self.order
        return order.user_id == self.user.pk if self.user else order.visitor == self.visitor


def owner_of(request: HttpRequest) -> Owner | None:
    """Return the owner who is asking, or None for a visitor who has written nothing yet. Creates no session."""
    if isinstance(request.user, User):
        return Owner(user=request.user)
    visitor = request.session.get(SESSION_KEY)
    return Owner(visitor=UUID(visitor)) if visitor else None


@contextmanager
def ensure_owner(request: HttpRequest) -> Iterator[Owner]:
    """Return the owner who is asking. A new visitor gets a key, which the session keeps if the block succeeds.

    Raises: TooManyAttempts, if an IP address has made STORE_MAX_VISITORS new visitors in an hour: each costs a
    session and a cart.
    """
    owner = owner_of(request)
    if owner:
        yield owner
        return
    count_attempt(
        request,
        [Limit(action="visitor", rate=f"{settings.STORE_MAX_VISITORS}/1h", by_address=True, uncounted=True)],
    )
    visitor = uuid4()
    yield Owner(visitor=visitor)
    request.session[SESSION_KEY] = str(visitor)


def take_visitor(session: SessionBase) -> Owner | None:
    """Remove the visitor's key from the session, and return the visitor, or None if there was none."""
    visitor = session.pop(SESSION_KEY, None)
    return Owner(visitor=UUID(visitor)) if visitor else None
