"""manage.py expire_orders: cancel the pending orders whose time is over; `manage.py db_worker` does it every minute."""

from typing import Any

from django.core.management.base import BaseCommand

from orders.tasks import expire_orders


class Command(BaseCommand):
    help = "Cancel the pending orders whose time is over, with their payments, and return their stock."

    def handle(self, **_: Any) -> None:
        self.stdout.write(expire_orders.call())
