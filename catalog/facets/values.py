"""The counts of the values of attributes and options, in groups."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter

from django.db.models import QuerySet

from catalog.facets.categories import MAX_FACET
from catalog.facets.ordering import order_key
from catalog.models import AttributeValue

MAX_FACET_VALUES = 100


@dataclass(frozen=True, kw_only=True)
class ValueCount:
    name: str
    slug: str
    count: int


@dataclass(frozen=True, kw_only=True)
class AttributeCounts:
    """The counts of the values of an attribute or option: the most frequent ones, and those of the filter."""

    name: str
    slug: str
    values: list[ValueCount]


def group_values(
    values: QuerySet[AttributeValue],
    counts: Mapping[int, int],
    *,
    chosen: Collection[int],
) -> list[AttributeCounts]:
    """Group the values with their counts by attributes, both in order. Takes one statement.

    The counts are by the value's key. A value without products is left out, unless it is `chosen`.
    """
    attributes: dict[tuple[str, str], list[tuple[bool, int, AttributeValue]]] = {}
    in_order = values.select_related("attribute").order_by("attribute__position", "attribute__sort_name")
    for value in in_order:
        slug = value.attribute.slug
        count = counts.get(value.pk, 0)
        if count or value.pk in chosen:
            counted = (value.pk in chosen, count, value)
            attributes.setdefault((value.attribute.name, slug), []).append(counted)
    return [
        AttributeCounts(name=name, slug=slug, values=take_most_frequent(counted))
        for (name, slug), counted in attributes.items()
    ]


def take_most_frequent(counted: list[tuple[bool, int, AttributeValue]]) -> list[ValueCount]:
    """Take at most MAX_FACET_VALUES of the values, those that are chosen first, and sort them for people."""
    kept = nlargest(MAX_FACET_VALUES, counted, key=itemgetter(0, 1))
    kept.sort(key=lambda each: order_key(each[2].sort_name))
    return [
        ValueCount(name=value.name, slug=value.slug, count=min(count, MAX_FACET)) for _, count, value in kept
    ]
