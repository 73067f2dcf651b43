"""PaymentIntents: their states, and the moves between them."""

from typing import Any

from packages.stripe_fake import amounts, charges, payment_methods
from packages.stripe_fake.errors import ApiError, unexpected_state
from packages.stripe_fake.events import emit
from packages.stripe_fake.parameters import Params
from packages.stripe_fake.payment_methods import Decline
from packages.stripe_fake.state import Body, Transaction, new_id

DESCRIPTIVE = ("description", "receipt_email", "shipping", "statement_descriptor_suffix")
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

MISSING_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
    " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a"
    " payment method or ConfirmationToken."
)
AUTHENTICATION_FAILED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new"
    " PaymentMethod to attempt to fulfill this PaymentIntent again."
)
DEBIT_REFUSED = Decline("payment_method_provider_decline", "insufficient_funds", "The debit was refused.")


def create(tx: Transaction, params: Params) -> Body:
    """Create an intent, and confirm it at once with `confirm`.

    Raises:
        ApiError: the amount or the currency is invalid, or the errors of `confirm`.
    """
    currency = params["currency"].lower()
    amounts.check(params["amount"], currency)
    if params.get("confirm") and "payment_method" not in params:
        raise ApiError(MISSING_METHOD, code="parameter_missing", param="payment_method")
    method = payment_methods.attach(tx, params["payment_method"]) if "payment_method" in params else None
    intent_id = new_id("pi")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {
            # Stripe's default where the caller does not say.
            "allow_redirects": "always",
            "enabled": True,
            **params.get("automatic_payment_methods", {}),
        },
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": new_id(f"{intent_id}_secret"),
        "confirmation_method": "automatic",
        "created": tx.timestamp,
        "currency": currency,
        "customer": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": method["id"] if method else None,
        "payment_method_options": {},
        "payment_method_types": ["card", "us_bank_account"],
        "processing": None,
        "review": None,
        "setup_future_usage": None,
        "source": None,
        "statement_descriptor": None,
        "status": "requires_confirmation" if method else "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    intent |= {name: params.get(name) or None for name in DESCRIPTIVE}
    if params.get("confirm"):
        _check_return_url(intent, params)
    tx.save(intent)
    emit(tx, "payment_intent.created", intent)
    if params.get("confirm") and method:
        _attempt_or_raise(tx, intent, method, params)
    return intent


def update(tx: Transaction, params: Params, intent_id: str) -> Body:
    """Change the intent's data. Amount, currency and payment method can only change while it is open."""
    intent = get(tx, intent_id)
    for name in ("amount", "currency", "payment_method"):
        if name in params and intent["status"] not in OPEN:
            raise unexpected_state(
                f"This PaymentIntent's {name} could not be updated because it has a status of"
                f" {intent['status']}. You may only update the {name} of a PaymentIntent with one of the"
                f" following statuses: {', '.join(OPEN)}.",
                intent,
            )
    intent |= {name: params[name] for name in ("amount", "currency") if name in params}
    intent["currency"] = intent["currency"].lower()
    amounts.check(intent["amount"], intent["currency"])
    intent |= {name: params[name] or None for name in DESCRIPTIVE if name in params}
    if "metadata" in params:
        intent["metadata"] = _merge_metadata(intent["metadata"], params["metadata"])
    if "payment_method" in params:
        method = payment_methods.attach(tx, params["payment_method"])
        intent |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
    tx.save(intent)
    return intent


def confirm(tx: Transaction, params: Params, intent_id: str) -> Body:
    """Attempt to pay.

    Raises:
        ApiError: card_error for a decline, or payment_intent_unexpected_state.
    """
    intent = get(tx, intent_id)
    check_confirmable(intent)
    _check_return_url(intent, params)
    method_id = params.get("payment_method") or intent["payment_method"]
    if method_id is None:
        raise unexpected_state(MISSING_METHOD, intent)
    method = payment_methods.attach(tx, method_id)
    if params.get("receipt_email"):
        intent["receipt_email"] = params["receipt_email"]
    _attempt_or_raise(tx, intent, method, params)
    return intent


def cancel(tx: Transaction, params: Params, intent_id: str) -> Body:
    """Cancel the intent for good.

    Raises:
        ApiError: payment_intent_unexpected_state, unless it is open.
    """
    intent = get(tx, intent_id)
    if intent["status"] not in OPEN:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a"
            " PaymentIntent with one of the following statuses may be canceled: requires_payment_method,"
            " requires_capture, requires_confirmation, requires_action, processing.",
            intent,
        )
    intent |= {
        "canceled_at": tx.timestamp,
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
    }
    _move(tx, intent, "canceled")
    return intent


def get(tx: Transaction, intent_id: str) -> Body:
    return tx.get("payment_intent", intent_id, param="intent")


def check_confirmable(intent: Body) -> None:
    match intent["status"]:
        case "succeeded":
            raise unexpected_state(
                "You cannot confirm this PaymentIntent because it has already succeeded after being"
                " previously confirmed.",
                intent,
            )
        case "canceled" | "processing" as status:
            raise unexpected_state(
                f"You cannot confirm this PaymentIntent because it has a status of {status}. Only a"
                f" PaymentIntent with one of the following statuses may be confirmed: {', '.join(OPEN)}.",
                intent,
            )


def attempt(tx: Transaction, intent: Body, method: Body, *, return_url: str | None) -> ApiError | None:
    """Try to pay the intent with the method. Return the card_error of a decline."""
    behaviour = payment_methods.behaviour(method)
    intent |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None}
    if behaviour.outcome == "requires_action":
        intent["next_action"] = _next_action(intent, return_url)
        _move(tx, intent, "requires_action")
        return None
    charge = charges.create(tx, intent, method)
    if behaviour.decline is not None:
        return _decline(tx, intent, charge, method, behaviour.decline)
    if behaviour.outcome == "processing":
        _move(tx, intent, "processing")
    else:
        _succeed(tx, intent, charge)
    return None


def _attempt_or_raise(tx: Transaction, intent: Body, method: Body, params: Params) -> None:
    refusal = attempt(tx, intent, method, return_url=params.get("return_url"))
    if refusal is not None:
        raise refusal


def complete(tx: Transaction, intent: Body, *, paid: bool) -> None:
    """Take the second step of 3-D Secure, or the bank's answer about a payment that is processing.

    Raises:
        ApiError: payment_intent_unexpected_state, if the intent waits for neither.
    """
    if intent["status"] not in ("requires_action", "processing"):
        raise unexpected_state(f"This PaymentIntent has a status of {intent['status']}.", intent)
    method = tx.get("payment_method", intent["payment_method"], param="payment_method")
    if intent["status"] == "requires_action" and not paid:
        refusal = ApiError(
            AUTHENTICATION_FAILED, code="payment_intent_authentication_failure", payment_method=method
        )
        _fail(tx, intent, refusal.error)
        return
    if intent["status"] == "requires_action":
        charge = charges.create(tx, intent, method)
    else:
        charge = tx.get("charge", intent["latest_charge"], param="charge")
    if paid:
        _succeed(tx, intent, charge)
    else:
        _decline(tx, intent, charge, method, DEBIT_REFUSED)


def _succeed(tx: Transaction, intent: Body, charge: Body) -> None:
    charges.succeed(tx, charge)
    intent |= {"amount_received": intent["amount"], "next_action": None}
    _move(tx, intent, "succeeded")


def _decline(tx: Transaction, intent: Body, charge: Body, method: Body, decline: Decline) -> ApiError:
    charges.fail(tx, charge, decline)
    refusal = ApiError(
        decline.message,
        status=402,
        kind="card_error",
        code=decline.code,
        charge=charge["id"],
        decline_code=decline.decline_code,
        payment_method=method,
    )
    _fail(tx, intent, dict(refusal.error))
    refusal.error["payment_intent"] = intent
    return refusal


def _fail(tx: Transaction, intent: Body, error: dict[str, Any]) -> None:
    intent |= {"last_payment_error": error, "payment_method": None, "next_action": None}
    _move(tx, intent, "requires_payment_method", event="payment_failed")


def _move(tx: Transaction, intent: Body, status: str, *, event: str = "") -> None:
    intent["status"] = status
    tx.save(intent)
    emit(tx, f"payment_intent.{event or status}", intent)


def _check_return_url(intent: Body, params: Params) -> None:
    redirects = intent["automatic_payment_methods"]["allow_redirects"] == "always"
    if redirects and "return_url" not in params:
        raise ApiError(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because"
            " some of these payment methods might redirect your customer off of your page, you must provide"
            " a `return_url`. If you don't want to accept redirect-based payment methods, set"
            " `automatic_payment_methods[enabled]` to `true` and"
            " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and"
            " Payment Intents."
        )


def _next_action(intent: Body, return_url: str | None) -> Body:
    if return_url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    url = f"https://hooks.stripe.com/redirect/authenticate/{intent['id']}"
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}


def _merge_metadata(metadata: Body, changes: Body | str) -> Body:
    """Merge by Stripe's rule for updates: an empty value removes its key, and an empty string all keys."""
    if isinstance(changes, str):
        return {}
    return {key: value for key, value in {**metadata, **changes}.items() if value != ""}
