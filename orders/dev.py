"""The page /dev/stripe/, with buttons for the shopper's and the bank's part at the fake Stripe. Development only."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from orders.models import Payment, PaymentStatus
from orders.payments import simulation
from orders.selectors import payments_to_come
from packages.stripe_fake import Outcome

# The buttons of a payment that has not been made, and of one that waits for its second step, with their outcomes.
CONFIRM: dict[str, Outcome] = {
    "Pay": "succeeded",
    "Decline": "declined",
    "3-D Secure": "requires_action",
    "Processing": "processing",
}
COMPLETE: dict[str, simulation.SecondOutcome] = {"Complete": "succeeded", "Refuse": "declined"}

SHOWN = 50


@require_GET
def stripe_page(request: HttpRequest) -> HttpResponse:
    """List the latest unpaid orders, each with the buttons of its payment."""
    rows = [(payment, buttons(payment)) for payment in payments_to_come()[:SHOWN]]
    return render(request, "orders/dev-stripe.html", {"rows": rows})


def buttons(payment: Payment) -> list[str]:
    if not payment.intent_id:
        return []
    waits = payment.status in (PaymentStatus.REQUIRES_ACTION, PaymentStatus.PROCESSING)
    return list(COMPLETE if waits else CONFIRM)


@require_POST
def stripe_act(request: HttpRequest, order_uuid: UUID) -> HttpResponse:
    """Do what the button says, and deliver the signed webhook to this server."""
    button = request.POST.get("button", "")
    try:
        if button in CONFIRM:
            simulation.confirm(order_uuid, CONFIRM[button])
        elif button in COMPLETE:
            simulation.complete(order_uuid, COMPLETE[button])
        else:
            raise BadRequest("Unknown button.")
    except simulation.SimulationRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("dev-stripe")
    deliveries = simulation.deliver(request.build_absolute_uri(reverse("stripe-webhook")))
    if not all(delivery.taken for delivery in deliveries):
        messages.error(request, "This server did not accept all of the webhooks. See its log.")
    messages.info(request, simulation.describe_order(order_uuid))
    return redirect("dev-stripe")
