"""manage.py issue_documents: issue the invoices and credit notes of orders from before there were any."""

import sys
from argparse import ArgumentTypeError
from datetime import date, datetime, time
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from core.batches import Batch
from orders.documents.issuing import issue_missing
from orders.selectors import orders_without_invoice


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a day. Write it as 2026-01-31.") from error


class Command(BaseCommand):
    help = (
        "Issue the invoice of each paid order that has none, and the credit notes of its refunds, with today's numbers "
        "and date. Leave out orders that were invoiced elsewhere, by --since."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=day, help="Only orders that were paid on this day or later.")

    def handle(self, *, since: date | None, **_: Any) -> None:
        start = timezone.make_aware(datetime.combine(since, time.min)) if since else None
        keys = list(orders_without_invoice(since=start).values_list("pk", flat=True))
        batch = Batch()
        batch.run(
            partial(issue_missing, now=timezone.now()),
            tqdm(keys, unit=" orders", disable=not sys.stderr.isatty()),
        )
        self.stdout.write(batch.close(f"{batch.done} orders have their documents now."))
