"""The admin's pages of orders, of what discount codes brought, and of what customers have bought."""

from orders.admin.codes import EarningCodeAdmin
from orders.admin.customers import CustomerAdmin
from orders.admin.documents import DocumentAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.parcels import ReturnAdmin

__all__ = ["CustomerAdmin", "DocumentAdmin", "EarningCodeAdmin", "OrderAdmin", "ReturnAdmin"]
