"""The app of outgoing webhooks: what happens in the shop is posted to the endpoints of other systems."""

from django.apps import AppConfig


class HooksConfig(AppConfig):
    name = "hooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from hooks import subscriptions

        subscriptions.connect()
