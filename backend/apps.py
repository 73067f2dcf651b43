"""What belongs to no app; registers the system checks, and watches for changes of public data."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class BackendConfig(AppConfig):
    name = "backend"

    def ready(self) -> None:
        from backend import checks  # noqa: F401  # registers the checks
        from packages.answer_cache import revision

        connection_created.connect(revision.watch)
