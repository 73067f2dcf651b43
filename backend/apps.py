"""What belongs to no app; registers the system checks, and watches for changes of what kept answers show."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class BackendConfig(AppConfig):
    name = "backend"

    def ready(self) -> None:
        from backend import checks  # noqa: F401  # registers the checks
        from backend.answers import watcher

        connection_created.connect(watcher.watch)
