"""The tasks of the catalogue that run by the clock. The commands of the same names do all there is at once."""

from itertools import islice

from django.conf import settings
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


# So that mails do not wait longer than some seconds.
BATCHES_A_MINUTE = 3


@every(minutes=1)
@task(priority=BY_THE_CLOCK)
def embed_products() -> str:
    """Make the vectors of products that are new or have other texts, some hundreds, if search reads them."""
    if not settings.STORE_SEARCH_SEMANTIC:
        return "STORE_SEARCH_SEMANTIC is off."
    from catalog.search.semantic import embed_missing  # needs packages that not every shop has

    return f"{sum(islice(embed_missing(), BATCHES_A_MINUTE))} vectors of products made."
