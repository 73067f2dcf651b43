"""Candidates: the strongest matches of a query, from its best kinds, until there are enough to rank."""

from collections.abc import Collection
from dataclasses import dataclass
from json import dumps
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from catalog.models import Product, ProductVariant
from catalog.search.index.parts import build_filed
from catalog.search.query import Match, SearchQuery

# Fewer matches than MAX_RANKED are all ranked. Of more, only BEST_OF_MORE are, so that a word that every second product
# has does not cost more.
MAX_RANKED = 500
BEST_OF_MORE = 250
# Weaker kinds of matches are added only while there are fewer matches than this.
ENOUGH = 20
# A count stops here: a larger one would cost time and tell a shopper nothing.
MAX_COUNTED = 10_000
# The key of the index and its condition. SQLite reads all the matches before it checks another condition. The subquery
# hides the tokens from PostgreSQL's planner, which takes unused tokens for common ones and would scan the table.
# The kinds of matches that no expression finds, in the rows of the statement. The last row is not a match.
OF_SKU, LARGEST_KEY = -1, -2
KEY = {"sqlite": "rowid", "postgresql": "product_id"}
MATCHES = {"sqlite": "catalog_search MATCH %s", "postgresql": "tokens @@ (SELECT %s::tsquery)"}
RUNG = {
    "sqlite": "(SELECT ({{most}}) AS n) AS before LEFT JOIN catalog_search"
    f" ON catalog_search MATCH CASE WHEN n < {MAX_RANKED} THEN %s ELSE '\"\"' END{{condition}} LIMIT {MAX_RANKED}",
    "postgresql": "(SELECT ({{most}}) AS n) AS before LEFT JOIN LATERAL (SELECT product_id FROM catalog_search"
    f" WHERE n < {MAX_RANKED} AND tokens @@ (SELECT %s::tsquery){{condition}} LIMIT {MAX_RANKED})"
    " AS catalog_search ON TRUE",
}
# The keys of a JSON list.
LISTED = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint FROM json_array_elements_text(%s::json)",
}
GREATER = {"sqlite": "max", "postgresql": "greatest"}


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The strongest matches of a query.

    `within` are the products that it may match; the shop has about `total`. `expression` matches these and all further
    products of the same kinds. They are not `all_found` if the list may have been cut at BEST_OF_MORE.
    """

    query: SearchQuery
    matches: list[Match]
    expression: str
    all_found: bool
    total: int
    within: QuerySet[Product]

    @property
    def has_sku(self) -> bool:
        """Whether the term is the SKU of the first match."""
        return bool(self.matches) and self.matches[0].kind == OF_SKU

    def count(self) -> int:
        """Count the matches within, up to MAX_COUNTED. Takes a statement only if the list was cut."""
        if self.all_found:
            return len(self.matches)
        condition, parameters = narrow_matches(self.within)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT 1 FROM catalog_search"
                f" WHERE {MATCHES[connection.vendor]}{condition} LIMIT {MAX_COUNTED}) AS counted",
                [self.expression, *parameters],
            )
            return int(cursor.fetchone()[0])


def candidates(query: SearchQuery, *, within: QuerySet[Product]) -> Candidates:
    """Find the candidates in one statement. `within` narrows the products; the words' counts are of all products."""
    sql, values = build_statement(query, within=within)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    of_sku = [Match(*row) for row in rows if row[0] == OF_SKU]
    others = [Match(*row) for row in rows if row[0] > OF_SKU]
    matches, reached = take_enough(others, query.kinds)
    known = {match.key for match in of_sku}
    return Candidates(
        query=query,
        matches=of_sku + [match for match in matches if match.key not in known],
        expression=reached,
        all_found=len(matches) != BEST_OF_MORE,
        total=next(key or 0 for kind, key, *_ in rows if kind == LARGEST_KEY),
        within=within,
    )


def take_enough(found: list[Match], kinds: list[str]) -> tuple[list[Match], str]:
    """Take the matches kind by kind until there are ENOUGH. Return them and the expression of the last kind taken."""
    matches: list[Match] = []
    reached = ""
    for kind, expression in enumerate(kinds):
        if len(matches) < ENOUGH:
            matches += [match for match in found if match.kind == kind]
            reached = expression
    return matches, reached


def build_statement(query: SearchQuery, *, within: QuerySet[Product]) -> tuple[str, list[Any]]:
    """Return the statement of the candidates and its parameters.

    Its rows are the matches with their kind, and the largest primary key with a kind below all others.
    """
    arms = [
        f"SELECT {LARGEST_KEY} AS kind, (SELECT max(id) FROM catalog_product) AS id, '' AS text, '' AS filed"
    ]
    owner = ProductVariant.objects.filter(sku_key=query.sku_key).exclude(sku_key="").values("product")
    try:
        sku, values = (
            within.filter(pk__in=owner)
            .order_by()
            .values("pk", "search_text", filed=RawSQL(build_filed("catalog_product."), ()))
            .query.sql_with_params()
        )
    except EmptyResultSet:  # a filter that nothing can pass, such as no category at all
        return arms[0], []
    arms.append(f"SELECT {OF_SKU}, of_sku.* FROM ({sku}) AS of_sku")
    if not query.rungs:
        return " UNION ALL ".join(arms), [*values]
    rungs = query.rungs
    tables, of_rungs = ladder(rungs, whole_first=query.whole_first, within=within)
    # If the whole of the first kind is looked up first, its matches still rank behind those of its stronger steps.
    first = len(rungs) if query.whole_first else 0
    keys = " UNION ALL ".join(
        f"SELECT id, {kind} AS kind, {rung or first} AS rung FROM rung_{rung} WHERE id IS NOT NULL"
        for rung, (kind, _) in enumerate(rungs)
    )
    sql = f"""
        WITH {", ".join(tables)}
        SELECT best.kind, product.id, product.search_text, {build_filed("product.")} FROM (
            SELECT
                id, min(kind) AS kind, count(*) OVER () AS all_found,
                row_number() OVER (ORDER BY min(kind), min(rung), id) AS place
            FROM ({keys}) AS found GROUP BY id
        ) AS best JOIN catalog_product AS product ON product.id = best.id
        WHERE place <= CASE WHEN all_found < {MAX_RANKED} THEN {MAX_RANKED} ELSE {BEST_OF_MORE} END
        UNION ALL {" UNION ALL ".join(arms)}
    """
    return sql, [*of_rungs, *values]


def ladder(
    rungs: list[tuple[int, str]], *, whole_first: bool, within: QuerySet[Product]
) -> tuple[list[str], list[Any]]:
    """Return a common table expression for each rung, and their parameters.

    A table has the keys that the rung finds, one of which may be null, and `n`, the most that a rung before it has
    found. A rung finds nothing if `n` is enough. If the whole of the first kind comes first, its steps are looked up
    only if the whole has more matches than can be ranked.

    Both databases' indexes find the oldest products first, so they choose the same ones if there are too many to rank.
    Each table refers to one table before it, once: SQLite copies a table's query wherever it is named.
    """
    vendor = connection.vendor
    condition, parameters = narrow_matches(within)
    rung = RUNG[vendor].format(condition=condition)
    tables: list[str] = []
    values: list[Any] = []
    for number, (kind, expression) in enumerate(rungs):
        most = "0"
        if number:
            kind_before = rungs[number - 1][0]
            before = 0 if whole_first and kind_before == 0 < kind else number - 1
            most = f"SELECT {GREATER[vendor]}(coalesce(max(n), 0), count(id)) FROM rung_{before}"
            if kind != kind_before:
                most = f"SELECT CASE WHEN ({most}) >= {ENOUGH} THEN {MAX_RANKED} ELSE 0 END"
            elif whole_first and number == 1 and kind == 0:
                most = f"SELECT CASE WHEN ({most}) < {MAX_RANKED} THEN {MAX_RANKED} ELSE 0 END"
        tables.append(
            f"rung_{number} (id, n) AS MATERIALIZED"
            f" (SELECT catalog_search.{KEY[vendor]}, n FROM {rung.format(most=most)})"
        )
        values += [expression, *parameters]
    return tables, values


def narrow_matches(within: QuerySet[Product]) -> tuple[str, tuple[Any, ...]]:
    """Return a SQL condition that checks each match, and its parameters. A list of all passing keys could be long."""
    this = within.filter(pk=RawSQL(f"catalog_search.{KEY[connection.vendor]}", ())).order_by().values("pk")
    try:
        sql, parameters = this.query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can pass, such as no category at all
        return " AND FALSE", ()
    return f" AND EXISTS ({sql})", parameters


def matching(expression: str, *, limit: int | None = None, others: Collection[int] = ()) -> RawSQL:
    """Return a subquery of the primary keys of products that match the expression, and of the others.

    It is of all that match, unless there is a limit.
    """
    vendor = connection.vendor
    cut = "" if limit is None else f" LIMIT {limit}"
    matches = f"SELECT {KEY[vendor]} FROM catalog_search WHERE {MATCHES[vendor]}{cut}"
    if not others:
        return RawSQL(matches, (expression,))
    return RawSQL(
        f"SELECT * FROM ({matches}) AS matched UNION {LISTED[vendor]}", (expression, dumps([*others]))
    )
