"""How good search is: nDCG@10 and known items found first, beside two plain ways to search.

`python -m tests.benchmarks.relevance` reads the sample catalogues beside the repository into a database of its own,
judges by their own categories, and prints one line for each way and kind of query.
"""

import csv
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import log2
from pathlib import Path

import django
import yaml

DATA = Path(__file__).parents[3] / "shared" / "data"
TOP = 10
# How far each way is asked, so that ten judged products are among what it finds.
DEPTH = 200
KNOWN_ITEMS = 60
MIN_OF_KIND = 6
SORT = ("-rank", "-sold_count", "-slug")


@dataclass(frozen=True)
class Item:
    """A product of one of the samples; `kinds` are the names of what that files it under."""

    sample: str
    name: str
    description: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Judged:
    """A term, the keys of the relevant products, and of all that were judged: others do not count as wrong."""

    kind: str
    term: str
    relevant: set[int] = field(repr=False)
    judged: set[int] = field(repr=False)


def items() -> Iterator[Item]:
    for row in yaml.safe_load((DATA / "aws-retail-demo" / "products.yaml").read_text()):
        kinds = frozenset((row["style"], row["category"]))
        yield Item("aws", row["name"][:200], row["description"], kinds)
    with (DATA / "flipkart-1050" / "flipkart_com-ecommerce_sample_1050.csv").open() as file:
        for row in csv.DictReader(file):
            path = (part.strip(' "[]').lower() for part in row["product_category_tree"].split(">>"))
            yield Item("flipkart", row["product_name"][:200], row["description"] or "-", frozenset(path))


def kinds_of_things(products: dict[int, Item]) -> Iterator[Judged]:
    """What a shop of this sample is asked for: names of its kinds that have a few things each."""
    for sample in ("aws", "flipkart"):
        of_sample = {pk: item for pk, item in products.items() if item.sample == sample}
        for kind in sorted(frozenset[str]().union(*(item.kinds for item in of_sample.values()))):
            of_kind = {pk for pk, item in of_sample.items() if kind in item.kinds}
            if len(of_kind) >= MIN_OF_KIND and not re.search(r"[&/,]", kind):
                yield Judged("kind", kind, of_kind, judged=set(of_sample))


def known_items(products: dict[int, Item]) -> Iterator[Judged]:
    """One product each, by its name: whole, in another order, in part, and with typing errors."""
    chance = random.Random(4)
    by_name: dict[str, list[int]] = {}
    for pk, item in products.items():
        by_name.setdefault(item.name, []).append(pk)
    unique = [name for name, pks in by_name.items() if len(pks) == 1 and len(name.split()) >= 3]
    for name in chance.sample(sorted(unique), KNOWN_ITEMS):
        known = (set(by_name[name]), set(products))
        words = name.split()
        yield Judged("name", name, *known)
        yield Judged("reordered", " ".join(reversed(words)), *known)
        yield Judged("part", " ".join(sorted(chance.sample(words, len(words) - 1), key=words.index)), *known)
        yield Judged("misspelt", " ".join(misspelt(word, chance) for word in words), *known)


def misspelt(word: str, chance: random.Random) -> str:
    """With two letters swapped, one left out or one doubled; short words and numbers as they are."""
    if len(word) < 5 or not word.isalpha():
        return word
    at = chance.randrange(1, len(word) - 2)
    return chance.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )


def ndcg(found: list[int], relevant: set[int]) -> float:
    ideal = sum(1 / log2(place + 2) for place in range(min(len(relevant), TOP)))
    gained: float = sum(1 / log2(place + 2) for place, pk in enumerate(found[:TOP]) if pk in relevant)
    return gained / ideal


def fill() -> dict[int, Item]:
    from accounts.models import User
    from catalog.models import Category, Product

    category = Category.objects.create(name="Sample", slug="sample")
    seller = User.objects.create_user(email="sample@example.com", password=None)
    kept = list(items())
    Product.objects.bulk_create(
        Product(
            category=category,
            user=seller,
            name=item.name,
            slug=f"sample-{number}",
            description=item.description,
            price=1,
        )
        for number, item in enumerate(kept)
    )
    keys = Product.objects.order_by("pk").values_list("pk", flat=True)
    return dict(zip(keys, kept, strict=True))


def store_search(term: str) -> list[int]:
    from catalog.search import NoProductMatches, search

    try:
        best = search(term).best
    except NoProductMatches:
        return []
    return list(best.order_by(*SORT).values_list("pk", flat=True)[:DEPTH])


def icontains(term: str) -> list[int]:
    """All words anywhere, the newest first: what a shop begins with."""
    from django.db.models import Q

    from catalog.models import Product

    condition = Q()
    for word in term.split():
        condition &= Q(name__icontains=word) | Q(description__icontains=word)
    found = Product.objects.filter(condition).order_by("-added_at", "-slug")
    return list(found.values_list("pk", flat=True)[:DEPTH])


def plain_ranking() -> Callable[[str], list[int]]:
    """The database's own ranking of any word: BM25 of SQLite's FTS5, ts_rank of PostgreSQL."""
    from django.db import connection

    cursor = connection.cursor()
    if connection.vendor == "sqlite":
        cursor.execute("CREATE VIRTUAL TABLE temp.plain USING fts5(text, tokenize='porter unicode61')")
        cursor.execute(
            "INSERT INTO plain (rowid, text) SELECT id, name || ' ' || description FROM catalog_product"
        )
        sql = f"SELECT rowid FROM plain WHERE plain MATCH %s ORDER BY rank LIMIT {DEPTH}"
        sign = '"{}"'
    else:
        cursor.execute(
            "CREATE TEMPORARY TABLE plain AS"
            " SELECT id, to_tsvector('english', name || ' ' || description) AS text FROM catalog_product"
        )
        sql = f"""
            SELECT id FROM plain, to_tsquery('english', %s) AS query
            WHERE text @@ query ORDER BY ts_rank(text, query) DESC LIMIT {DEPTH}
        """
        sign = "{}"

    def found(term: str) -> list[int]:
        words = " OR " if connection.vendor == "sqlite" else " | "
        cursor.execute(sql, [words.join(sign.format(word) for word in re.findall(r"\w+", term))])
        return [key for (key,) in cursor.fetchall()]

    return found


def measure(way: Callable[[str], list[int]], queries: list[Judged]) -> dict[str, tuple[float, float]]:
    """For each kind of query the mean nDCG, and the share whose first product is relevant."""
    measured: dict[str, list[tuple[float, bool]]] = {}
    for query in queries:
        found = [pk for pk in way(query.term) if pk in query.judged]
        first = bool(found) and found[0] in query.relevant
        measured.setdefault(query.kind, []).append((ndcg(found, query.relevant), first))
    return {
        kind: (
            sum(score for score, _ in all_of) / len(all_of),
            sum(first for _, first in all_of) / len(all_of),
        )
        for kind, all_of in measured.items()
    }


def main() -> None:
    from django.db import connection, transaction

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with transaction.atomic():
            products = fill()
        queries = [*kinds_of_things(products), *known_items(products)]
        ways = {"store": store_search, "plain ranking": plain_ranking(), "icontains": icontains}
        print(  # noqa: T201
            f"{connection.vendor}: {len(products)} products, {len(queries)} queries; nDCG@{TOP} (first is relevant)"
        )
        for title, way in ways.items():
            result = measure(way, queries)
            print(  # noqa: T201
                f"  {title:<14}",
                *(f"{kind} {score:.3f} ({first:.2f})" for kind, (score, first) in result.items()),
            )
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    os.environ.setdefault("DEBUG", "true")
    django.setup()
    main()
