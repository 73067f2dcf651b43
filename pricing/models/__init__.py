"""What an order's price is made of, besides its goods: rates of tax."""

from pricing.models.tax import TaxRate

__all__ = ["TaxRate"]
