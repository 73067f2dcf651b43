"""The audit: stock, orders, parcels, payments and Stripe's record must agree to the last unit and cent."""

from orders.audit.books import differences, differences_here
from orders.audit.difference import Difference
from orders.audit.goods import check_prices, check_products, check_stock

__all__ = [
    "Difference",
    "check_prices",
    "check_products",
    "check_stock",
    "differences",
    "differences_here",
]
