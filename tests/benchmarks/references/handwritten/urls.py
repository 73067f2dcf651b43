"""Each operation as a view written by hand: the least SQL, sent as it is, and the answer's JSON."""

from django.urls import path

from tests.benchmarks.references.handwritten import catalogue, purchase

urlpatterns = [
    path("list/", catalogue.product_list),
    path("search/", catalogue.search),
    path("product/", catalogue.product),
    path("add-to-cart/", purchase.add_to_cart),
    path("checkout/", purchase.checkout),
]
