"""The task of the catalogue that runs by the clock. The command of the same name runs it at once."""

from django_tasks import task

from catalog.notices import find_restocked, tell_some
from core.tasks import BY_THE_CLOCK, every


@every(minutes=1)
@task(priority=BY_THE_CLOCK)
def tell_waiting() -> str:
    """Enqueue a mail to everyone who waits for a variant that can be bought again."""
    told = 0
    for variant, scarce in find_restocked():
        while some := tell_some(variant, scarce=scarce):
            told += some
    return f"{told} mails to people who have waited for a product."
