"""GraphQL types of the catalogue."""

from catalog.types.choices import SORTS, NarrowedBy, ProductFilter, ProductSort, SortedBy
from catalog.types.objects import Category, HasFinalPrice, Product, ProductConnection
from catalog.types.results import (
    CreateProductInput,
    CreateProductResult,
    DeleteProductInput,
    DeleteProductResult,
    FavouriteInput,
    FavouriteResult,
    InsufficientStock,
    SearchResult,
    UpdateProductInput,
    UpdateProductResult,
)
from catalog.types.sitemap import MAX_ENTRIES, SitemapConnection

__all__ = [
    "MAX_ENTRIES",
    "SORTS",
    "Category",
    "CreateProductInput",
    "CreateProductResult",
    "DeleteProductInput",
    "DeleteProductResult",
    "FavouriteInput",
    "FavouriteResult",
    "HasFinalPrice",
    "InsufficientStock",
    "NarrowedBy",
    "Product",
    "ProductConnection",
    "ProductFilter",
    "ProductSort",
    "SearchResult",
    "SitemapConnection",
    "SortedBy",
    "UpdateProductInput",
    "UpdateProductResult",
]
