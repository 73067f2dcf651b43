"""manage.py import_tax_rates: import rates of tax from a CSV file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from core.files import BadFile, RefusedRow
from pricing.exchange import COLUMNS, import_rates, read_rows


class Command(BaseCommand):
    help = (
        f"Add rates of tax from a CSV file with the columns {', '.join(COLUMNS)}. Tax classes are created, and a row "
        "without one is of the default class. Rates that are there already stay. Bad rows are reported on stderr and "
        "left out. pricing/examples/ has the standard rates of the European Union and of some states of the USA."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file in UTF-8")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            rows = read_rows(file)
        except (OSError, BadFile) as error:
            raise CommandError(f"{file}: {error}") from error
        added = refused = 0
        with tqdm(
            import_rates(rows), total=len(rows), unit="rate", disable=not sys.stderr.isatty()
        ) as progress:
            for outcome in progress:
                if isinstance(outcome, RefusedRow):
                    refused += 1
                    with progress.external_write_mode():
                        self.stderr.write(str(outcome))
                elif outcome:
                    added += 1
        self.stdout.write(f"{added} rates added, {len(rows) - added - refused} unchanged.")
        if refused:
            raise CommandError(f"{refused} rows were left out.")
