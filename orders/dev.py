"""The page /dev/stripe/, with buttons for the shopper's and the bank's part at the fake Stripe. Development only.

A front end without Stripe.js sends its shopper to `/dev/stripe/?order=<uuid>&next=<path>`, as to a bank's page: it has
that order alone, and leads back to the path.
"""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from orders.models import Payment, PaymentStatus
from orders.payments import simulation
from orders.selectors import payments_to_come
from packages.stripe_fake import Outcome

# After this button the bank still asks the shopper to confirm, on the same page.
SECOND_STEP = "3-D Secure"

# The buttons of a payment that has not been made, and of one that waits for its second step, with their outcomes.
CONFIRM: dict[str, Outcome] = {
    "Pay": "succeeded",
    "Decline": "declined",
    SECOND_STEP: "requires_action",
    "Processing": "processing",
}
COMPLETE: dict[str, simulation.SecondOutcome] = {"Complete": "succeeded", "Refuse": "declined"}

SHOWN = 50


@require_GET
def stripe_page(request: HttpRequest) -> HttpResponse:
    """List the latest unpaid orders, or the one of `order`, each with the buttons of its payment."""
    payments = payments_to_come()
    if order := request.GET.get("order"):
        try:
            payments = payments.filter(order=UUID(order))
        except ValueError as error:
            raise BadRequest("The order is not a UUID.") from error
    rows = [(payment, buttons(payment)) for payment in payments[:SHOWN]]
    way_back = path_back(request, request.GET.get("next", ""))
    return render(request, "orders/dev-stripe.html", {"rows": rows, "next": way_back})


def path_back(request: HttpRequest, path: str) -> str:
    """Return the path if it stays on this host, else an empty text."""
    return path if url_has_allowed_host_and_scheme(path, {request.get_host()}) else ""


def buttons(payment: Payment) -> list[str]:
    if not payment.intent_id:
        return []
    waits = payment.status in (PaymentStatus.REQUIRES_ACTION, PaymentStatus.PROCESSING)
    return list(COMPLETE if waits else CONFIRM)


@require_POST
def stripe_act(request: HttpRequest, order_uuid: UUID) -> HttpResponse:
    """Do what the button says, and deliver the signed webhook to this server."""
    button = request.POST.get("button", "")
    way_back = path_back(request, request.POST.get("next", ""))
    page = (
        f"{reverse('dev-stripe')}?{urlencode({'order': order_uuid, 'next': way_back})}"
        if way_back
        else "dev-stripe"
    )
    try:
        if button in CONFIRM:
            simulation.confirm(order_uuid, CONFIRM[button])
        elif button in COMPLETE:
            simulation.complete(order_uuid, COMPLETE[button])
        else:
            raise BadRequest("Unknown button.")
    except simulation.SimulationRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(page)
    deliveries = simulation.deliver(request.build_absolute_uri(reverse("stripe-webhook")))
    if not all(delivery.taken for delivery in deliveries):
        messages.error(request, "This server did not accept all of the webhooks. See its log.")
    if way_back and button != SECOND_STEP:
        return redirect(way_back)
    messages.info(request, simulation.describe_order(order_uuid))
    return redirect(page)
