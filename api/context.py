"""What every resolver is given, and who is asking."""

from typing import TYPE_CHECKING, Any

import strawberry
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from core.errors import Unauthenticated

if TYPE_CHECKING:
    from accounts.models import User
    from packages.answer_cache.answers import Shareable


class Context:
    """The context of one operation.

    `memo` holds what nested fields have read for all of their parents. `shareable` says how the answer may be kept,
    if it may.
    """

    def __init__(self, *, request: HttpRequest, response: HttpResponse) -> None:
        self.request = request
        self.response = response
        self.memo: dict[Any, Any] = {}
        self.shareable: Shareable | None = None

    @property
    def user(self) -> "User | AnonymousUser":
        return self.request.user

    @property
    def is_guest(self) -> bool:
        """Whether nobody is signed in."""
        return isinstance(self.user, AnonymousUser)


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
