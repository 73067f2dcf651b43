"""What every resolver is given, and who is asking."""

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

    `memo` holds what nested fields have read for all of their parents. `shareable` says whether the answer may be
    kept for all guests: it holds for operations of public fields, until a resolver looks at the request or finds
    somebody signed in. `holds_until` is when the answer changes by the clock alone.
    """

    def __init__(self, *, request: HttpRequest, response: HttpResponse) -> None:
        self._request = request
        self.response = response
        self.memo: dict[Any, Any] = {}
        self.shareable = False
        self.holds_until: datetime | None = None

    @property
    def request(self) -> HttpRequest:
        """The request. An answer that depends on it is nobody else's."""
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
        """Keep the answer until then at most, because the clock changes it."""
        self.holds_until = min(moment, self.holds_until or moment)


Info = strawberry.Info[Context, None]


def viewer(info: Info) -> "User | None":
    """Who is signed in, if anyone is."""
    user = info.context.user
    return None if isinstance(user, AnonymousUser) else user


def signed_in(info: Info) -> "User":
    """Who is signed in; Unauthenticated where nobody is."""
    user = viewer(info)
    if user is None:
        raise Unauthenticated
    return user
