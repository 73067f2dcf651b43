"""The admin's pages of orders."""

from orders.admin.orders import OrderAdmin

__all__ = ["OrderAdmin"]
