"""Money that goes back: refunds by the shop, disputes by the cardholder."""

import json
from typing import Literal

from packages.stripe_fake import amounts
from packages.stripe_fake.errors import ApiError, InvalidParameter, unexpected_state
from packages.stripe_fake.events import emit
from packages.stripe_fake.parameters import Params
from packages.stripe_fake.payment_methods import METHODS
from packages.stripe_fake.state import Body, Transaction, new_id

PENDING_REFUND = METHODS["pm_card_pendingRefund"].last4
DISPUTE_OPEN = "needs_response"


def create(tx: Transaction, params: Params) -> Body:
    """Refund `amount`, or everything that is left.

    Raises:
        ApiError: the amount is more than is left, or the charge is disputed.
    """
    charge = _refundable_charge(tx, params)
    left = charge["amount"] - charge["amount_refunded"]
    if not left:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = params.get("amount", left)
    amounts.check_positive(amount)
    if amount > left:
        asked, rest = (amounts.display(value, charge["currency"]) for value in (amount, left))
        raise ApiError(
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount"
        )
    card = charge["payment_method_details"].get("card", {})
    refund = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": charge["id"],
        "created": tx.timestamp,
        "currency": charge["currency"],
        "metadata": params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if card.get("last4") == PENDING_REFUND else "succeeded",
        "transfer_reversal": None,
    }
    tx.save(refund)
    _count(tx, charge, amount)
    emit(tx, "refund.created", refund)
    emit(tx, "charge.refunded", charge)
    return refund


def complete(tx: Transaction, refund_id: str, *, paid: bool) -> Body:
    """Take the bank's later answer: it accepted the pending refund, or sends the money back.

    Raises:
        ApiError: the refund has another status.
    """
    refund = tx.get("refund", refund_id, param="id")
    if refund["status"] not in (("pending",) if paid else ("pending", "succeeded")):
        raise ApiError(f"This refund has a status of {refund['status']}.")
    if paid:
        refund["status"] = "succeeded"
        tx.save(refund)
        emit(tx, "refund.updated", refund)
        return refund
    refund |= {"status": "failed", "failure_reason": "unknown", "failure_balance_transaction": new_id("txn")}
    tx.save(refund)
    _count(tx, tx.get("charge", refund["charge"], param="charge"), -refund["amount"])
    emit(tx, "refund.failed", refund)
    return refund


def dispute(tx: Transaction, intent: Body, *, amount: int | None, reason: str) -> Body:
    """The cardholder's bank takes the money of the intent back, until the dispute is closed."""
    charge = _paid_charge(tx, intent)
    body = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount or charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": tx.timestamp,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {"due_by": None, "has_evidence": False, "past_due": False, "submission_count": 0},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": intent["id"],
        "reason": reason,
        "status": DISPUTE_OPEN,
    }
    tx.save(body)
    charge["disputed"] = True
    tx.save(charge)
    emit(tx, "charge.dispute.created", body)
    return body


def close_dispute(
    tx: Transaction, dispute_id: str, *, status: Literal["won", "lost"], is_refundable: bool = False
) -> Body:
    """Close the dispute. After a lost one the rest of the charge may still be refundable."""
    body = tx.get("dispute", dispute_id, param="id")
    if body["status"] != DISPUTE_OPEN:
        raise ApiError("This dispute is already closed.")
    body |= {"status": status, "is_charge_refundable": is_refundable or status == "won"}
    tx.save(body)
    emit(tx, "charge.dispute.closed", body)
    return body


def _refundable_charge(tx: Transaction, params: Params) -> Body:
    match params:
        case {"payment_intent": intent_id}:
            charge = _paid_charge(tx, tx.get("payment_intent", intent_id, param="payment_intent"))
        case {"charge": charge_id}:
            charge = tx.get("charge", charge_id, param="charge")
            _check_paid(charge)
        case _:
            raise InvalidParameter(
                "One of the following params should be provided for this request: payment_intent or charge.",
                code="parameter_missing",
            )
    for row in tx.db.execute(
        "SELECT body FROM objects WHERE object = 'dispute' AND json_extract(body, '$.charge') = ?",
        (charge["id"],),
    ):
        if not json.loads(row["body"])["is_charge_refundable"]:
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise ApiError(message, code="charge_disputed")
    return charge


def _paid_charge(tx: Transaction, intent: Body) -> Body:
    if intent["status"] != "succeeded":
        raise unexpected_state(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", intent
        )
    return tx.get("charge", intent["latest_charge"], param="charge")


def _check_paid(charge: Body) -> None:
    if not charge["paid"]:
        raise ApiError(f"Charge {charge['id']} has not been paid; it cannot be refunded.")


def _count(tx: Transaction, charge: Body, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    tx.save(charge)
