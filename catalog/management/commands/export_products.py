"""manage.py export_products: write all products to a file that import_products reads."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from catalog.exchange import FORMATS, export_products
from catalog.models import Product


class Command(BaseCommand):
    help = (
        "Write all products, sorted by slug, as CSV or JSON lines. "
        "Import the file with import_products --images MEDIA_ROOT."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            metavar="FILE",
            help="a name that ends in .csv or .jsonl; by default CSV is written to stdout",
        )

    def handle(self, *, file: Path | None, **options: Any) -> None:
        suffix = file.suffix.lower() if file else ".csv"
        if suffix not in FORMATS:
            raise CommandError(f"{file}: the name must end in {' or '.join(FORMATS)}.")
        products = Product.objects.all()
        lines = export_products(products, suffix=suffix)
        if file is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        shown = tqdm(lines, total=products.count(), unit=" lines", disable=not sys.stderr.isatty())
        try:
            # newline="": each line already has its ending, and the line breaks within a text must stay.
            with file.open("w", encoding="utf-8", newline="") as opened:
                opened.writelines(shown)
        except OSError as error:
            raise CommandError(f"{file}: {error}") from error
