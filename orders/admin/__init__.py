"""The admin's pages of orders, and of what discount codes brought."""

from orders.admin.codes import EarningCodeAdmin
from orders.admin.orders import OrderAdmin

__all__ = ["EarningCodeAdmin", "OrderAdmin"]
