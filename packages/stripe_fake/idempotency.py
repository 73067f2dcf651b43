"""Idempotency keys as Stripe treats them: 24 hours, the same parameters, one request at a time."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from packages.stripe_fake.errors import ApiError, NotBegun
from packages.stripe_fake.state import Body, Transaction

KEY_LIFETIME = 24 * 60 * 60
KEY_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer; `stored` says whether an idempotency key remembers it."""

    status: int
    body: Body
    stored: bool = True
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def refusal(cls, error: ApiError) -> "Reply":
        return cls(status=error.status, body={"error": error.error}, stored=error.stored)


def answer_once(tx: Transaction, path: str, parameters: str, handle: Callable[[], Reply]) -> Reply:
    """Return the reply stored under the transaction's key, or else call `handle` and store its reply.

    Raises:
        ApiError: idempotency_error if the key was used for something else, or idempotency_key_in_use.
    """
    key = tx.idempotency_key
    if key is None:
        return handle()
    stored = _recall(tx, key, path, parameters)
    if stored is not None:
        return stored
    reply = handle()
    if reply.stored:
        tx.db.execute(
            "INSERT INTO idempotency_keys (key, path, parameters, created, status, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (key, path, parameters, tx.now, reply.status, json.dumps(reply.body)),
        )
    return reply


def hold(tx: Transaction, path: str, parameters: str, *, seconds: float) -> Reply | None:
    """Keep the key in use while a slow request lasts, or return the reply that is already stored under it.

    A process killed meanwhile leaves a hold that ends by itself.

    Raises:
        ApiError: the errors of `answer_once`.
    """
    key = tx.idempotency_key
    if key is None:
        return None
    stored = _recall(tx, key, path, parameters)
    if stored is None:
        tx.db.execute(
            "INSERT INTO idempotency_keys (key, path, parameters, created, held_until)"
            " VALUES (?, ?, ?, ?, ?)",
            (key, path, parameters, tx.now, tx.now + seconds),
        )
    return stored


def release(tx: Transaction) -> None:
    tx.db.execute("DELETE FROM idempotency_keys WHERE key = ? AND status IS NULL", (tx.idempotency_key,))


def _recall(tx: Transaction, key: str, path: str, parameters: str) -> Reply | None:
    if len(key) > KEY_LENGTH:
        raise NotBegun(f"Idempotency keys must be at most {KEY_LENGTH} characters long.")
    tx.db.execute(
        "DELETE FROM idempotency_keys WHERE key = ? AND (created <= ? OR held_until <= ?)",
        (key, tx.now - KEY_LIFETIME, tx.now),
    )
    row = tx.db.execute("SELECT * FROM idempotency_keys WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if row["path"] != path:
        _refuse(key, f"for the same endpoint they were first used for ('{row['path']}' vs '{path}')")
    if row["parameters"] != parameters:
        _refuse(key, "with the same parameters they were first used with")
    if row["status"] is None:
        raise NotBegun(
            "There is currently another in-progress request using this Idempotent Key"
            " (that probably means you submitted twice, and the other request is still going through):"
            f" {key}.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
        )
    headers = {"idempotent-replayed": "true", "stripe-should-retry": "false"}
    return Reply(status=row["status"], body=json.loads(row["body"]), headers=headers)


def _refuse(key: str, rule: str) -> NoReturn:
    raise NotBegun(
        f"Keys for idempotent requests can only be used {rule}."
        f" Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
    )
