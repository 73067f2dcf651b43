"""The catalogue: categories, products, favourites, stock."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
