"""Products that are found by what a term means, and their place among those that are found by its words."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models.expressions import RawSQL

from catalog.search.candidates import ENOUGH, LISTED, MATCHES, Candidates
from catalog.search.index.parts import KEY, build_filed
from catalog.search.query import Match
from catalog.selectors import products

# Products without the words are only found by a similarity from which on one in eight of the wrong ones is left, and
# two in three of the right ones.
LIKE = 0.45
# Reciprocal rank fusion: a place counts as 1 / (FIRST + place), the place by meaning for half. The larger FIRST is, the
# less the first places stand out: with 60, which is usual, a known product comes first by 83 % of misspelt names, with
# 10 by 98 %.
FIRST = 10
OF_MEANING = 0.5


@dataclass(frozen=True, kw_only=True)
class Alike:
    """The products whose texts are nearest in meaning to a term.

    `nearest` are in order, and `like` are those of them that may be found without a word of the term. `added` are found
    in addition to the matches of its words. `further` are such matches, too, of more than were read.
    """

    nearest: Sequence[int] = ()
    like: Sequence[int] = ()
    added: Sequence[int] = ()
    further: Sequence[Match] = ()

    def exist(self) -> bool:
        """Return whether there are any without a filter."""
        return products().filter(pk__in=self.like).exists()


NOTHING = Alike()


def find_alike(text: str, found: Candidates) -> Alike:
    """Return the products that are alike what the text means, if STORE_SEARCH_SEMANTIC is on.

    Where few products have its words, others that are `like` it are added; and where too many have them to be ranked,
    those of them that are nearest. A term that is a SKU means its product alone. It takes at most four statements.
    """
    if not settings.STORE_SEARCH_SEMANTIC or found.has_sku:
        return NOTHING
    from catalog.search.semantic import find_nearest  # needs packages that not every shop has

    near = find_nearest(text)
    nearest = [each.key for each in near]
    matched = {match.key for match in found.matches}
    if len(matched) < ENOUGH:
        like = [each.key for each in near if each.similarity >= LIKE]
        added = found.within.filter(pk__in={*like} - matched).order_by().values_list("pk", flat=True)
        return Alike(nearest=nearest, like=like, added=list(added))
    if found.all_found:
        return Alike(nearest=nearest)
    keys = find_matching(found.expression, among={*nearest} - matched)
    rows = found.within.filter(pk__in=keys).order_by()
    columns = ("pk", "search_text", RawSQL(build_filed("catalog_product."), ()))
    kind = found.query.kinds.index(found.expression)
    return Alike(nearest=nearest, further=[Match(kind, *row) for row in rows.values_list(*columns)])


def find_matching(expression: str, *, among: Collection[int]) -> list[int]:
    """Return those of the keys whose products match the expression."""
    vendor = connection.vendor
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {KEY[vendor]} FROM catalog_search"
            f" WHERE {KEY[vendor]} IN ({LISTED[vendor]}) AND {MATCHES[vendor]}",
            [json.dumps([*among]), expression],
        )
        return [key for (key,) in cursor.fetchall()]


def fuse(ranks: Mapping[int, float], alike: Alike, *, named: Collection[int]) -> dict[int, float]:
    """Return the ranks by words and by meaning together, by reciprocal rank fusion. Equal ranks share a place.

    Products that the term has `named` are the nearest, all of them: their order stays that by words.
    """
    places: dict[float, int] = {}
    for place, rank in enumerate(sorted(ranks.values(), reverse=True), start=1):
        places.setdefault(rank, place)
    fused = {key: 1 / (FIRST + places[rank]) for key, rank in ranks.items()} | dict.fromkeys(alike.added, 0.0)
    meant = {key: place for place, key in enumerate(alike.nearest, start=1)} | dict.fromkeys(named, 1)
    for key, place in meant.items():
        if key in fused:
            fused[key] += OF_MEANING / (FIRST + place)
    return {key: round(rank, 6) for key, rank in fused.items()}
