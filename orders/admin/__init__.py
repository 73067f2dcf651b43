"""The admin's pages of orders, and of what discount codes brought."""

from orders.admin.codes import EarningCodeAdmin
from orders.admin.documents import DocumentAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.parcels import ReturnAdmin

__all__ = ["DocumentAdmin", "EarningCodeAdmin", "OrderAdmin", "ReturnAdmin"]
