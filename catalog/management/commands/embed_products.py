"""manage.py embed_products: make the vectors that search by meaning reads, while the shop runs."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm


class Command(BaseCommand):
    help = (
        "Make the vectors of all products that have none, for STORE_SEARCH_SEMANTIC. The shop may run meanwhile. If it "
        "is interrupted, run it again: what is done stays. The worker makes those of new and changed products."
    )

    def handle(self, **options: Any) -> None:
        if not settings.STORE_SEARCH_SEMANTIC:
            raise CommandError("STORE_SEARCH_SEMANTIC is off.")
        from catalog.search.semantic import (  # needs packages that not every shop has
            count_missing,
            embed_missing,
        )

        done = 0
        with tqdm(total=count_missing(), unit=" products", disable=not sys.stderr.isatty()) as progress:
            for size in embed_missing():
                done += size
                progress.update(size)
        self.stdout.write(f"{done} vectors of products made.")
