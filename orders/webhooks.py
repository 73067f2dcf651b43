"""Where Stripe tells what happened. An event is only a hint: the intent it names is fetched anew."""

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
    """400 for what is no signed event, 200 for what is dealt with or concerns us not, 500 so that Stripe retries."""
    event = verify_event(request)
    if event is None:
        return HttpResponse("Not a signed event.", status=400)
    if event["livemode"] != is_live():
        return HttpResponse("An event of the other mode.", status=400)
    intent_id = intent_of(event)
    if intent_id:
        now = timezone.now()
        received = StripeEvent(event_id=event["id"], type=event["type"], received_at=now)
        with patiently(retries=0):
            settle(intent_id, now=now, event=received)
    return HttpResponse("ok")


def verify_event(request: HttpRequest) -> dict[str, Any] | None:
    """The event, if one of the secrets signed it; two are valid while one replaces the other."""
    signature = request.headers.get("Stripe-Signature")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            event = stripe.Webhook.construct_event(request.body, signature, secret)
        except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError):
            continue
        return well_formed(event.to_dict())
    return None


def well_formed(event: dict[str, Any]) -> dict[str, Any] | None:
    """The event, if it has what all of Stripe's have: one that lacks it would fail, and be repeated, for days."""
    match event:
        case {"id": str(), "type": str(), "livemode": bool(), "data": {"object": {"object": str()}}}:
            return event
        case _:
            return None


def intent_of(event: dict[str, Any]) -> str | None:
    """The PaymentIntent that the event is about, of a charge, refund or dispute too."""
    subject = event["data"]["object"]
    is_intent = subject["object"] == "payment_intent"
    intent_id: str | None = subject.get("id" if is_intent else "payment_intent")
    return intent_id
