"""The counts of categories, with everything below them."""

from collections.abc import Collection, Iterable

from django.db.models import OuterRef

from catalog.models import Category, Listing, keys_in
from catalog.visibility import is_listed
from core.counting import CountUpTo

# Each count stops here, because every category has one. It then means this many or more.
MAX_FACET = 1_000


def count_products(keys: Collection[int]) -> dict[int, int]:
    """Count the products of each of these categories and below it, up to MAX_FACET. Takes one statement."""
    listed = Listing.objects.filter(is_listed(), category=OuterRef("pk"))
    number = CountUpTo(listed, most=MAX_FACET)
    return dict(Category.objects.filter(pk__in=keys).order_by().values_list("pk", number))


def add_up(counts: Iterable[tuple[str, int]], *, within: Collection[int] | None) -> dict[int, int]:
    """Add the counts of categories' own products, by path, to every category on the path; leave out the empty ones.

    `within` are the keys of the categories to count; None for all.
    """
    total: dict[int, int] = {}
    for path, count in counts:
        for key in keys_in(path) if count else ():
            if within is None or key in within:
                total[key] = min(total.get(key, 0) + count, MAX_FACET)
    return total
