"""The app of the texts that a shop has to show: terms, returns, privacy, delivery, imprint."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "policies"
