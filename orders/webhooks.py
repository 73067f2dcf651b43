"""Stripe's webhook. An event is only a hint: the intent that it names is fetched from Stripe."""

import logging
from typing import Any

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.models import StripeEvent
from orders.payments.gateway import is_live, patiently
from orders.payments.settlement import settle

logger = logging.getLogger(__name__)


@csrf_exempt  # the signature proves the sender
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Settle the payment that the event is about.

    Answers 400 to a request that is not a signed event, and 200 to an event that is handled or does not concern us.
    Any other failure is a 500, so that Stripe sends the event again.
    """
    event = verify_event(request)
    if event is None:
        return HttpResponse("This is not a signed event. Check STRIPE_WEBHOOK_SECRETS.", status=400)
    if event["livemode"] != is_live():
        return HttpResponse(
            "This event is of the other mode, live or test. Check STRIPE_SECRET_KEY.", status=400
        )
    intent_id = intent_of(event)
    if intent_id:
        now = timezone.now()
        received = StripeEvent(event_id=event["id"], type=event["type"], received_at=now)
        with patiently(retries=0):
            settle(intent_id, now=now, event=received)
    return HttpResponse("ok")


def verify_event(request: HttpRequest) -> dict[str, Any] | None:
    """Return the event if it is well formed and signed with one of the secrets, otherwise None.

    Two secrets are valid while one replaces the other.
    """
    signature = request.headers.get("Stripe-Signature")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            event = stripe.Webhook.construct_event(request.body, signature, secret)
        except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError):
            continue
        parsed: dict[str, Any] = event.to_dict()
        return parsed if is_well_formed(parsed) else None
    return None


def is_well_formed(event: dict[str, Any]) -> bool:
    """Whether the event has the fields that all of Stripe's have. One without them would fail and be sent for days."""
    match event:
        case {"id": str(), "type": str(), "livemode": bool(), "data": {"object": {"object": str()}}}:
            return True
        case _:
            return False


def intent_of(event: dict[str, Any]) -> str | None:
    """Return the id of the PaymentIntent that the event is about, directly or by a charge, refund or dispute."""
    subject = event["data"]["object"]
    is_intent = subject["object"] == "payment_intent"
    intent_id: str | None = subject.get("id" if is_intent else "payment_intent")
    return intent_id
