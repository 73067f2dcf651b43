"""`@mutation` and `@query`: they turn refusals into data, and read the changed object with all selected fields."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import strawberry
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from strawberry.extensions import FieldExtension

from api import types
from api.context import Info, viewer
from api.nodes import one
from core import errors, money
from core.throttle import Limit, count_attempt, upload_limits


class AnswerExtension(FieldExtension):
    """A field extension that turns the resolver's result into a member of the field's union.

    - A QuerySet of one row is read with everything that the operation selects of it.
    - A function is called with `info` and returns the answer.
    - A DomainError becomes the member of the same name. If the union lacks it, the error is a fault of ours, except
      that TooManyAttempts is then reported as a rate limit.

    Attempts count towards `limits`, and attempts with files towards `upload_limits` too. `limits` is None for a query,
    whose answer may be shared, so that nothing reads the request.
    """

    def __init__(self, result: Any, limits: Sequence[Limit] | None) -> None:
        self.limits = limits
        union, _ = get_args(result)
        self.members = {member.__name__: member for member in get_args(union) if isinstance(member, type)}

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        try:
            self.count_attempt(info)
            answer = next_(source, info, **arguments)
            if callable(answer):
                answer = answer(info)
            if isinstance(answer, QuerySet):
                answer = one(answer, info)
                if answer is None:
                    raise errors.NotFound(_("No such object."))  # deleted by somebody since
        except (DatabaseError, ObjectDoesNotExist) as error:
            if is_account_deleted(info):
                raise errors.Unauthenticated from error
            raise
        except errors.DomainError as error:
            member = self.members.get(type(error).__name__)
            if member is not None:
                return error_object(member, error)
            if isinstance(error, errors.TooManyAttempts):
                raise errors.RateLimited(
                    error.message, retry_after_seconds=error.retry_after_seconds
                ) from error
            raise
        return answer

    def count_attempt(self, info: strawberry.Info) -> None:
        if self.limits is None:
            return
        request = info.context.request
        limits = [*self.limits, *upload_limits(len(request.FILES))]
        if limits:
            user = viewer(info)
            count_attempt(request, limits, account=str(user.pk) if user else "")


def is_account_deleted(info: Info) -> bool:
    """Whether the caller has deleted the account while this operation was under way, in another tab."""
    user = viewer(info)
    return user is not None and not get_user_model().objects.filter(pk=user.pk).exists()


def error_object(member: type, error: errors.DomainError) -> Any:
    """The GraphQL error type filled from the attributes of the exception of the same name."""
    values = {
        field.name: graphql_value(getattr(error, field.name))
        for field in dataclasses.fields(member)
        if field.init and field.name != "code"
    }
    return member(code=types.ErrorCode[error.code], **values)


def graphql_value(value: Any) -> Any:
    match value:
        case money.Money():
            return types.Money(amount=value.amount, currency=value.currency)
        case [errors.FieldError(), *_]:
            return [types.FieldError(field=error.field, message=error.message) for error in value]
        case _:
            return value


def mutation(result: Any, *, description: str, limits: Sequence[Limit] = ()) -> Any:
    """Make a root mutation of the GraphQL type `result`, a union. The function's annotation is its Python result."""
    return strawberry.mutation(
        graphql_type=result, extensions=[AnswerExtension(result, limits)], description=description
    )


def query(result: Any, *, description: str, metadata: Mapping[str, Any] | None = None) -> Any:
    """Make a root query whose refusals are data, like `mutation`, but for a field that changes nothing."""
    return strawberry.field(
        graphql_type=result,
        extensions=[AnswerExtension(result, None)],
        description=description,
        metadata=metadata,
    )
