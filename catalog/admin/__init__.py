"""The staff's pages of the catalogue."""

from catalog.admin.categories import CategoryAdmin
from catalog.admin.products import ProductAdmin

__all__ = ["CategoryAdmin", "ProductAdmin"]
