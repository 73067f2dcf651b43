"""The searches that are compared: the store's, with and without meaning, and simpler ones."""

import re
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from math import log

from tests.benchmarks.relevance.samples import Item, stems

# The number of results asked of each search, so that ten judged products are among them.
DEPTH = 200
SORT = ("-rank", "-sold_count", "-slug")


def store_search(term: str) -> list[int]:
    from catalog.search import NoProductMatches, search

    try:
        best = search(term).best
    except NoProductMatches:
        return []
    return list(best.order_by(*SORT).values_list("pk", flat=True)[:DEPTH])


def fused_search(term: str) -> list[int]:
    from django.test import override_settings

    with override_settings(STORE_SEARCH_SEMANTIC=True):
        return store_search(term)


def icontains(term: str) -> list[int]:
    """Match all words anywhere, the newest first, as a new shop might."""
    from django.db.models import Q

    from catalog.models import Product

    condition = Q()
    for word in term.split():
        condition &= Q(name__icontains=word) | Q(description__icontains=word)
    found = Product.objects.filter(condition).order_by("-added_at", "-slug")
    return list(found.values_list("pk", flat=True)[:DEPTH])


class PlainBM25:
    """Ranks matches of any stemmed word by BM25 with its usual parameters."""

    def __init__(self, products: dict[int, Item]) -> None:
        self.texts = {pk: Counter(stems(f"{item.name} {item.description}")) for pk, item in products.items()}
        self.usual = sum(text.total() for text in self.texts.values()) / len(self.texts)

    def __call__(self, term: str) -> list[int]:
        scores: Counter[int] = Counter()
        for word in dict.fromkeys(stems(term)):
            having = {pk: text for pk, text in self.texts.items() if word in text}
            rarity = log(1 + (len(self.texts) - len(having) + 0.5) / (len(having) + 0.5))
            for pk, text in having.items():
                length = 0.25 + 0.75 * text.total() / self.usual
                scores[pk] += rarity * text[word] * 2.2 / (text[word] + 1.2 * length)  # type: ignore[assignment]
        return [pk for pk, _ in scores.most_common(DEPTH)]


def ts_rank(parser: str, joint: str) -> Callable[[str], list[int]]:
    """Make a search that uses PostgreSQL's own ranking."""
    from django.db import connection

    def rank(term: str) -> list[int]:
        words = joint.join(re.findall(r"\w+", term))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM plain, {parser}('english', %s) AS query"
                f" WHERE text @@ query ORDER BY ts_rank(text, query) DESC, id LIMIT {DEPTH}",
                [words],
            )
            return [key for (key,) in cursor.fetchall()]

    return rank


def ways(products: dict[int, Item]) -> dict[str, Callable[[str], list[int]]]:
    from django.db import connection

    found: dict[str, Callable[[str], list[int]]] = {
        "store": store_search,
        "plain BM25": PlainBM25(products),
        "icontains": icontains,
    }
    if find_spec("onnxruntime"):
        from catalog.search.semantic import embed_missing

        for _ in embed_missing():
            pass
        found["store, by meaning, too"] = fused_search
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE plain AS"
                " SELECT id, to_tsvector('english', name || ' ' || description) AS text FROM catalog_product"
            )
        found["ts_rank, any"] = ts_rank("to_tsquery", " | ")
        found["websearch"] = ts_rank("websearch_to_tsquery", " ")
    return found
