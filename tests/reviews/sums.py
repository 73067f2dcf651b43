"""A comparison of a product's counters with an aggregate over its comments."""

from django.db.models import Avg, Count

from catalog.models import RATINGS, Product
from reviews.models import Comment


def assert_sums(product: Product, histogram: list[int]) -> None:
    """Check that the product has these counts of ratings 1 to 5, and that they match its active comments."""
    product.refresh_from_db()
    counted = Comment.objects.filter(product=product, active=True, rating__isnull=False)
    by_rating = dict(counted.values_list("rating").annotate(Count("pk")))
    kept = [getattr(product, f"rated_{rating}") for rating in RATINGS]
    assert kept == histogram == [by_rating.get(rating, 0) for rating in RATINGS]
    assert product.rating_count == sum(histogram)
    average = counted.aggregate(average=Avg("rating", default=0))["average"]
    assert abs(product.rating_average - average) < 1e-9
