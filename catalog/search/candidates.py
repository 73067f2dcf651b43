"""The products that a query is to choose from: the strongest matches of its best kind that finds enough."""

from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Func, QuerySet
from django.db.models.expressions import RawSQL

from catalog.analysis import MARK
from catalog.models import Product
from catalog.search.query import Match, Query
from catalog.search.vocabulary import counted, counting

# So many matches are all ranked. Of more, the best so many are, so that a word of every second product costs no more.
MAX_RANKED = 500
BEST_OF_MORE = 250
# Weaker kinds of matches are only added where there are fewer than this.
ENOUGH = 20
# Beyond this a count would cost more than it tells.
MAX_COUNTED = 10_000
# The key of the index, and its condition. SQLite would read all the matches before it looks at another condition;
# PostgreSQL, if it saw the tokens, would think that tokens that nobody has are everywhere, and scan the table.
KEY = {"sqlite": "rowid", "postgresql": "product_id"}
MATCHES = {"sqlite": "catalog_search MATCH %s", "postgresql": "tokens @@ (SELECT %s::tsquery)"}
RUNG = {
    "sqlite": "(SELECT ({{most}}) AS n) AS before LEFT JOIN catalog_search"
    f" ON catalog_search MATCH CASE WHEN n < {MAX_RANKED} THEN %s ELSE '\"\"' END{{condition}} LIMIT {MAX_RANKED}",
    "postgresql": "(SELECT ({{most}}) AS n) AS before LEFT JOIN LATERAL (SELECT product_id FROM catalog_search"
    f" WHERE n < {MAX_RANKED} AND tokens @@ (SELECT %s::tsquery){{condition}} LIMIT {MAX_RANKED})"
    " AS catalog_search ON TRUE",
}
GREATER = {"sqlite": "max", "postgresql": "greatest"}


class Each(Func):
    """A condition that is checked for each row as it is read in some order; nothing is read by it."""

    conditional = True
    output_field = BooleanField()
    template = "((%(expressions)s) IS TRUE)"


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The strongest matches `within` some of about `total` products; the `expression` matches all, and beyond."""

    query: Query
    matches: list[Match]
    expression: str
    total: int
    within: QuerySet[Product] | None

    @property
    def all_found(self) -> bool:
        """Exactly so many may be the best of more."""
        return len(self.matches) != BEST_OF_MORE

    def count(self) -> int:
        """How many match within, up to MAX_COUNTED; in no statement where all have been found."""
        if self.all_found:
            return len(self.matches)
        one_word_is_enough = len(self.query.words) == 1 or self.expression == self.query.kinds[-1]
        if self.within is None and one_word_is_enough and self.query.commonest > 2 * MAX_COUNTED:
            return MAX_COUNTED
        condition, parameters = narrowing(self.within)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT 1 FROM catalog_search"
                f" WHERE {MATCHES[connection.vendor]}{condition} LIMIT {MAX_COUNTED}) AS counted",
                [self.expression, *parameters],
            )
            return int(cursor.fetchone()[0])


def candidates(query: Query, *, within: QuerySet[Product] | None) -> Candidates:
    """In one statement, which also counts what of the query has no counts yet; `within` narrows the products, but
    not what is known of the words."""
    rungs = query.rungs
    if not rungs:
        return Candidates(query=query, matches=[], expression="", total=0, within=within)
    tables, values = ladder(rungs, whole_first=query.whole_first, within=within)
    # Where the whole of the first kind is looked for first, it still comes after its stronger steps.
    first = len(rungs) if query.whole_first else 0
    keys = " UNION ALL ".join(
        f"SELECT id, {kind} AS kind, {rung or first} AS rung FROM rung_{rung} WHERE id IS NOT NULL"
        for rung, (kind, _) in enumerate(rungs)
    )
    counts, tokens = counting(Query(tuple(word for word in query.words if word.counts is None)))
    sql = f"""
        WITH {", ".join(tables)}
        SELECT '{MARK}' || best.kind, product.search_text, product.id FROM (
            SELECT
                id, min(kind) AS kind, count(*) OVER () AS all_found,
                row_number() OVER (ORDER BY min(kind), min(rung), id) AS place
            FROM ({keys}) AS found GROUP BY id
        ) AS best JOIN catalog_product AS product ON product.id = best.id
        WHERE place <= CASE WHEN all_found < {MAX_RANKED} THEN {MAX_RANKED} ELSE {BEST_OF_MORE} END
        UNION ALL SELECT '{MARK}', '', (SELECT max(id) FROM catalog_product)
        UNION ALL {counts}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *tokens])
        rows = cursor.fetchall()
    mended = counted(row for row in rows if MARK not in row[0])
    query = Query(tuple(word if word.counts else replace(word, counts=mended) for word in query.words))
    found = [Match(int(mark[1:]), key, text) for mark, text, key in rows if mark[:1] == MARK and mark != MARK]
    matches: list[Match] = []
    reached = ""
    for kind, expression in enumerate(query.kinds):
        if len(matches) < ENOUGH:
            matches += [match for match in found if match.kind == kind]
            reached = expression
    return Candidates(
        query=query,
        matches=matches,
        expression=reached,
        total=next(key or 0 for mark, _, key in rows if mark == MARK),
        within=within,
    )


def ladder(
    rungs: list[tuple[int, str]], *, whole_first: bool, within: QuerySet[Product] | None
) -> tuple[list[str], list[Any]]:
    """A table for each rung, of keys (one of them may be null) and of `n`, the most that a rung before it has found:
    nothing is looked for where that is enough. Where the whole of the first kind is first, its steps are only looked
    for where the whole is more than can be ranked.

    Both indexes find the oldest first, and so they choose the same where there are more than can be ranked. Each
    table names one before it, once: SQLite copies a table's query wherever it is named.
    """
    vendor = connection.vendor
    condition, parameters = narrowing(within)
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


def narrowing(within: QuerySet[Product] | None) -> tuple[str, tuple[Any, ...]]:
    """A condition for each match, rather than a list of all products that pass."""
    if within is None:
        return "", ()
    this = within.filter(pk=RawSQL(f"catalog_search.{KEY[connection.vendor]}", ())).order_by().values("pk")
    try:
        sql, parameters = this.query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can pass, such as no category at all
        return " AND FALSE", ()
    return f" AND EXISTS ({sql})", parameters


def matching(expression: str, *, limit: int | None = None) -> RawSQL:
    """A subquery of the primary keys of all products that match the expression, or of some of them."""
    key = KEY[connection.vendor]
    cut = "" if limit is None else f" LIMIT {limit}"
    return RawSQL(f"SELECT {key} FROM catalog_search WHERE {MATCHES[connection.vendor]}{cut}", (expression,))
