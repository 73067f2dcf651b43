"""The project's own app: it registers the system checks, and watches for changes of data in kept answers."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.db.backends.signals import connection_created


class BackendConfig(AppConfig):
    name = "backend"
    default = True

    def ready(self) -> None:
        from backend import checks  # noqa: F401  # registers the checks
        from backend.answers import watcher

        connection_created.connect(watcher.watch)


class StaffAdminConfig(admin.AdminConfig):
    """Django's admin with the staff's site."""

    default = False
    default_site = "accounts.site.StaffSite"
