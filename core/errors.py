"""DomainError, RequestError, and the errors that all apps share.

DomainError                a result of the mutation
├── NotFound
├── ValidationError        one FieldError for each field that is wrong
├── TooManyAttempts
└── … each app's own, beside the services that raise them
RequestError               a missing right or an exceeded limit, in the top-level errors
├── Unauthenticated
├── Forbidden
├── BadUserInput
├── OperationTooLarge
└── RateLimited
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _

# A message, translated by now, or when it is read.
Text = str | Promise


class DomainError(Exception):
    """An error that a shopper can cause. The GraphQL type of the same name takes its fields from the attributes.

    The message is in the language that is active when the error is raised, which is the request's.
    """

    code: ClassVar[str]
    message: str

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = str(message)


class NotFound(DomainError):
    """The object does not exist, or the caller may not see it."""

    code = "NOT_FOUND"


@dataclass(frozen=True, kw_only=True)
class FieldError:
    """One error of an input field. `field` is its path in the API's spelling."""

    field: str
    message: str


class ValidationError(DomainError):
    """The input breaks a rule. `fields` has the errors of each field."""

    code = "INVALID"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__(" ".join(error.message for error in fields))
        self.fields = list(fields)

    @classmethod
    def of(cls, **messages: Text) -> "ValidationError":
        """Build the error from one message for each field, named in the API's spelling."""
        return cls(*(FieldError(field=field, message=str(text)) for field, text in messages.items()))


class TooManyAttempts(DomainError):
    """A limit on attempts is used up. `retry_after_seconds` says when to try again."""

    code = "TOO_MANY_ATTEMPTS"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(_("Too many attempts. Please try again later."))
        self.retry_after_seconds = retry_after_seconds


class RequestError(Exception):
    """An error for the top-level `errors`, with `extensions.code`. The message may be shown to the shopper."""

    code: ClassVar[str]

    @property
    def extensions(self) -> dict[str, Any]:
        return {"code": self.code}


class Unauthenticated(RequestError):
    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__(_("Please sign in."))


class Forbidden(RequestError):
    code = "FORBIDDEN"

    def __init__(self) -> None:
        super().__init__(_("You do not have permission to do this."))


class BadUserInput(RequestError):
    """An argument of the operation is malformed, such as an id, a cursor or a page size."""

    code = "BAD_USER_INPUT"


class OperationTooLarge(RequestError):
    """The operation would cost more than a single operation may."""

    code = "OPERATION_TOO_LARGE"


class RateLimited(RequestError):
    """A rate limit or a budget is used up. The seconds are None where waiting alone does not help."""

    code = "RATE_LIMITED"

    def __init__(self, message: Text, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(str(message))
        self.retry_after_seconds = retry_after_seconds

    @property
    def extensions(self) -> dict[str, Any]:
        if self.retry_after_seconds is None:
            return super().extensions
        return {**super().extensions, "retryAfterSeconds": self.retry_after_seconds}


@contextmanager
def field_errors(prefix: str = "", **renamed: str) -> Iterator[None]:
    """Turn Django's ValidationError into ours, with the API's names of the fields.

    `renamed` maps a model's field to the input's where they differ. `prefix` goes before each path.
    """
    try:
        yield
    except DjangoValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        raise ValidationError(
            *(
                FieldError(field=prefix + renamed.get(field, camel_case(field)), message=message)
                for field, messages in by_field.items()
                for message in messages
            )
        ) from error


def check_all(*steps: Callable[[], object]) -> None:
    """Take each step, so that the errors of all are reported at once.

    Raises:
        ValidationError: of all steps that refused.
    """
    errors: list[FieldError] = []
    for step in steps:
        try:
            step()
        except ValidationError as error:
            errors += error.fields
    if errors:
        raise ValidationError(*errors)


def refuse_nulls(changes: Mapping[str, object], *, clearable: Collection[str], prefix: str = "") -> None:
    """Refuse null in the changes of an update, except for the `clearable` fields, which it empties.

    In GraphQL a field that may be left out may also be null. `full_clean` lets null pass where a column may be blank.
    `prefix` goes before each field's path.

    Raises:
        ValidationError: names the fields.
    """
    nulls = [field for field, value in changes.items() if value is None and field not in clearable]
    if nulls:
        raise ValidationError.of(
            **{prefix + camel_case(field): _("This field cannot be null.") for field in nulls}
        )


def camel_case(name: str) -> str:
    """Return the API's spelling: `zip_code` → `zipCode`, and `__all__`, an error of the whole row, → an empty path."""
    if name == NON_FIELD_ERRORS:
        return ""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
