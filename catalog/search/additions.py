"""The products that synonyms add to the searches for each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.search.candidates import matching
from catalog.search.query import SearchQuery, any_of
from catalog.selectors import products
from core.counting import MAX_COUNT

EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Addition:
    """The products that a search for the phrase finds by its synonyms alone: their `count`, and some of their names."""

    phrase: str
    count: int
    names: list[str]


def find_additions(phrases: Sequence[str]) -> list[Addition]:
    """Return for each phrase what the others add to it. It takes two statements for each."""
    expressions = {phrase: query.kinds[0] for phrase in phrases if (query := SearchQuery.of(phrase)).words}
    found = []
    for phrase, own in expressions.items():
        others = any_of(other for key, other in expressions.items() if key != phrase)
        added = products().none()
        if others:
            added = products().filter(pk__in=matching(others)).exclude(pk__in=matching(own))
        names = added.order_by("-sold_count", "-slug").values_list("name", flat=True)
        found.append(
            Addition(phrase=phrase, count=added.order_by()[:MAX_COUNT].count(), names=list(names[:EXAMPLES]))
        )
    return found
