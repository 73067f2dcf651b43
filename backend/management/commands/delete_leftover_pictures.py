"""manage.py delete_leftover_pictures: delete the files that no row names; `manage.py db_worker` does it every day."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from core.leftovers import MOST, delete_leftovers


class Command(BaseCommand):
    help = (
        "Delete the pictures, with their thumbnails, that no row names: those of a write that was killed. "
        f"Files of the last day stay, and so does whatever the store has not named itself. One run deletes {MOST} "
        "pictures. It may run at any time, twice at once, and may be killed in the middle."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="delete nothing, and say how many there are"
        )

    def handle(self, *, dry_run: bool, **_: Any) -> None:
        count = delete_leftovers(now=timezone.now(), keep=dry_run)
        self.stdout.write(f"{count} leftover pictures{' would be' if dry_run else ''} deleted.")
