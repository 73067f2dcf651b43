"""The products that synonyms add to the searches for each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value

from catalog.models import Product
from catalog.search.candidates import matching
from catalog.search.query import SearchQuery, any_of
from catalog.selectors import products
from core.counting import CountUpTo

EXAMPLES = 5


@dataclass(frozen=True, kw_only=True)
class Addition:
    """The products that a search for the phrase finds by its synonyms alone: their `count`, and some of their names."""

    phrase: str
    count: int
    names: list[str]


def find_additions(phrases: Sequence[str]) -> list[Addition]:
    """Return for each phrase what the others add to it, in one statement."""
    expressions = {phrase: query.kinds[0] for phrase in phrases if (query := SearchQuery.of(phrase)).words}
    additions = {phrase: Addition(phrase=phrase, count=0, names=[]) for phrase in expressions}
    arms = [added_to(phrase, expressions) for phrase in expressions] if len(expressions) > 1 else []
    if arms:
        rows = arms[0].union(*arms[1:], all=True)
        for phrase, count, name, *_ in sorted(rows, key=lambda row: row[3:], reverse=True):
            names = [*additions[phrase].names, name]
            additions[phrase] = Addition(phrase=phrase, count=count, names=names)
    return [*additions.values()]


def added_to(phrase: str, expressions: Mapping[str, str]) -> QuerySet[Product, Any]:
    """The best sellers that only the other expressions find: the phrase, the number of all of them, and each's name,
    sold count and slug.
    """
    others = any_of(other for key, other in expressions.items() if key != phrase)
    added = (
        products().filter(pk__in=matching(others)).exclude(pk__in=matching(expressions[phrase])).order_by()
    )
    best = added.order_by("-sold_count", "-slug")[:EXAMPLES]
    shown = products().order_by().filter(pk__in=best.values("pk"))
    counted = shown.annotate(phrase=Value(phrase), added=CountUpTo(added))
    return counted.values_list("phrase", "added", "name", "sold_count", "slug")
