"""What each read of the catalogue costs with few products and with many: `make bench`."""

import argparse
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

import django
from tqdm import tqdm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from backend.api.keyset import encode_cursor  # noqa: E402
from backend.management.demonstration import open_shop  # noqa: E402
from backend.management.generation import generate_products  # noqa: E402
from catalog.models import Category, Product  # noqa: E402
from catalog.types.choices import SORTS, ProductSort  # noqa: E402
from tests.conftest import GraphQLClient  # noqa: E402

DEPTH = 0.8  # 1,000,000 products are 50,000 pages of 20; of these the 40,000th
LIST = """
query($filter: ProductFilter, $sort: ProductSort! = NEWEST, $after: String, $before: String, $last: Int) {
  products(filter: $filter, sort: $sort, after: $after, before: $before, last: $last) {
    nodes { slug name category { name } seller { name } finalPrice { amount } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""
PRODUCT = "query($slug: String!) { product(slug: $slug) { slug name description category { name } } }"
CATEGORY = """
query($slug: String!, $sort: ProductSort! = NEWEST, $after: String) {
  category(slug: $slug) { name products(sort: $sort, after: $after) { nodes { slug name } pageInfo { endCursor } } }
}
"""
NESTED = "{ categories { name products(first: 3) { nodes { slug name } } } }"
COUNTS = "{ categories { name productCount } }"
TOTAL = "query($filter: ProductFilter) { products(filter: $filter) { totalCount nodes { slug } } }"
FACETS = (
    "{ products { facets { categories { category { name } count } minPrice { amount } inStock onSale } } }"
)
SEARCH = """
query($term: String!, $sort: ProductSort! = RELEVANCE) {
  search(term: $term, sort: $sort) { ... on ProductConnection { nodes { slug name } pageInfo { endCursor } } }
}
"""
Statement = tuple[str, Any]


@dataclass(frozen=True)
class Operation:
    name: str
    query: str
    variables: dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """Seconds, medians: of the whole operation, and of its statements alone."""

    whole: float
    database: float
    statements: int


def operations() -> Iterator[Operation]:
    """All that is measured; the ones below `DEPTH` begin at a product of the database at hand."""
    category = Category.objects.order_by("slug")[0]
    others = [other.slug for other in Category.objects.order_by("slug")[:3]]
    newest = Product.objects.order_by("-added_at")[0]
    rich = Product.objects.order_by("-final_price")[100].final_price
    for sort in ProductSort:
        if sort is ProductSort.RELEVANCE:
            continue
        variables = {"sort": sort.name}
        cursor = cursor_at(sort, Product.objects.all(), Product.objects.count())
        inside = Product.objects.filter(category=category)
        deep = cursor_at(sort, inside, inside.count())
        yield Operation(f"{sort.name}: first page", LIST, variables)
        yield Operation(f"{sort.name}: deep page", LIST, variables | {"after": cursor})
        yield Operation(
            f"{sort.name}: deep page, backwards", LIST, variables | {"before": cursor, "last": 20}
        )
        yield Operation(f"{sort.name}: category page", CATEGORY, variables | {"slug": category.slug})
        yield Operation(
            f"{sort.name}: deep category page", CATEGORY, variables | {"slug": category.slug, "after": deep}
        )
        filters = {
            "a category": {"categories": [category.slug]},
            "three categories": {"categories": others},
            "seller": {"seller": newest.user.profile.slug},
            "no such seller": {"seller": "nobody"},
            "price from and to": {"minPrice": "20", "maxPrice": "60"},
            "the dearest hundred": {"minPrice": str(rich)},
            "in stock": {"inStock": True},
            "out of stock": {"inStock": False},
            "on sale": {"onSale": True},
            "well rated": {"minRating": 4},
            "last month": {"addedAfter": (newest.added_at - timedelta(days=30)).isoformat()},
            "a category, on sale, in stock": {"categories": [category.slug], "onSale": True, "inStock": True},
        }
        for name, filter in filters.items():
            yield Operation(f"{sort.name}: {name}", LIST, variables | {"filter": filter})
    yield Operation("product by slug", PRODUCT, {"slug": newest.slug})
    yield Operation("categories with three products each", NESTED, {})
    yield Operation("categories with their counts", COUNTS, {})
    yield Operation("totalCount", TOTAL, {})
    yield Operation("totalCount, in stock", TOTAL, {"filter": {"inStock": True}})
    yield Operation("facets", FACETS, {})
    for term in ("lamp", "oak desk lamp", "walnut"):
        yield Operation(f"search: {term}", SEARCH, {"term": term})
    yield Operation("search by date: lamp", SEARCH, {"term": "lamp", "sort": "NEWEST"})


def cursor_at(sort: ProductSort, products: Any, count: int) -> str:
    """The cursor of the product at `DEPTH` of an order."""
    columns = SORTS[sort].columns
    ordered = products.order_by(*SORTS[sort].order_by(backwards=False))
    # Named tuples of the order's columns alone: read from the index, however deep.
    return encode_cursor(ordered.values_list(*columns, named=True)[int(DEPTH * count)], columns)


def measured(operation: Operation, *, runs: int) -> Cost:
    browser = GraphQLClient()
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        browser.run(operation.query, **operation.variables)
    return Cost(
        whole=typical(lambda: browser.run(operation.query, **operation.variables), runs=runs),
        database=typical(lambda: replay(statements), runs=runs),
        statements=len(statements),
    )


def replay(statements: list[Statement]) -> None:
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


def typical(act: Callable[[], object], *, runs: int) -> float:
    """The median of `runs`, of fewer where one takes over a second."""
    seconds: list[float] = []
    while len(seconds) < runs and sum(seconds) < 3:
        start = perf_counter()
        act()
        seconds.append(perf_counter() - start)
    return median(seconds)


def analyse() -> None:
    """Tell the planner what there is now: PostgreSQL's autovacuum does so by itself, later."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


@contextmanager
def shop(products: int) -> Iterator[str]:
    """The name of a database of its own with so many products, which is removed again."""
    own = settings.DATABASES["default"]["NAME"]
    test = connection.settings_dict["TEST"]
    usual = test["NAME"]
    test["NAME"] = f"{usual or 'growth'}_{products}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    test["NAME"] = usual
    name = connection.settings_dict["NAME"]
    try:
        open_shop()
        generate_products(products)
        analyse()
        yield name
    finally:
        use(name)
        connection.creation.destroy_test_db(own, verbosity=0)


def use(name: str) -> None:
    connection.close()
    pooled = connections["default"]
    if isinstance(pooled, PostgreSQL):
        pooled.close_pool()
    connection.settings_dict["NAME"] = name


def table(costs: dict[str, list[Cost]]) -> Iterator[str]:
    yield "| operation | statements | database, ms | ratio | whole, ms | ratio |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, (few, many) in costs.items():
        database = (
            f"{few.database * 1000:.2f} → {many.database * 1000:.2f} | {many.database / few.database:.2f}"
        )
        whole = f"{few.whole * 1000:.1f} → {many.whole * 1000:.1f} | {many.whole / few.whole:.2f}"
        yield f"| {name} | {many.statements} | {database} | {whole} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=5_000, metavar="N")
    parser.add_argument("--large", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--runs", type=int, default=15, metavar="N", help="of which the median is printed")
    options = parser.parse_args()
    setup_test_environment()
    costs: dict[str, list[Cost]] = defaultdict(list)
    with shop(options.small) as small, shop(options.large) as large:
        measured_in = {}
        for name in (small, large):
            use(name)
            measured_in[name] = list(operations())
        # Turn and turn about, so that whatever else the machine does slows both.
        for pair in tqdm(list(zip(*measured_in.values(), strict=True)), unit=""):
            for name, operation in zip(measured_in, pair, strict=True):
                use(name)
                costs[operation.name].append(measured(operation, runs=options.runs))
    for line in table(costs):
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
