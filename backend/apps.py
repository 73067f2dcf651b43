"""What belongs to no app; registers the system checks."""

from django.apps import AppConfig


class BackendConfig(AppConfig):
    name = "backend"

    def ready(self) -> None:
        from backend import checks  # noqa: F401  # registers them
