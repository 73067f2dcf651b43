"""manage.py tell_waiting: mail who waits for what is in stock again; `manage.py db_worker` does it every minute."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.tasks import tell_waiting


class Command(BaseCommand):
    help = "Enqueue the mails to people who wait for a product that is in stock again."

    def handle(self, **_: Any) -> None:
        self.stdout.write(tell_waiting.call())
