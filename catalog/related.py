"""Related products: of the same category and with similar names, best sellers first."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from django.db.models import JSONField, OuterRef, QuerySet, Subquery

from catalog.analysis import head, is_stop_word, normal, stem, words
from catalog.models import Category, Product
from catalog.selectors import products

MAX_RELATED = 20
# The number of a category's best sellers that are compared by name.
POOL = 100
# The weight of the head of a name, where another word has 1: a brass lamp is more like a lamp than like a brass bowl.
WEIGHT_OF_HEAD = 3


class Top(Subquery):
    """The rows of a subquery of pk and name as one JSON list, so that one statement reads the best of each category."""

    template = "(SELECT json_group_array(json_array(pk, name)) FROM (%(subquery)s) AS top)"
    output_field = JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(SELECT jsonb_agg(jsonb_build_array(pk, name)) FROM (%(subquery)s) AS top)"
        return self.as_sql(compiler, connection, template=template, **context)


def find_related(keys: Collection[int], *, first: int) -> dict[int, list[int]]:
    """Return the primary keys of related products for each product, best first. Takes three statements.

    If the category has too few products, best sellers of the whole shop fill the list.
    """
    subjects = list(Product.objects.filter(pk__in=keys).values_list("pk", "name", "category"))
    best: QuerySet[Product, Any] = products().order_by("-sold_count", "-slug").values("pk", "name")
    of_category = best.filter(category=OuterRef("pk"))[:POOL]
    categories = Category.objects.filter(pk__in={category for _, _, category in subjects})
    pools = dict(categories.annotate(top=Top(of_category)).values_list("pk", "top"))
    anywhere = list(products().order_by("-sold_count", "-slug").values_list("pk", flat=True)[: first + 1])
    found = {}
    for key, name, category in subjects:
        alike = sorted(pools[category], key=lambda other, name=name: -likeness(name, other[1]))  # type: ignore[misc]
        others = dict.fromkeys([*(pk for pk, _ in alike), *anywhere])
        found[key] = [other for other in others if other != key][:first]
    return found


def likeness(one: str, other: str) -> int:
    """Return the number of words that two names share. Words that say what the thing is count WEIGHT_OF_HEAD more."""
    one_words, one_head = words_of(one)
    other_words, other_head = words_of(other)
    return len(one_words & other_words) + WEIGHT_OF_HEAD * len(one_head & other_head)


@lru_cache(maxsize=4_000)
def words_of(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems of all words of a name, and the stem of the word that says what the thing is."""
    text = normal(name)
    return (
        frozenset(stem(word) for word in words(text) if not is_stop_word(word)),
        frozenset(map(stem, head(text)[:1])),
    )
