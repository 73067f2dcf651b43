"""Cart, checkout, payment; a signed-in visitor's things move to the account."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Sales"  # its pages are the orders, which the breadcrumbs would name twice

    def ready(self) -> None:
        from orders import checks, personal_data, receivers  # noqa: F401  # registers and connects them
