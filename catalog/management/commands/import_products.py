"""manage.py import_products: import products from a file of CSV or JSON lines."""

import gc
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from accounts.models import User
from catalog.exchange import BadFile, Outcome, import_products, read_rows


class Command(BaseCommand):
    help = (
        "Create and update products from a file. Bad rows are reported on stderr and left out. To resume an "
        "interrupted import, run the command again: unchanged products are not written again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a name that ends in .csv or .jsonl")
        parser.add_argument("--seller", required=True, metavar="EMAIL", help="the seller of the new products")
        parser.add_argument(
            "--images",
            type=Path,
            metavar="DIR",
            help="the folder of the pictures; without it, pictures stay as they are",
        )

        parser.add_argument(
            "--no-new-categories",
            action="store_true",
            help="leave out rows whose category does not exist",
        )

    def handle(
        self, *, file: Path, seller: str, images: Path | None, no_new_categories: bool, **options: Any
    ) -> None:
        user = User.objects.with_email(seller).first()
        if user is None:
            raise CommandError(f"There is no user with the address {seller}.")
        if images and not images.is_dir():
            raise CommandError(f"{images} is not a folder.")
        # The objects loaded so far stay alive. To search them for garbage again and again takes an eighth of the time.
        gc.freeze()
        try:
            refused = self.bring_in(file, seller=user, images=images, create_categories=not no_new_categories)
        except (OSError, BadFile) as error:
            raise CommandError(f"{file}: {error}") from error
        if refused:
            raise CommandError(f"{refused} rows were left out.")

    def bring_in(self, file: Path, *, seller: User, images: Path | None, create_categories: bool) -> int:
        """Import the file and return the number of refused rows. Each is reported as soon as its batch is done."""
        whole = Outcome()
        with (
            file.open("rb") as opened,
            tqdm(
                total=file.stat().st_size, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
            ) as progress,
        ):
            rows = read_rows(opened, name=file.name)
            outcomes = import_products(
                rows,
                seller=seller,
                now=timezone.now(),
                pictures=images,
                create_categories=create_categories,
            )
            for outcome in outcomes:
                whole.add(outcome)
                for note in outcome.notes:
                    progress.write(str(note), file=self.stderr)
                for refusal in outcome.refused:
                    progress.write(str(refusal), file=self.stderr)
                progress.set_postfix(created=whole.created, updated=whole.updated, refused=len(whole.refused))
                progress.update(opened.tell() - progress.n)
        self.stdout.write(
            f"{whole.created} products created, {whole.updated} updated, {whole.unchanged} unchanged."
        )
        return len(whole.refused)
