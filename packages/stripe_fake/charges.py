"""Charges: one for each attempt to take the money of a PaymentIntent."""

from packages.stripe_fake.payment_methods import Decline
from packages.stripe_fake.state import Body, Transaction, new_id


def create(tx: Transaction, intent: Body, method: Body) -> Body:
    """Create a pending charge of the intent's amount, as the intent's latest."""
    charge = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "captured": False,
        "created": tx.timestamp,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: method[method["type"]]},
        "receipt_email": intent["receipt_email"],
        "receipt_url": None,
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "pending",
    }
    intent["latest_charge"] = charge["id"]
    tx.save(charge)
    return charge


def succeed(tx: Transaction, charge: Body) -> None:
    charge |= {
        "amount_captured": charge["amount"],
        "balance_transaction": new_id("txn"),
        "captured": True,
        "outcome": {"network_status": "approved_by_network", "reason": None, "type": "authorized"},
        "paid": True,
        "status": "succeeded",
    }
    tx.save(charge)


def fail(tx: Transaction, charge: Body, decline: Decline) -> None:
    charge |= {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": {
            "network_status": "declined_by_network",
            "reason": decline.decline_code,
            "type": "issuer_declined",
        },
        "status": "failed",
    }
    tx.save(charge)
