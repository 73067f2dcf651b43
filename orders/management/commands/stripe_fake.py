"""manage.py stripe_fake: play the shopper's and the bank's part at the fake Stripe, and inject faults."""

from argparse import ArgumentTypeError
from typing import Any, get_args
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.models import Order
from orders.payments import simulation
from orders.payments.gateway import fake, is_fake_in_use
from packages.stripe_fake import EVENT_FAULTS, REQUEST_FAULTS, Outcome


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


class Command(BaseCommand):
    help = (
        "Play the shopper's and the bank's part at the fake Stripe. `confirm`, `complete` and `deliver` end by"
        " delivering the due events to the running store, as signed webhooks over HTTP."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

        confirm = actions.add_parser("confirm", help="The shopper pays an order.")
        confirm.add_argument("order", type=UUID, help="The order's uuid.")
        confirm.add_argument("--outcome", choices=get_args(Outcome), default="succeeded")

        complete = actions.add_parser(
            "complete",
            help="The second step: the shopper passes 3-D Secure, or the bank answers a payment that is processing.",
        )
        complete.add_argument("order", type=UUID, help="The order's uuid.")
        complete.add_argument("--outcome", choices=get_args(simulation.SecondOutcome), default="succeeded")

        deliver = actions.add_parser("deliver", help="Only deliver the due events.")

        for delivering in (confirm, complete, deliver):
            delivering.add_argument(
                "--url",
                help="The webhook's URL. Default: STRIPE_WEBHOOK_URL, or the store that was started last.",
            )

        inject = actions.add_parser("inject", help="Spoil the next requests or events.")
        inject.add_argument("fault", choices=REQUEST_FAULTS + EVENT_FAULTS)
        inject.add_argument(
            "--times", type=positive, default=1, help="How many requests or events to spoil. Default: 1"
        )
        inject.add_argument(
            "--match",
            default="*",
            metavar="PATTERN",
            help="A shell pattern for requests ('POST /v1/payment_intents') or for events' types. Default: all",
        )
        inject.add_argument(
            "--seconds",
            type=float,
            default=0.0,
            help="How long a slow request takes or a delayed event waits. Default: 0",
        )

        actions.add_parser("clear", help="Clear all faults.")

    def handle(self, *, action: str, url: str | None = None, **options: Any) -> None:
        if not is_fake_in_use():
            raise CommandError(
                "The fake Stripe is not in use. Set DEBUG and unset STRIPE_SECRET_KEY to use it."
            )
        match action:
            case "confirm" | "complete":
                self.pay(
                    action, options["order"], outcome=options["outcome"], url=url or simulation.webhook_url()
                )
            case "deliver":
                self.deliver(url or simulation.webhook_url())
            case "inject":
                fake().inject(
                    options["fault"],
                    times=options["times"],
                    match=options["match"],
                    seconds=options["seconds"],
                )
                self.stdout.write(
                    f"{options['fault']} × {options['times']} from now on, for {options['match']}."
                )
            case "clear":
                fake().clear_faults()
                self.stdout.write("All faults are cleared.")

    def pay(self, action: str, order_uuid: UUID, *, outcome: Any, url: str) -> None:
        if not Order.objects.filter(pk=order_uuid).exists():
            raise CommandError(f"No order has the number {order_uuid}.")
        try:
            if action == "confirm":
                simulation.confirm(order_uuid, outcome)
            else:
                simulation.complete(order_uuid, outcome)
        except simulation.SimulationRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.deliver(url)
        self.stdout.write(simulation.describe_order(order_uuid))

    def deliver(self, url: str) -> None:
        """Deliver the due events, and print each delivery.

        Raises: CommandError, if the store has not accepted them all.
        """
        deliveries = simulation.deliver(url)
        for delivery in deliveries:
            answer = delivery.status or "not reached"
            self.stdout.write(f"{delivery.type:<32} {delivery.event}  {answer}")
        if not deliveries:
            self.stdout.write("No event is due.")
        if any(delivery.status is None for delivery in deliveries):
            raise CommandError(
                f"Nothing answers at {url}. Start the store, or give its address with --url. Then deliver the events"
                " again, which are due in a few seconds: manage.py stripe_fake deliver"
            )
        if not all(delivery.taken for delivery in deliveries):
            raise CommandError(
                "The store refused the events without a 200. See its log. They are due again later."
            )
