"""The context of an operation, which every resolver gets, and the signed-in user."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from core.errors import Unauthenticated

if TYPE_CHECKING:
    from accounts.models import User


class Context:
    """The context of one operation.

    `memo` holds the values that nested fields have read for all of their parents. `shareable` says whether the answer
    may be kept for all guests: it is true for operations of public fields, until a resolver reads the request or finds
    a signed-in user. `holds_until` is when the answer changes by the clock alone.
    """

    def __init__(self, *, request: HttpRequest, response: HttpResponse) -> None:
        self._request = request
        self.response = response
        self.begin(shareable=False)

    def begin(self, *, shareable: bool) -> None:
        """Forget what an attempt at the operation has found out. The next one begins as this says."""
        self.memo: dict[Any, Any] = {}
        self.shareable = shareable
        self.holds_until: datetime | None = None

    @property
    def request(self) -> HttpRequest:
        """The request. Reading it makes the answer private, because the answer may depend on it."""
        self.shareable = False
        return self._request

    @property
    def user(self) -> "User | AnonymousUser":
        user = self._request.user
        if not isinstance(user, AnonymousUser):
            self.shareable = False
        return user

    @property
    def is_guest(self) -> bool:
        """Whether nobody is signed in."""
        return isinstance(self.user, AnonymousUser)

    def hold_until(self, moment: datetime) -> None:
        """Let the answer be kept until then at most, because the clock changes it."""
        self.holds_until = min(moment, self.holds_until or moment)


Info = strawberry.Info[Context, None]


def viewer(info: Info) -> "User | None":
    """Return the signed-in user, if any."""
    user = info.context.user
    return None if isinstance(user, AnonymousUser) else user


def require_user(info: Info) -> "User":
    """Return the signed-in user.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    user = viewer(info)
    if user is None:
        raise Unauthenticated
    return user
