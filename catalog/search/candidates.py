"""Candidates: the strongest matches of a query, from its best kinds, until there are enough to rank."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from catalog.models import Product, ProductVariant
from catalog.search.index.parts import COUNTED_LEVEL, IN_SAMPLE, KEY, build_filed
from catalog.search.query import Match, Rung, SearchQuery, all_of, token, token_of_sample

# Fewer matches than MAX_RANKED are all ranked. Of more, only BEST_OF_MORE are, so that a word that every second product
# has does not cost more.
MAX_RANKED = 500
BEST_OF_MORE = 250
# Weaker kinds of matches are added only while there are fewer matches than this.
ENOUGH = 20
# In a shop of so many products, a step looks into a sample of them first. Where that has enough matches, all are not
# read: of very many matches with one strength, those in the sample are as good as any.
MANY_PRODUCTS = 250_000
# The kind of a match by its SKU, which no expression finds.
OF_SKU = -1
# The condition of the index. SQLite reads all the matches before it checks another condition. The subquery hides the
# tokens from PostgreSQL's planner, which takes unused tokens for common ones and would scan the table.
MATCHES = {"sqlite": "catalog_search MATCH %s", "postgresql": "tokens @@ (SELECT %s::tsquery)"}
# The steps are climbed by recursion, so that the statement is planned for one of them. `most` is the most that a step
# before has found. A step runs if it is the FIRST of its kind and there are not enough; if the WHOLE kind before it has
# too many; or else if the step before has run and has not found too many.
FIRST, AFTER_WHOLE, FURTHER = range(3)
RUNS = f"""CASE turn
    WHEN {FIRST} THEN {{greater}}(most, {{size}}(climb.keys)) < {ENOUGH}
    WHEN {AFTER_WHOLE} THEN ran AND {{size}}(climb.keys) >= {MAX_RANKED}
    ELSE ran AND {{size}}(climb.keys) < {MAX_RANKED}
END"""
RUNS_ON = {
    "sqlite": RUNS.format(greater="max", size="json_array_length"),
    "postgresql": RUNS.format(greater="greatest", size="cardinality"),
}
CLIMB = {
    "sqlite": f"""
        WITH RECURSIVE rung (number, kind, place, turn, is_sampled, expression) AS MATERIALIZED (
            SELECT key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(%s)
        ),
        climb (number, ran, most, keys) AS (
            SELECT -1, FALSE, 0, '[]'
            UNION ALL
            SELECT
                rung.number, {RUNS_ON["sqlite"]}, max(most, json_array_length(climb.keys)),
                (SELECT json_group_array(rowid) FROM (
                    SELECT rowid FROM catalog_search
                    WHERE catalog_search MATCH CASE WHEN {RUNS_ON["sqlite"]} THEN expression ELSE '""' END
                        AND {{condition}} LIMIT {MAX_RANKED}
                ))
            FROM climb JOIN rung ON rung.number = climb.number + 1
        ),
        found AS (SELECT value AS id, kind, place FROM climb JOIN rung USING (number), json_each(climb.keys))
    """,
    "postgresql": f"""
        WITH RECURSIVE rung (number, kind, place, turn, is_sampled, expression) AS MATERIALIZED (
            SELECT
                number - 1, (rung ->> 0)::int, (rung ->> 1)::int, (rung ->> 2)::int, (rung ->> 3)::bool,
                (rung ->> 4)::tsquery
            FROM json_array_elements(%s::json) WITH ORDINALITY AS listed (rung, number)
        ),
        climb (number, ran, most, keys) AS (
            SELECT -1::bigint, FALSE, 0, ARRAY[]::bigint[]
            UNION ALL
            SELECT rung.number, runs, greatest(most, cardinality(climb.keys)), ARRAY(
                (SELECT product_id FROM catalog_search
                WHERE runs AND NOT is_sampled AND tokens @@ expression AND {{condition}} LIMIT {MAX_RANKED})
                UNION ALL
                (SELECT product_id FROM catalog_search
                WHERE runs AND is_sampled AND {IN_SAMPLE} AND tokens @@ expression AND {{condition}} LIMIT {MAX_RANKED})
            )
            FROM climb JOIN rung ON rung.number = climb.number + 1
            CROSS JOIN LATERAL (SELECT {RUNS_ON["postgresql"]}) AS next (runs)
        ),
        found AS (SELECT unnest(climb.keys) AS id, kind, place FROM climb JOIN rung USING (number))
    """,
}
# The keys of a JSON list.
LISTED = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint FROM json_array_elements_text(%s::json)",
}


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The strongest matches of a query.

    `within` are the products that it may match. `expression` matches these and all further products of the same kinds.
    They are not `all_found` if the list may have been cut at BEST_OF_MORE.
    """

    query: SearchQuery
    matches: list[Match]
    expression: str
    all_found: bool
    within: QuerySet[Product]

    @property
    def has_sku(self) -> bool:
        """Whether the term is the SKU of the first match."""
        return bool(self.matches) and self.matches[0].kind == OF_SKU


def candidates(query: SearchQuery, *, within: QuerySet[Product]) -> Candidates:
    """Find the candidates in one statement. `within` narrows the products; the words' counts are of all products."""
    sql, values = build_statement(query, within=within)
    rows: list[Any] = []
    if sql:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
    of_sku = [Match(*row) for row in rows if row[0] == OF_SKU]
    others = [Match(*row) for row in rows if row[0] != OF_SKU]
    matches, reached = take_enough(others, query.kinds)
    known = {match.key for match in of_sku}
    return Candidates(
        query=query,
        matches=of_sku + [match for match in matches if match.key not in known],
        expression=reached,
        all_found=len(matches) != BEST_OF_MORE,
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
    """Return the statement of the candidates, whose rows are the matches with their kind, and its parameters."""
    owner = ProductVariant.objects.filter(sku_key=query.sku_key).exclude(sku_key="").values("product")
    try:
        sku, values = (
            within.filter(pk__in=owner)
            .order_by()
            .values("pk", "search_text", filed=RawSQL(build_filed("catalog_product."), ()))
            .query.sql_with_params()
        )
    except EmptyResultSet:  # a filter that nothing can pass, such as no category at all
        return "", []
    of_sku = f"SELECT {OF_SKU} AS kind, of_sku.* FROM ({sku}) AS of_sku"
    rungs = list(query.rungs if query.total < MANY_PRODUCTS else add_samples(query.rungs))
    if not rungs:
        return of_sku, [*values]
    condition, parameters = narrow_matches(within)
    sql = f"""
        {CLIMB[connection.vendor].format(condition=condition)}
        SELECT best.kind, product.id, product.search_text, {build_filed("product.")} FROM (
            SELECT
                id, min(kind) AS kind, count(*) OVER () AS all_found,
                row_number() OVER (ORDER BY min(kind), min(place), id) AS place
            FROM found GROUP BY id
        ) AS best JOIN catalog_product AS product ON product.id = best.id
        WHERE place <= CASE WHEN all_found < {MAX_RANKED} THEN {MAX_RANKED} ELSE {BEST_OF_MORE} END
        UNION ALL {of_sku}
    """
    of_branches = parameters * CLIMB[connection.vendor].count("{condition}")
    return sql, [dumps([*describe(rungs)]), *of_branches, *values]


def add_samples(rungs: Iterable[Rung]) -> Iterator[Rung]:
    """Yield each rung after that of its sample. The whole of a kind that comes first is looked up at once."""
    for rung in rungs:
        if not rung.is_whole:
            yield rung._replace(is_sampled=True)
        yield rung


def describe(rungs: Sequence[Rung]) -> Iterator[tuple[Any, ...]]:
    """Yield the columns of each rung in the statement.

    Both databases' indexes find the oldest products first, so they choose the same ones if there are too many to rank.
    """
    for number, rung in enumerate(rungs):
        last = rungs[number - 1] if number else None
        turn = FIRST if last is None or last.kind < rung.kind else AFTER_WHOLE if last.is_whole else FURTHER
        # If the whole of a kind is looked up first, its matches still rank behind those of its stronger steps. Those in
        # a sample rank like the others of its step.
        place = len(rungs) if rung.is_whole else number + rung.is_sampled
        _, sought = match_sampled(rung.expression, level=COUNTED_LEVEL if rung.is_sampled else 0)
        yield rung.kind, place, turn, rung.is_sampled, sought


def match_sampled(expression: str, *, level: int) -> tuple[str, str]:
    """Return the condition of the matches in the sample of a level, and its parameter. Level 0 has all of them.

    The tokens of the samples are in the index, so that only parts of the long lists of common words are read.
    """
    matches = MATCHES[connection.vendor]
    if not level:
        return matches, expression
    if connection.vendor == "postgresql" and level >= COUNTED_LEVEL:
        # By the smaller index, which has just that sample.
        matches = f"{matches} AND {IN_SAMPLE}"
        if level == COUNTED_LEVEL:
            return matches, expression
    return matches, all_of([expression, token(token_of_sample(level))])


def narrow_matches(within: QuerySet[Product], *, key: str = "") -> tuple[str, tuple[Any, ...]]:
    """Return a SQL condition that checks each match, by its key, and its parameters.

    A list of all passing keys could be long.
    """
    of_match = key or f"catalog_search.{KEY[connection.vendor]}"
    this = within.filter(pk=RawSQL(of_match, ())).order_by().values("pk")
    try:
        sql, parameters = this.query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can pass, such as no category at all
        return "FALSE", ()
    return f"EXISTS ({sql})", parameters


def matching(expression: str, *, limit: int | None = None) -> RawSQL:
    """Return a subquery of the primary keys of the products that match the expression, or of the oldest of them."""
    vendor = connection.vendor
    cut = "" if limit is None else f" LIMIT {limit}"
    return RawSQL(f"SELECT {KEY[vendor]} FROM catalog_search WHERE {MATCHES[vendor]}{cut}", (expression,))


def listed(keys: Iterable[int]) -> RawSQL:
    """Return a subquery of the keys. As parameters they would be bound, and planned, one by one."""
    return RawSQL(LISTED[connection.vendor], (dumps([*keys]),))
