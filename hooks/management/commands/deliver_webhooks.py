"""manage.py deliver_webhooks: send what is due to the endpoints; `manage.py db_worker` does it all the time."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from hooks.lanes import drain, due_endpoints


class Command(BaseCommand):
    help = "Send the events that are due to the endpoints of webhooks. It may run at any time, and twice at once."

    def handle(self, **_: Any) -> None:
        attempts = sum(drain(endpoint.pk) or 0 for endpoint in due_endpoints(timezone.now()))
        self.stdout.write(f"{attempts} events sent.")
