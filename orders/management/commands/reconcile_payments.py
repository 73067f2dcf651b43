"""manage.py reconcile_payments: finish payments and refunds that a crash or an outage has interrupted."""

from typing import Any

from django.core.management.base import BaseCommand

from orders.tasks import reconcile_payments


class Command(BaseCommand):
    help = (
        "Create the intents that a crash prevented, settle payments whose webhook never came, and send outstanding "
        "refunds. It may run at any time, twice at once, and may be killed in the middle. `manage.py db_worker` does "
        "it every ten minutes."
    )

    def handle(self, **_: Any) -> None:
        self.stdout.write(reconcile_payments.call())
