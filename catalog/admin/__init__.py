"""The staff's pages of the catalogue."""

from catalog.admin.attributes import AttributeAdmin, AttributeValueAdmin
from catalog.admin.categories import CategoryAdmin
from catalog.admin.notices import StockNoticeAdmin
from catalog.admin.products import ProductAdmin
from catalog.admin.search_terms import SearchTermAdmin
from catalog.admin.synonyms import SynonymAdmin
from catalog.admin.tax_classes import TaxClassAdmin

__all__ = [
    "AttributeAdmin",
    "AttributeValueAdmin",
    "CategoryAdmin",
    "ProductAdmin",
    "SearchTermAdmin",
    "StockNoticeAdmin",
    "SynonymAdmin",
    "TaxClassAdmin",
]
