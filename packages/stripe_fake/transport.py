"""The transport under the SDK: Stripe's API answered from the fake's state."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

import stripe

from packages.stripe_fake import (
    endpoints,
    events,
    faults,
    idempotency,
    intents,
    payment_methods,
    refunds,
    routes,
)
from packages.stripe_fake.errors import ApiError, NotBegun
from packages.stripe_fake.events import Delivery, Send
from packages.stripe_fake.faults import Fault, FaultKind
from packages.stripe_fake.idempotency import Reply
from packages.stripe_fake.payment_methods import Outcome
from packages.stripe_fake.state import Body, State, Transaction, new_id

NO_REPLY = "Unexpected error communicating with Stripe.\n\n(Network error: no reply, injected by the fake)"

RATE_LIMIT = Reply.refusal(NotBegun("Request rate limit exceeded.", status=429, code="rate_limit"))
SERVER_ERROR = Reply.refusal(
    NotBegun("An error occurred while processing your request.", status=500, kind="api_error")
)
# Stripe tells clients not to repeat what its idempotency layer would only replay.
SERVER_ERROR_STORED = replace(SERVER_ERROR, stored=True, headers={"stripe-should-retry": "false"})


@dataclass(frozen=True, kw_only=True)
class Call:
    """An HTTP request of the SDK."""

    method: str
    path: str
    form: str
    headers: Mapping[str, str]
    request_id: str

    @property
    def endpoint(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> str:
        """The same text for the same parameters in any order."""
        return json.dumps(sorted(parse_qsl(self.form, keep_blank_values=True)))

    @property
    def api_key(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")

    @property
    def idempotency_key(self) -> str | None:
        return self.headers.get("Idempotency-Key") if self.method == "POST" else None


class FakeStripe(stripe.HTTPClient):
    """Stripe in a file: a stateful stand-in to be given to stripe.StripeClient as its `http_client`.

    All instances over the same `path`, in any thread or process, are the same Stripe. `clock` gives the
    seconds since the epoch and may be replaced. It is for development and tests: it moves no money.

    The methods named after what a shopper, a bank or Stripe's Dashboard does raise ApiError where Stripe
    refuses, and return the object as a dictionary.
    """

    name: ClassVar[str] = "fake"

    def __init__(self, path: str | PathLike[str], *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.clock = clock
        self._state = State(path)

    # ── The SDK's side ───────────────────────────────────────────────────────

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Make one HTTP exchange.

        Raises:
            stripe.APIConnectionError: a fault swallows the reply.
        """
        address = urlsplit(url)
        call = Call(
            method=method.upper(),
            path=address.path,
            form=post_data or address.query,
            headers=headers or {},
            request_id=new_id("req"),
        )
        with self._transaction(call) as tx:
            fault = faults.claim(tx, faults.REQUEST_FAULTS, call.endpoint)
            reply = _reply(tx, call, fault)
        if reply is None and fault is not None and fault.kind == "slow":
            time.sleep(fault.seconds)
            with self._transaction(call) as tx:
                idempotency.release(tx)
                reply = _reply(tx, call, None)
        if reply is None:
            raise stripe.APIConnectionError(NO_REPLY, should_retry=True)  # type: ignore[no-untyped-call]
        return json.dumps(reply.body), reply.status, {"request-id": call.request_id, **reply.headers}

    def close(self) -> None:
        """Nothing is kept open between requests."""

    # ── Everyone else's side ─────────────────────────────────────────────────

    def confirm(self, intent_id: str, outcome: Outcome = "succeeded") -> Body:
        """The shopper pays in the browser, with a payment method that leads to the outcome."""
        with self._transaction() as tx:
            intent = intents.get(tx, intent_id)
            intents.check_confirmable(intent)
            method = payment_methods.attach(tx, payment_methods.BY_OUTCOME[outcome])
            intents.attempt(tx, intent, method, return_url=None)
            return intent

    def complete(self, intent_id: str, outcome: Literal["succeeded", "declined"] = "succeeded") -> Body:
        """The second step: the shopper's 3-D Secure, or the bank's answer to a payment that is processing."""
        with self._transaction() as tx:
            intent = intents.get(tx, intent_id)
            intents.complete(tx, intent, paid=outcome == "succeeded")
            return intent

    def complete_refund(self, refund_id: str, outcome: Literal["succeeded", "failed"]) -> Body:
        """The bank takes a refund that is pending, or sends one back."""
        with self._transaction() as tx:
            return refunds.complete(tx, refund_id, paid=outcome == "succeeded")

    def dispute(self, intent_id: str, *, amount: int | None = None, reason: str = "fraudulent") -> Body:
        """The cardholder disputes the payment, or `amount` of it in the currency's smallest unit."""
        with self._transaction() as tx:
            return refunds.dispute(tx, intents.get(tx, intent_id), amount=amount, reason=reason)

    def close_dispute(
        self, dispute_id: str, status: Literal["won", "lost"], *, is_refundable: bool = False
    ) -> Body:
        """`is_refundable` says whether the rest can be refunded after a lost dispute."""
        with self._transaction() as tx:
            return refunds.close_dispute(tx, dispute_id, status=status, is_refundable=is_refundable)

    # ── Webhooks ─────────────────────────────────────────────────────────────

    def deliver(self, *, url: str, secret: str) -> list[Delivery]:
        """Post the due events to the webhook at `url`, signed with its secret. Return every attempt."""
        return self.deliver_through(events.post_to(url), secret=secret)

    def add_endpoint(self, url: str) -> None:
        """A store that starts takes webhooks at `url`."""
        with self._transaction() as tx:
            endpoints.add(tx, url)

    def running_endpoint(self) -> str | None:
        """Return the webhook's address at the store that started last; None if no store listens any more."""
        return endpoints.running(self._state, now=self.clock())

    def deliver_through(self, send: Send, *, secret: str) -> list[Delivery]:
        """Pass the due events to `send` until none is due. An event without a 2xx answer is due again later."""
        return events.deliver(self._state, send, secret=secret, clock=self.clock)

    def events(self) -> list[Body]:
        """Return all events in the order in which they happened, delivered or not."""
        with self._transaction() as tx:
            return events.list_events(tx)

    # ── Faults ───────────────────────────────────────────────────────────────

    def inject(
        self, kind: FaultKind, *, times: int | None = 1, match: str = "*", seconds: float = 0.0
    ) -> None:
        """Spoil the next requests or events that match, `times` or (None) until the faults are cleared.

        `match` is a shell pattern over `POST /v1/payment_intents` for requests, and over the event's type
        for events. `seconds` is how long a slow request takes and a delayed event waits.
        """
        with self._transaction() as tx:
            faults.inject(tx, kind, times=times, match=match, seconds=seconds)

    def clear_faults(self) -> None:
        with self._transaction() as tx:
            faults.clear(tx)

    def _transaction(self, call: Call | None = None) -> AbstractContextManager[Transaction]:
        if call is None:
            return self._state.transaction(now=self.clock())
        return self._state.transaction(
            now=self.clock(), request_id=call.request_id, idempotency_key=call.idempotency_key
        )


def _reply(tx: Transaction, call: Call, fault: Fault | None) -> Reply | None:
    """Return the reply under the fault; None if it is lost or has yet to come."""
    try:
        _check_key(call.api_key)
        return _reply_once(tx, call) if fault is None else _reply_under(tx, call, fault)
    except ApiError as error:
        return Reply.refusal(error)


def _reply_once(tx: Transaction, call: Call, handle: Callable[[], Reply] | None = None) -> Reply:
    """Answer the call, or repeat the reply stored under its idempotency key."""
    return idempotency.answer_once(tx, call.path, call.parameters, handle or (lambda: _answer(tx, call)))


def _reply_under(tx: Transaction, call: Call, fault: Fault) -> Reply | None:
    """Answer the call under the fault; None if no reply comes, or not yet."""

    def answer_with_an_error() -> Reply:
        _answer(tx, call)
        return SERVER_ERROR_STORED

    match fault.kind:
        case "timeout":
            return None
        case "lost_reply":
            _reply_once(tx, call)
            return None
        case "rate_limit":
            return RATE_LIMIT
        case "server_error":
            return SERVER_ERROR
        case "server_error_stored":
            return _reply_once(tx, call, lambda: SERVER_ERROR_STORED)
        case "server_error_after_effect":
            return _reply_once(tx, call, answer_with_an_error)
        case _:  # slow
            return idempotency.hold(tx, call.path, call.parameters, seconds=fault.seconds)


def _answer(tx: Transaction, call: Call) -> Reply:
    try:
        return Reply(status=200, body=routes.answer(tx, call.endpoint, call.form))
    except ApiError as error:
        return Reply.refusal(error)


def _check_key(api_key: str) -> None:
    if not api_key.startswith("sk_test_"):
        raise NotBegun(f"Invalid API Key provided: {api_key[:8]}****{api_key[-4:]}", status=401)
