"""The quality of search: nDCG@10 and known items found first, compared with simpler searches.

`python -m tests.benchmarks.relevance` reads the sample catalogues beside the repository into a database of its own,
judges by judgments.csv and the samples' own categories, and prints a line for each search and measure.
"""

import os
from collections import Counter
from collections.abc import Callable
from math import log2

import django

from tests.benchmarks.relevance.judging import (
    JUDGMENTS,
    JUDGMENTS_APART,
    Judged,
    by_reading,
    kinds_of_things,
    known_items,
    things_with_quality,
)
from tests.benchmarks.relevance.samples import fill
from tests.benchmarks.relevance.searches import ways

TOP = 10


def ndcg(found: list[int], relevant: dict[int, float]) -> float:
    def gain(grades: list[float]) -> float:
        return sum(grade / log2(place + 2) for place, grade in enumerate(grades[:TOP]))

    return gain([relevant.get(pk, 0) for pk in found]) / gain(sorted(relevant.values(), reverse=True))


def measure(way: Callable[[str], list[int]], queries: list[Judged]) -> dict[str, tuple[float, float, float]]:
    """Return for each kind of query its mean nDCG and the share of queries whose first product is relevant.

    The nDCG is over the judged products only, and with the other products counted as wrong.
    """
    measured: dict[str, list[tuple[float, float, bool]]] = {}
    for query in queries:
        found = way(query.term)
        known = [pk for pk in found if pk in query.judged]
        measured.setdefault(query.kind, []).append(
            (
                ndcg(known, query.relevant),
                ndcg(found, query.relevant),
                known[:1] != [] and known[0] in query.relevant,
            )
        )
    return {
        kind: (
            sum(judged for judged, _, _ in scores) / len(scores),
            sum(every for _, every, _ in scores) / len(scores),
            sum(first for _, _, first in scores) / len(scores),
        )
        for kind, scores in measured.items()
    }


def main() -> None:
    from django.db import connection, transaction

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with transaction.atomic():
            products = fill()
        queries = [
            *by_reading(products, kind="by reading", file=JUDGMENTS),
            *by_reading(products, kind="set apart", file=JUDGMENTS_APART),
            *kinds_of_things(products),
            *things_with_quality(products),
            *known_items(products),
        ]
        counts = Counter(query.kind for query in queries)
        print(  # noqa: T201
            f"{connection.vendor}: {len(products)} products; nDCG@{TOP} of what is judged / with the rest as wrong (the"
            f" first is relevant)\n| | {' | '.join(f'{kind} ({count})' for kind, count in counts.items())} |"
        )
        for title, way in ways(products).items():
            result = measure(way, queries)
            cells = (f"{judged:.3f} / {every:.3f} ({first:.2f})" for judged, every, first in result.values())
            print(f"| {title} | {' | '.join(cells)} |", flush=True)  # noqa: T201
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    os.environ.setdefault("DEBUG", "true")
    django.setup()
    main()
