"""manage.py audit: list the differences between the books, and exit with 1 if there are any."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.batches import Batch
from orders.audit import Difference, differences
from orders.payments.gateway import patiently


class Command(BaseCommand):
    help = (
        "Audit the books: products are the sums of their variants, stock is the sum of its movements, the movements "
        "match the orders, amounts are the sums of their parts and what Stripe charges, parts are the sums of their "
        "items, paid orders have been paid for, invoices and credit notes have no gap and say what the orders say, no "
        "row is orphaned, and the paths of categories follow their parents. Exits with 1 if there are differences."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fix",
            action="store_true",
            help="Mend the differences that can be mended safely, then audit again.",
        )
        parser.add_argument("--json", action="store_true", help="Print the differences as JSON.")

    def handle(self, *, fix: bool, json: bool, **_: Any) -> None:
        now = timezone.now()
        batch = Batch()
        with patiently():
            found = list(differences(now=now))
            if fix:
                batch.run(mend, [difference for difference in found if difference.mend])
                found = list(differences(now=now))
        self.stdout.write(as_json(found) if json else as_text(found))
        batch.close()
        if found:
            raise CommandError(f"{len(found)} differences.")


def mend(difference: Difference) -> bool:
    assert difference.mend is not None
    difference.mend()
    return True


def as_text(found: list[Difference]) -> str:
    lines = [f"{difference.check}: {difference.subject}: {difference.detail}" for difference in found]
    return "\n".join(lines) or "The books are right."


def as_json(found: list[Difference]) -> str:
    return json.dumps(
        [
            {
                "check": difference.check,
                "subject": difference.subject,
                "detail": difference.detail,
                "mendable": difference.mend is not None,
            }
            for difference in found
        ],
        indent=2,
    )
