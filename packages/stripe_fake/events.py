"""Events: written together with the change they report, and delivered to the webhook until it answers 2xx."""

import json
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import stripe

from packages.stripe_fake import faults
from packages.stripe_fake.state import Body, State, Transaction, new_id

MAX_BACKOFF = 3600.0

Send = Callable[[bytes, str], int]
"""Takes an event's body and its Stripe-Signature to the endpoint, and gives the HTTP status.

An OSError means that the endpoint could not be reached.
"""


class Delivery(NamedTuple):
    """One attempt to deliver an event. The status is None if the endpoint could not be reached."""

    event: str
    type: str
    attempt: int
    status: int | None

    @property
    def taken(self) -> bool:
        """Whether the endpoint answered 2xx: it is not delivered again."""
        return self.status is not None and 200 <= self.status < 300


def emit(tx: Transaction, event_type: str, subject: Body) -> None:
    """Write an event with a snapshot of its subject into the outbox, in the transaction of the change."""
    event = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": stripe.api_version,
        "created": tx.timestamp,
        "data": {"object": subject},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": tx.request_id, "idempotency_key": tx.idempotency_key},
        "type": event_type,
    }
    fault = faults.claim(tx, faults.EVENT_FAULTS, event_type)
    kind = fault.kind if fault else None
    next_try = None if kind == "event_dropped" else tx.now + (fault.seconds if fault else 0)
    for _ in range(2 if kind == "event_duplicated" else 1):
        row = tx.db.execute(
            "INSERT INTO outbox (event, type, body, position, next_try) VALUES (?, ?, ?, 0, ?)",
            (event["id"], event_type, json.dumps(event), next_try),
        )
        behind_next = 1.5 if kind == "event_reordered" else 0
        tx.db.execute("UPDATE outbox SET position = seq + ? WHERE seq = ?", (behind_next, row.lastrowid))


def list_events(tx: Transaction) -> list[Body]:
    """Return all events in the order in which they happened, delivered or not."""
    rows = tx.db.execute("SELECT body FROM outbox GROUP BY event ORDER BY min(seq)")
    return [json.loads(row["body"]) for row in rows]


def deliver(state: State, send: Send, *, secret: str, clock: Callable[[], float]) -> list[Delivery]:
    """Send each due event, and the events that the endpoint causes, until none is due.

    A refused event is due again after 2, 4, 8, … seconds, at most an hour. No transaction is open while an
    event is on its way: the endpoint calls the fake back.
    """
    deliveries = []
    while (delivery := _deliver_next(state, send, secret=secret, clock=clock)) is not None:
        deliveries.append(delivery)
    return deliveries


def _deliver_next(state: State, send: Send, *, secret: str, clock: Callable[[], float]) -> Delivery | None:
    with state.transaction(now=clock()) as tx:
        row = tx.db.execute(
            "SELECT * FROM outbox WHERE delivered IS NULL AND next_try <= ? ORDER BY position LIMIT 1",
            (tx.now,),
        ).fetchone()
        if row is None:
            return None
        # Counted as failed before it is sent: a deliverer killed meanwhile leaves the event to be retried,
        # and one working beside this one does not take it too.
        attempt = row["attempts"] + 1
        next_try = tx.now + min(2.0**attempt, MAX_BACKOFF)
        tx.db.execute(
            "UPDATE outbox SET attempts = ?, next_try = ? WHERE seq = ?", (attempt, next_try, row["seq"])
        )
    try:
        status = send(row["body"].encode(), sign(row["body"], secret=secret))
    except OSError:
        status = None
    delivery = Delivery(row["event"], row["type"], attempt, status)
    if delivery.taken:
        with state.transaction(now=clock()) as tx:
            tx.db.execute("UPDATE outbox SET delivered = ? WHERE seq = ?", (tx.now, row["seq"]))
    return delivery


def sign(body: str, *, secret: str) -> str:
    """Return the Stripe-Signature header. It has the real time, which the endpoint compares with its own clock."""
    return str(stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=int(time.time())))


class _NoRedirect(HTTPRedirectHandler):
    """A webhook that redirects has failed: Stripe does not follow it."""

    def redirect_request(self, *args: object) -> None:
        return None


def post_to(url: str, *, timeout: float = 20.0) -> Send:
    """Make a `Send` that posts to `url`, past any proxy of the environment. The timeout is in seconds."""
    opener = build_opener(ProxyHandler({}), _NoRedirect)

    def send(body: bytes, signature: str) -> int:
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        try:
            with opener.open(Request(url, body, headers), timeout=timeout) as response:
                return int(response.status)
        except HTTPError as error:
            error.close()
            return error.code
        except HTTPException as error:
            raise ConnectionError(str(error)) from error

    return send
