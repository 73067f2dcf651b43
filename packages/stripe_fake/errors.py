"""Refusals in Stripe's words and shape."""

from typing import Any

DOCS = "https://docs.stripe.com/error-codes"


class ApiError(Exception):
    """A refusal by the API: HTTP status, Stripe's error type and code, the parameter at fault, and details.

    Details are the further members of Stripe's error object, such as `payment_intent` or `decline_code`.
    """

    # Stripe stores the outcome of a request under its idempotency key, unless it never began the request.
    stored = True

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind, **details}
        if code is not None:
            self.error |= {"code": code, "doc_url": f"{DOCS}/{code.replace('_', '-')}"}
        if param is not None:
            self.error["param"] = param


class NotBegun(ApiError):
    """A request refused before it began: nothing is stored under its idempotency key."""

    stored = False


class InvalidParameter(NotBegun):
    """A parameter that is unknown, missing or malformed."""


def missing_resource(object_name: str, object_id: str, *, param: str) -> ApiError:
    return ApiError(f"No such {object_name}: '{object_id}'", status=404, code="resource_missing", param=param)


def unexpected_state(message: str, intent: dict[str, Any]) -> ApiError:
    return ApiError(message, code="payment_intent_unexpected_state", payment_intent=intent)
