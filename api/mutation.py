"""`@mutation` and `@answering`: refusals turned into data, the object read afresh."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, get_args

import strawberry
from django.db.models import QuerySet
from strawberry.extensions import FieldExtension

from api import types
from api.context import viewer
from api.nodes import keys_of, one
from core import errors, money
from core.throttle import Limit, count_attempt

# A seller fills a page of products; an office or a carrier's gateway is one address to us.
UPLOAD_LIMITS = [
    Limit(action="upload", rate="100/5m", by_address=True),
    Limit(action="upload", rate="20/5m", by_account=True),
]


class Answer(FieldExtension):
    """Answers with a member of the field's union.

    A QuerySet of one row is read with all that the operation selects of it, and so is what a function of `info`
    returns. A
    DomainError becomes the member of the same name; one that the union does not declare is a fault of ours,
    but for TooManyAttempts, which is then a limit like any other. Attempts are counted by `limits`, and those
    that bring a file by UPLOAD_LIMITS too.

    What `changes` something is done once in an operation, also when its answer is worked out a second time.
    """

    def __init__(self, result: Any, limits: Sequence[Limit] = (), *, changes: bool = False) -> None:
        self.limits = limits
        self.changes = changes
        union, _ = get_args(result)
        self.members = {member.__name__: member for member in get_args(union) if isinstance(member, type)}

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        try:
            answer = self.outcome(info, lambda: next_(source, info, **arguments))
            if callable(answer):
                answer = answer(info)
            if isinstance(answer, QuerySet):
                answer = one(answer, info)
                if answer is None:
                    raise errors.NotFound("object")  # deleted by somebody since
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

    def outcome(self, info: strawberry.Info, act: Callable[[], Any]) -> Any:
        """What `act` returns or raises, by the key that the field has in the answer."""
        done = info.context.outcomes
        [key] = keys_of(info)
        if key in done:
            if isinstance(done[key], Exception):
                raise done[key]
            return done[key]
        try:
            self.count_attempt(info)
            result = act()
        except Exception as error:
            result = error
            raise
        finally:
            if self.changes:
                done[key] = result
        return result

    def count_attempt(self, info: strawberry.Info) -> None:
        request = info.context.request
        limits = [*self.limits, *(UPLOAD_LIMITS if request.FILES else [])]
        if limits:
            user = viewer(info)
            count_attempt(request, limits, account=str(user.pk) if user else "")


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
    """A root mutation of the GraphQL type `result`, a union; the Python annotation is what it returns."""
    return strawberry.mutation(
        graphql_type=result, extensions=[Answer(result, limits, changes=True)], description=description
    )


def answering(result: Any, *, description: str) -> Any:
    """A query whose refusals are data too: the same as `mutation`, for a field that changes nothing."""
    return strawberry.field(graphql_type=result, extensions=[Answer(result)], description=description)
