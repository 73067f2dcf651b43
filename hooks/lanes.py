"""Sending: each endpoint has a lane, in which one worker sends one event after the other.

A lane is taken by a conditional update, for the time of a lease that each attempt renews. So events of one subject
arrive in order, and a slow endpoint has one thread at most.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from http.client import HTTPException
from threading import BoundedSemaphore
from time import monotonic

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from core import worker
from hooks.connection import Answer, post
from hooks.models import MAX_ANSWER, Delivery, Endpoint
from hooks.signing import signed_headers
from hooks.subscriptions import wanted

Status = Delivery.Status

# The lanes of one worker at the same time. Its other threads are for mails and the rest.
AT_ONCE = 2
# Another task has its turn after so long.
TURN_SECONDS = 10.0
# The pause after a failure is as long as the event has been waiting, within these.
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
# An event that could not be delivered for so long is left to the staff.
PATIENCE = timedelta(days=3)
# After so many failures in a row the whole endpoint pauses, for at most this long.
MOST_FAILURES, LONGEST_PAUSE = 3, timedelta(minutes=15)
# An endpoint that has been failing for so long, and so often, is switched off.
OFF_AFTER, OFF_FAILURES = timedelta(days=5), 20
GONE = 410

places = BoundedSemaphore(AT_ONCE)
logger = logging.getLogger(__name__)


def due_endpoints(now: datetime) -> QuerySet[Endpoint]:
    """The endpoints that something can be sent to."""
    return open_lanes(now).filter(Exists(due_deliveries(now).filter(endpoint=OuterRef("pk"))))


def open_lanes(now: datetime) -> QuerySet[Endpoint]:
    """The endpoints that are neither switched off nor paused nor busy."""
    return active_endpoints(now).filter(Q(busy_until=None) | Q(busy_until__lte=now))


def active_endpoints(now: datetime) -> QuerySet[Endpoint]:
    """The endpoints that are neither switched off nor paused."""
    return Endpoint.objects.filter(Q(paused_until=None) | Q(paused_until__lte=now), is_active=True)


def waiting() -> QuerySet[Delivery]:
    return Delivery.objects.filter(status=Status.WAITING)


def due_deliveries(now: datetime) -> QuerySet[Delivery]:
    """The deliveries that are due, and before which nothing of their subject waits for the same endpoint."""
    same = {"endpoint": OuterRef("endpoint"), "subject": OuterRef("subject")}
    return waiting().filter(
        ~Exists(waiting().filter(**same, pk__lt=OuterRef("pk"))), next_attempt_at__lte=now
    )


def drain(endpoint_pk: int) -> int | None:
    """Send what is due to the endpoint, for one turn. Return the number of attempts.

    None means that the endpoint is busy, paused or off, or that this worker has no place. No transaction may be open.
    """
    if not places.acquire(blocking=False):
        return None  # whoever frees a place looks for what is due
    try:
        now = timezone.now()
        lease = now + worker.LEASE
        if not open_lanes(now).filter(pk=endpoint_pk).update(busy_until=lease):
            return None
        return send_due(endpoint_pk, lease=lease)
    finally:
        places.release()


def send_due(endpoint_pk: int, *, lease: datetime) -> int:
    """Send what is due until the turn is over, the endpoint pauses, or the lane is another's. Leave the lane."""
    attempts, end = 0, monotonic() + TURN_SECONDS
    lane = Endpoint.objects.filter(pk=endpoint_pk)
    try:
        while monotonic() < end:
            now = timezone.now()
            found = due_deliveries(now).filter(endpoint=endpoint_pk).order_by("pk").first()
            # A worker that was frozen since it took the lane does not have it any more.
            held = active_endpoints(now).filter(pk=endpoint_pk, busy_until=lease)
            if found is None or not held.update(busy_until=now + worker.LEASE):
                break
            lease = now + worker.LEASE
            attempts += attempt(found, lane.get(), now=now)
    finally:
        lane.filter(busy_until=lease).update(busy_until=None)
    return attempts


def attempt(delivery: Delivery, endpoint: Endpoint, *, now: datetime) -> bool:
    """Post the event, and record the outcome. False, without an attempt, if it is not waiting any more.

    It is counted first: a later event is not merged into one that may be on its way.
    """
    row = Delivery.objects.filter(pk=delivery.pk, status=Status.WAITING)
    if not row.update(attempts=F("attempts") + 1, merge_key=None, last_attempt_at=now):
        return False
    delivery.refresh_from_db(fields=["body"])
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "store-webhooks/1",
        **signed_headers(
            delivery.body, event=str(delivery.event), secrets=valid_secrets(endpoint, now=now), now=now
        ),
    }
    try:
        answer = post(endpoint.url, delivery.body.encode(), headers)
    except (OSError, HTTPException, ValueError) as error:
        record_failure(delivery, endpoint, status=None, text=str(error) or type(error).__name__)
    else:
        if answer.is_success:
            record_success(delivery, endpoint, answer)
        else:
            record_failure(delivery, endpoint, status=answer.status, text=answer.text)
    return True


def valid_secrets(endpoint: Endpoint, *, now: datetime) -> Sequence[str]:
    """Return the secrets that sign: two while a new one replaces the other."""
    until = endpoint.old_secret_until
    return [endpoint.secret, endpoint.old_secret] if until and until > now else [endpoint.secret]


def record_success(delivery: Delivery, endpoint: Endpoint, answer: Answer) -> None:
    """Record the delivery. What had been failing before is due again, if the endpoint was down."""
    now = timezone.now()
    Delivery.objects.filter(pk=delivery.pk, status=Status.WAITING).update(
        status=Status.DELIVERED,
        delivered_at=now,
        answer_status=answer.status,
        answer=answer.text[:MAX_ANSWER],
    )
    if endpoint.failures:
        Endpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None, paused_until=None)
    if endpoint.failures >= MOST_FAILURES:
        waiting().filter(endpoint=endpoint.pk, next_attempt_at__gt=now, attempts__gt=0).update(
            next_attempt_at=now
        )


def record_failure(delivery: Delivery, endpoint: Endpoint, *, status: int | None, text: str) -> None:
    """Let the event wait for its next attempt, or give it up. Pause an endpoint that fails; at last switch it off."""
    now = timezone.now()
    waited = now - delivery.queued_at
    Delivery.objects.filter(pk=delivery.pk, status=Status.WAITING).update(
        status=Status.FAILED if waited >= PATIENCE else Status.WAITING,
        next_attempt_at=now + min(max(waited, SHORTEST), LONGEST),
        answer_status=status,
        answer=text[:MAX_ANSWER],
    )
    failures, since = endpoint.failures + 1, endpoint.failing_since or now
    pause = min(max(now - since, SHORTEST), LONGEST_PAUSE)
    columns: dict[str, object] = {"failures": failures, "failing_since": since}
    if failures >= MOST_FAILURES:
        columns["paused_until"] = now + pause
    if status == GONE or (failures >= OFF_FAILURES and now - since >= OFF_AFTER):
        logger.error(
            "Endpoint %s of webhooks is switched off: it has been failing since %s.", endpoint.pk, since
        )
        columns |= {"is_active": False, "switched_off_at": now}
        wanted.forget()
    Endpoint.objects.filter(pk=endpoint.pk).update(**columns)
