"""Pages of matches in another order than the best first, where very many match."""

from collections.abc import Callable

from django.db import connection
from django.db.models import QuerySet

from catalog.models import Product
from catalog.search.candidates import MATCHES, matching, narrow_matches
from catalog.selectors import products

# Whether a row is a match. PostgreSQL looks its tokens up, and SQLite's index reads all matches at once.
IS_MATCH = {
    "sqlite": f"walked.pk IN (SELECT rowid FROM catalog_search WHERE {MATCHES['sqlite']})",
    "postgresql": "(SELECT product_id FROM catalog_search"
    f" WHERE product_id = walked.pk AND {MATCHES['postgresql']} LIMIT 1) IS NOT NULL",
}


# Puts products in the order of a page, within its bounds.
Order = Callable[[QuerySet[Product]], QuerySet[Product]]


def select_page(
    order: Order, expression: str, *, size: int, within: QuerySet[Product], count: int, total: int
) -> QuerySet[Product]:
    """Query the first `size` matches in the order, or all matches if that is less work.

    About `count` of `total` products match. A step along the order costs about as much as a match that is read and
    sorted. If the matches are spread evenly, a page of common words takes few steps. But they may all be at the end of
    the order, so the walk ends after half as many steps as there are matches. Takes a statement if it walks.
    """
    steps = count // 2
    if 2 * size * total <= steps * count:
        keys = walk(order, expression, steps=steps, size=size, within=within)
        if len(keys) == size:
            return products().filter(pk__in=keys)
    return within.filter(pk__in=matching(expression))


def walk(order: Order, expression: str, *, steps: int, size: int, within: QuerySet[Product]) -> list[int]:
    """Return the keys of the first `size` matches in the order, as far as they are found in so many steps.

    Only of a match it is checked whether its time has come: SQLite has the key in the index, and reads no other row.
    """
    listed = Product.objects.filter(published_at__isnull=False)
    rows, bounds = order(listed)[:steps].values("pk").query.sql_with_params()
    passes, parameters = narrow_matches(within, key="walked.pk")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pk FROM ({rows}) AS walked WHERE {IS_MATCH[connection.vendor]} AND {passes} LIMIT {size}",
            [*bounds, expression, *parameters],
        )
        return [key for (key,) in cursor.fetchall()]
