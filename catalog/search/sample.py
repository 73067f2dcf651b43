"""The sample of a search's matches, by which the total and the facets are estimated where many match."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from catalog.models import Product
from catalog.search.candidates import match_sampled, narrow_matches
from catalog.search.index.parts import KEY
from core.sampling import LEVELS

# Matches are counted in this sample of all products. Of more than about MAX_ALL only those in a sample are looked at,
# which are LOOKED_AT or half as many.
COUNTED = 7
MAX_ALL = 2_000
LOOKED_AT = 1_000


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The keys of the matches in the sample of a level, and of those that pass the filter. Level 0 has all matches."""

    keys: list[int]
    passing: list[int]
    level: int = 0


def read_sample(expression: str, *, within: QuerySet[Product], count: int) -> Sample:
    """Read the sample of about `count` matches, in one statement. `within` are the products that pass the filter.

    The databases have the same sample of the same products.
    """
    level = find_level(count)
    condition, sought = match_sampled(expression, level=level)
    passes, parameters = narrow_matches(within)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {KEY[connection.vendor]}, {passes} FROM catalog_search WHERE {condition}"
            f" LIMIT {2 * MAX_ALL}",
            [*parameters, sought],
        )
        rows = cursor.fetchall()
    return Sample(keys=[key for key, _ in rows], passing=[key for key, passes in rows if passes], level=level)


def count_roughly(expression: str) -> int:
    """Estimate the number of matches by the sample, as PostgreSQL reads a page for each match that it counts."""
    condition, sought = match_sampled(expression, level=COUNTED)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM catalog_search WHERE {condition}", [sought])
        return int(cursor.fetchone()[0]) << COUNTED


def find_level(count: int) -> int:
    """Return the level whose sample has LOOKED_AT of so many matches, or fewer; 0 if all can be looked at."""
    if count < MAX_ALL:
        return 0
    return next((level for level in range(LEVELS) if count >> level <= LOOKED_AT), LEVELS)
