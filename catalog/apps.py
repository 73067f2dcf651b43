"""The catalogue: categories, products, favourites, stock."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from catalog import checks, personal_data  # noqa: F401  # registers and connects them
        from catalog.search.index import report_faults

        post_migrate.connect(install_search_index, sender=self)
        connection_created.connect(report_faults)


def install_search_index(*, using: str, **_: Any) -> None:
    from catalog.search.index import install

    install(connections[using])
