"""What an order's price is made of, besides its goods: rates of tax, delivery methods and discount codes."""

from pricing.models.codes import MAX_CODE, CodeScope, DiscountCode, normalize_code
from pricing.models.delivery import DeliveryMethod, DeliveryRate
from pricing.models.tax import TaxRate

__all__ = [
    "MAX_CODE",
    "CodeScope",
    "DeliveryMethod",
    "DeliveryRate",
    "DiscountCode",
    "TaxRate",
    "normalize_code",
]
