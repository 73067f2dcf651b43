"""manage.py housekeeping: delete the old rows that the apps list; `manage.py db_worker` does it every hour."""

from typing import Any

from django.core.management.base import BaseCommand

from backend.tasks import housekeeping


class Command(BaseCommand):
    help = (
        "Delete the old rows that the apps list: expired sessions, abandoned carts of visitors, drafts that were "
        "never placed, the records of old Stripe events, and finished tasks. It may run at any time, twice at once, "
        "and may be killed in the middle."
    )

    def handle(self, **_: Any) -> None:
        self.stdout.write(housekeeping.call())
