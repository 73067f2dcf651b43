"""What belongs to no app; registers the system checks, and watches for changes of what kept answers show."""

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
    """Django's admin with our site."""

    default = False
    default_site = "accounts.site.StaffSite"
