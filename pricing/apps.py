"""The app of what an order costs: the quote."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "pricing"
