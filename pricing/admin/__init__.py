"""The admin's pages of what an order's price is made of."""

from pricing.admin.codes import DiscountCodeAdmin
from pricing.admin.delivery import DeliveryMethodAdmin
from pricing.admin.tax import TaxRateAdmin

__all__ = ["DeliveryMethodAdmin", "DiscountCodeAdmin", "TaxRateAdmin"]
