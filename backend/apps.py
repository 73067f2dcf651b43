"""The project's app: it registers the checks, watches for changes of data in kept answers, and switches on spans."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin
from django.db.backends.signals import connection_created

from core import tracing


class BackendConfig(AppConfig):
    name = "backend"
    default = True

    def ready(self) -> None:
        from backend import checks  # noqa: F401  # registers the checks
        from backend.answers import watcher

        connection_created.connect(watcher.watch)
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            tracing.switch_on()
            connection_created.connect(tracing.trace_statements)


class StaffAdminConfig(admin.AdminConfig):
    """Django's admin with the staff's site."""

    default = False
    default_site = "accounts.site.StaffSite"
