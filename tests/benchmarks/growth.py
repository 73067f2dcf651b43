"""The cost of each read of the catalogue with few products and with many: `make bench-growth`."""

import argparse
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
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

from api.keyset import encode_cursor  # noqa: E402
from catalog.listings import build_listing  # noqa: E402
from catalog.models import COPIED, Category, Product, build_copies  # noqa: E402
from catalog.types.choices import SORTS, ProductSort  # noqa: E402
from demo.demonstration import open_shop  # noqa: E402
from demo.generation import generate_products  # noqa: E402
from tests.conftest import GraphQLClient  # noqa: E402

TURNS = 3
DEPTH = 0.8  # of 1,000,000 products, which are 50,000 pages of 20, the 40,000th page
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
FACETS = """
fragment All on ProductConnection {
  totalCount
  nodes { slug name }
  facets { categories { category { name } count } minPrice { amount } maxPrice { amount } inStock onSale }
}
query($filter: ProductFilter) { products(filter: $filter) { ...All } }
"""
ATTRIBUTES = """
query($filter: ProductFilter) {
  products(filter: $filter) { facets { attributes { name values { value count } } } }
}
"""
SEARCH_FACETS = FACETS.replace(
    "query($filter: ProductFilter) { products(filter: $filter)", "query($term: String!) { search(term: $term)"
)
SEARCH = """
query($term: String!, $sort: ProductSort! = RELEVANCE) {
  search(term: $term, sort: $sort) { ... on ProductConnection { nodes { slug name } pageInfo { endCursor } } }
}
"""
SEARCH_TOTAL = SEARCH.replace("nodes", "totalCount nodes")
# Common and rare words, alone and together, unfinished, misspelt, and words that no product has.
TERMS = (
    *("lamp", "walnut", "oak desk lamp", "leather bag", "red dress", "coffee mug", "wireless headphones"),
    *("kitchen table", "wooden", "gift", "garden chair", "blue cotton shirt", "running shoes"),
    *("silver necklace", "modern sofa", "outdoor dining table", "vintage camera", "stainless steel knife"),
    *("floral summer dress", "guitar strings", "lam", "headph", "comfortable leather office chair"),
    *("headfones", "neckalce", "black", "table", "set", "elegant", "perfect for any home"),
    *("handcrafted wooden bowl", "usb-c cable", "water bottle", "warm winter jacket"),
    *("soft wool scarf with fringe", "sunglasses", "acoustic guitar with rich warm tone"),
    *("decorative christmas wreath for front door", "bracelet", "dog", "fresh fruit basket"),
    *("shoes for women", "round dining table with chairs", "adjustable desk lamp with usb port"),
    *("portable bluetooth speaker with long battery life", "red"),
)
BY_TERM = "search with its total: "
Statement = tuple[str, Any]


@dataclass(frozen=True)
class Operation:
    name: str
    query: str
    variables: dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """The least seconds of several runs, of the whole operation and of its statements alone."""

    whole: float
    database: float
    statements: int


def operations() -> Iterator[Operation]:
    """Yield all operations to measure. Cursors and filters are taken from the connected database."""
    category = Category.objects.order_by("slug")[0]
    others = [other.slug for other in Category.objects.order_by("slug")[:3]]
    newest = Product.objects.order_by("-added_at")[0]
    common = {"slug": "material", "values": ["Steel", "Wood"]}
    rare = {"slug": "series", "values": ["Series 7"]}
    finish = {"slug": "finish", "values": ["Amber"]}
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
            "a common value": {"attributes": [common]},
            "a rare value": {"attributes": [rare]},
            "two attributes": {"attributes": [common, rare]},
            "two common ones": {"attributes": [common, finish]},
            "a category, two attributes": {"categories": [category.slug], "attributes": [common, rare]},
        }
        for name, filter in filters.items():
            yield Operation(f"{sort.name}: {name}", LIST, variables | {"filter": filter})
    yield Operation("product by slug", PRODUCT, {"slug": newest.slug})
    yield Operation("categories with three products each", NESTED, {})
    yield Operation("categories with their counts", COUNTS, {})
    yield Operation("totalCount", TOTAL, {})
    yield Operation("totalCount, in stock", TOTAL, {"filter": {"inStock": True}})
    yield Operation(
        "totalCount, a category, on sale, in stock",
        TOTAL,
        {"filter": {"categories": [category.slug], "onSale": True, "inStock": True}},
    )
    yield Operation("facets and total", FACETS, {})
    yield Operation(
        "facets and total, a category, on sale, in stock",
        FACETS,
        {"filter": {"categories": [category.slug], "onSale": True, "inStock": True}},
    )
    with_attributes: dict[str, dict[str, Any]] = {
        "": {},
        ", a category": {"categories": [category.slug]},
        ", a rare value": {"attributes": [rare]},
        ", two attributes": {"attributes": [common, rare]},
        ", two common ones": {"attributes": [common, finish]},
        ", in stock": {"inStock": True},
    }
    for name, filter in with_attributes.items():
        yield Operation(f"facets of attributes{name}", ATTRIBUTES, {"filter": filter})
        if "attributes" in filter:
            yield Operation(f"facets and total{name}", FACETS, {"filter": filter})
            yield Operation(f"totalCount{name}", TOTAL, {"filter": filter})
    yield Operation("facets and total, seller", FACETS, {"filter": {"seller": newest.user.profile.slug}})
    for term in ("lamp", "oak desk lamp", "walnut"):
        yield Operation(f"search: {term}", SEARCH, {"term": term})
    yield Operation("search, facets and total: lamp", SEARCH_FACETS, {"term": "lamp"})
    yield Operation("search by date: lamp", SEARCH, {"term": "lamp", "sort": "NEWEST"})
    for term in TERMS:
        yield Operation(f"{BY_TERM}{term}", SEARCH_TOTAL, {"term": term})


def cursor_at(sort: ProductSort, products: Any, count: int) -> str:
    """Return the cursor of the product at `DEPTH` in the order."""
    columns = SORTS[sort].columns
    ordered = products.order_by(*SORTS[sort].order_by(backwards=False))
    # Only the order's columns, so that the index alone is read at any depth.
    return encode_cursor(ordered.values_list(*columns, named=True)[int(DEPTH * count)], columns)


def compare(operations: dict[str, Operation], *, runs: int) -> list[Cost]:
    """Measure the operation in each database, in turns, so that other load on the machine slows both."""
    costs: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(TURNS):
        for name, operation in operations.items():
            use(name)
            costs[name].append(measure(operation, runs=runs))
    return [
        Cost(
            whole=min(cost.whole for cost in turns),
            database=min(cost.database for cost in turns),
            statements=turns[0].statements,
        )
        for turns in costs.values()
    ]


def measure(operation: Operation, *, runs: int) -> Cost:
    browser = GraphQLClient()
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        browser.run(operation.query, **operation.variables)
    return Cost(
        whole=least(lambda: browser.run(operation.query, **operation.variables), runs=runs),
        database=least(lambda: replay(statements), runs=runs),
        statements=len(statements),
    )


def replay(statements: list[Statement]) -> None:
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


def least(act: Callable[[], object], *, runs: int) -> float:
    """Return the least seconds of `runs`, or of fewer if one takes over a second. Other load can only add time."""
    seconds: list[float] = []
    while len(seconds) < runs and sum(seconds) < 3:
        start = perf_counter()
        act()
        seconds.append(perf_counter() - start)
    return min(seconds)


def multiply(times: int) -> None:
    """Copy each product within the database, with other names, prices and times. Generating takes far longer.

    The copies are found by the same words, and have no stock movements.
    """
    lite = connection.vendor == "sqlite"
    moment = (
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', added_at, (-17 * n) || ' minutes')"
        if lite
        else "added_at - n * interval '17 minutes'"
    )
    price = "round(price + n %% 100, 2)"
    changed = {
        "name": "name || ' ' || n",
        "slug": "slug || '-' || n",
        "price": price,
        "final_price": f"round({price} * (100 - discount) / 100, 2)",
        "added_at": moment,
        "published_at": moment,
        "updated_at": moment,
    }
    fields = Product._meta.local_concrete_fields
    columns = [field.attname for field in fields if not field.primary_key and not field.generated]
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
    originals = Product.objects.count()
    with without_indexes(), connection.cursor() as cursor:
        cursor.execute(
            f"{numbers} INSERT INTO catalog_product ({', '.join(columns)})"
            f" SELECT {', '.join(changed.get(column, column) for column in columns)}"
            " FROM numbers CROSS JOIN catalog_product ORDER BY n, id",
            [times - 1],
        )
        cursor.execute(
            f"{numbers} INSERT INTO catalog_productvalue (product_id, value_id, {', '.join(COPIED)})"
            f" SELECT copy.id, value_id, {', '.join(build_copies('copy'))}"
            " FROM numbers CROSS JOIN catalog_productvalue AS original"
            " JOIN catalog_product AS copy ON copy.id = original.product_id + n * %s ORDER BY copy.id",
            [times - 1, originals],
        )
        if not lite:  # whose triggers have been off
            cursor.execute("DELETE FROM catalog_listing")
            cursor.execute(build_listing(connection.vendor))
            cursor.execute(
                "INSERT INTO catalog_search (product_id, tokens)"
                f" SELECT copy.id, {samples_of('copy')} ||"
                f" ts_delete(tokens, tsvector_to_array({samples_of('original')})) FROM catalog_product copy"
                " JOIN catalog_product original ON original.slug = regexp_replace(copy.slug, '-[0-9]+$', '')"
                " JOIN catalog_search ON product_id = original.id ORDER BY copy.id ON CONFLICT DO NOTHING"
            )


def samples_of(row: str) -> str:
    """Return the SQL expression of the tokens of the samples that a product is in."""
    return f"catalog_search_tokens(catalog_search_samples({row}.id))"


@contextmanager
def without_indexes() -> Iterator[None]:
    """Build the indexes after the block, all at once. PostgreSQL's triggers, a millisecond a row, are off within it."""
    with connection.schema_editor() as editor:
        for index in Product._meta.indexes:
            editor.remove_index(Product, index)
    afterwards = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes"
                " WHERE tablename = 'catalog_search' AND indexdef LIKE '%USING gin%'"
            )
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f"DROP INDEX {name}")
            cursor.execute("ALTER TABLE catalog_product DISABLE TRIGGER USER")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            afterwards = [definition for _, definition in indexes]
            afterwards.append("ALTER TABLE catalog_product ENABLE TRIGGER USER")
        yield
        for statement in afterwards:
            cursor.execute(statement)
    with connection.schema_editor() as editor:
        for index in Product._meta.indexes:
            editor.add_index(Product, index)


def analyse() -> None:
    """Update the planner's statistics, which PostgreSQL's autovacuum would do later."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


@contextmanager
def shop(products: int, *, times: int = 1) -> Iterator[str]:
    """Fill a separate database with the products, multiplied by `times`. Yield its name, and drop it afterwards."""
    with database(f"growth_{products * times}") as name:
        open_shop()
        generate_products(products)
        if times > 1:
            multiply(times)
        analyse()
        yield name


@contextmanager
def database(title: str) -> Iterator[str]:
    """Make a separate database, use it, yield its name, and drop it afterwards."""
    own = settings.DATABASES["default"]["NAME"]
    test = connection.settings_dict["TEST"]
    usual = test["NAME"]
    test["NAME"] = f"{usual or 'test'}_{title}"
    disconnect()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    test["NAME"] = usual
    name = connection.settings_dict["NAME"]
    try:
        yield name
    finally:
        use(name)
        connection.creation.destroy_test_db(own, verbosity=0)


def use(name: str) -> None:
    disconnect()
    connection.settings_dict["NAME"] = name


def disconnect() -> None:
    """Close the connection and its pool, which belong to one database."""
    connection.close()
    pooled = connections["default"]
    if isinstance(pooled, PostgreSQL):
        pooled.close_pool()


def table(costs: dict[str, list[Cost]]) -> Iterator[str]:
    yield "| operation | statements | database, ms | ratio | whole, ms | ratio |"
    yield "|---|--:|--:|--:|--:|--:|"
    for name, (few, many) in {**costs, **of_terms(costs)}.items():
        if not name.startswith(BY_TERM):
            database = f"{few.database * 1000:.2f} → {many.database * 1000:.2f}"
            whole = f"{few.whole * 1000:.1f} → {many.whole * 1000:.1f}"
            yield (
                f"| {name} | {many.statements} | {database} | {many.database / few.database:.2f}"
                f" | {whole} | {many.whole / few.whole:.2f} |"
            )


def of_terms(costs: dict[str, list[Cost]]) -> dict[str, list[Cost]]:
    """Return the median and the 95th percentile over the searches for all terms."""
    pairs = [pair for name, pair in costs.items() if name.startswith(BY_TERM)]
    if not pairs:
        return {}
    return {
        f"search with its total, {len(pairs)} terms, {title}": [
            Cost(
                whole=percentile([cost.whole for cost in column], percent),
                database=percentile([cost.database for cost in column], percent),
                statements=max(cost.statements for cost in column),
            )
            for column in zip(*pairs, strict=True)
        ]
        for title, percent in (("median", 50), ("95 %", 95))
    }


def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[len(values) * percent // 100]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=5_000, metavar="N")
    parser.add_argument("--large", type=int, default=1_000_000, metavar="N")
    parser.add_argument(
        "--runs",
        type=int,
        default=5,
        metavar="N",
        help=f"in each of {TURNS} turns, of which the least is printed",
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="what the names of the operations begin with"
    )
    options = parser.parse_args()
    setup_test_environment()
    costs: dict[str, list[Cost]] = {}
    times = options.large // options.small
    with shop(options.small) as small, shop(options.small, times=times) as large:
        measured_in = {}
        for name in (small, large):
            use(name)
            measured_in[name] = [found for found in operations() if found.name.startswith(options.only)]
        for few, many in tqdm(list(zip(measured_in[small], measured_in[large], strict=True)), unit=""):
            costs[few.name] = compare({small: few, large: many}, runs=options.runs)
    for line in table(costs):
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
