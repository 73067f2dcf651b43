"""Stripe's test payment methods, and the outcome of a payment with each."""

from typing import Any, Literal, NamedTuple

from packages.stripe_fake.errors import missing_resource
from packages.stripe_fake.state import Body, Transaction, new_id

Outcome = Literal["succeeded", "declined", "requires_action", "processing"]


class Decline(NamedTuple):
    code: str
    decline_code: str
    message: str


class Method(NamedTuple):
    """A row of Stripe's table of test payment methods."""

    last4: str
    outcome: Outcome = "succeeded"
    decline: Decline | None = None
    type: Literal["card", "us_bank_account"] = "card"


def _build_declined(last4: str, code: str, decline_code: str, message: str) -> Method:
    return Method(last4, "declined", Decline(code, decline_code, message))


METHODS = {
    "pm_card_visa": Method("4242"),
    "pm_card_mastercard": Method("4444"),
    "pm_card_amex": Method("8431"),
    "pm_card_visa_chargeDeclined": _build_declined(
        "0002", "card_declined", "generic_decline", "Your card was declined."
    ),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _build_declined(
        "9995", "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "pm_card_visa_chargeDeclinedLostCard": _build_declined(
        "9987", "card_declined", "lost_card", "Your card was declined."
    ),
    "pm_card_visa_chargeDeclinedStolenCard": _build_declined(
        "9979", "card_declined", "stolen_card", "Your card was declined."
    ),
    "pm_card_chargeDeclinedExpiredCard": _build_declined(
        "0069", "expired_card", "expired_card", "Your card has expired."
    ),
    "pm_card_chargeDeclinedIncorrectCvc": _build_declined(
        "0127", "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."
    ),
    "pm_card_chargeDeclinedProcessingError": _build_declined(
        "0119", "processing_error", "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "pm_card_authenticationRequired": Method("3184", "requires_action"),
    "pm_card_threeDSecure2Required": Method("3220", "requires_action"),
    "pm_card_pendingRefund": Method("7726"),
    "pm_card_refundFail": Method("5126"),
    "pm_usBankAccount_success": Method("6789", "processing", type="us_bank_account"),
}  # fmt: skip

# The payment method for each outcome of a shopper's payment.
BY_OUTCOME: dict[Outcome, str] = {
    "succeeded": "pm_card_visa",
    "declined": "pm_card_visa_chargeDeclined",
    "requires_action": "pm_card_authenticationRequired",
    "processing": "pm_usBankAccount_success",
}

BY_LAST4 = {method.last4: method for method in METHODS.values()}


def attach(tx: Transaction, method_id: str) -> Body:
    """Return the payment method of that id. A test method's name makes a new one.

    Raises:
        ApiError: resource_missing.
    """
    if method_id not in METHODS:
        found = tx.find(method_id)
        if found is None or found["object"] != "payment_method":
            raise missing_resource("PaymentMethod", method_id, param="payment_method")
        return found
    method = METHODS[method_id]
    body = {
        "id": new_id("pm"),
        "object": "payment_method",
        "created": tx.timestamp,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": method.type,
        method.type: details(method),
    }
    tx.save(body)
    return body


def behaviour(method: Body) -> Method:
    return BY_LAST4[method[method["type"]]["last4"]]


def details(method: Method) -> dict[str, Any]:
    if method.type == "card":
        return {"brand": "visa", "country": "US", "last4": method.last4}
    return {"bank_name": "STRIPE TEST BANK", "last4": method.last4}
