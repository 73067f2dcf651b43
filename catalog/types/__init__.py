"""GraphQL types of the catalogue."""

from catalog.types.choices import SEARCH_SORTS, SORTS, ProductFilter, ProductSort
from catalog.types.objects import Category, Product, ProductConnection
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

__all__ = [
    "SEARCH_SORTS",
    "SORTS",
    "Category",
    "CreateProductInput",
    "CreateProductResult",
    "DeleteProductInput",
    "DeleteProductResult",
    "FavouriteInput",
    "FavouriteResult",
    "InsufficientStock",
    "Product",
    "ProductConnection",
    "ProductFilter",
    "ProductSort",
    "SearchResult",
    "UpdateProductInput",
    "UpdateProductResult",
]
