"""The app of carts, checkout, orders and payments."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Sales"  # "Orders" would stand twice in the breadcrumbs

    def ready(self) -> None:
        from orders import checks, personal_data, receivers  # noqa: F401  # registers and connects them
        from orders.documents import seal

        post_migrate.connect(seal.install, sender=self)
