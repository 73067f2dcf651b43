"""Cart, checkout, payment; a signed-in visitor's things move to the account."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import receivers  # noqa: F401  # connects them
