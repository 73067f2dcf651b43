"""manage.py reindex_search: analyse all products again for search, while the shop runs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from catalog.models import Product
from catalog.search.index import find_faults, misses_products, reindex


class Command(BaseCommand):
    help = (
        "Analyse the names and descriptions of all products again for search, such as after a change of "
        "STORE_SEARCH_LANGUAGES. The shop may run meanwhile. If it is interrupted, run it again: what is done is not "
        "written again."
    )

    def handle(self, **options: Any) -> None:
        if faults := list(filter(misses_products, find_faults(connection))):
            raise CommandError(f"The index is incomplete: {'; '.join(faults)}. Run manage.py migrate.")
        done = 0
        with tqdm(
            total=Product.objects.count(), unit=" products", disable=not sys.stderr.isatty()
        ) as progress:
            for size in reindex(connection):
                done += size
                progress.update(size)
        self.stdout.write(f"{done} products are indexed.")
