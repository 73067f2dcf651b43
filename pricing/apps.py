"""The app of what an order costs: the quote, and tax."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "pricing"

    def ready(self) -> None:
        from pricing import checks  # noqa: F401  # registers them
