"""Hand-written views of each operation, with the least SQL and the JSON built by hand."""

from django.urls import path

from tests.benchmarks.references.handwritten import catalogue, purchase

urlpatterns = [
    path("list/", catalogue.product_list),
    path("search/", catalogue.search),
    path("product/", catalogue.product),
    path("add-to-cart/", purchase.add_to_cart),
    path("checkout/", purchase.checkout),
]
