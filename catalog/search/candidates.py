"""The products that a query is to choose from: the index is asked once for the best kinds of matches."""

from dataclasses import dataclass
from math import log2
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from catalog.models import Product
from catalog.search.query import Query, Word, any_of

# The best so many of a search's matches are ranked, so that a word of every second product costs no more.
MAX_RANKED = 500
# Weaker matches are only added where there are fewer than this.
ENOUGH = 20
# Beyond this it makes no difference how common a word is.
MAX_COUNTED = 10_000
# The index's key, its condition, and an order in which it is read cheaply.
SYNTAX = {
    "sqlite": ("rowid", "catalog_search MATCH %s", " ORDER BY rowid DESC"),
    "postgresql": ("product_id", "tokens @@ %s::tsquery", ""),
}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """`text` is the product's search text; the kinds of matches are counted from 0, the best."""

    pk: int
    text: str
    kind: int


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """`expression` matches these and what is beyond MAX_RANKED, `weights` say how telling each word is, and
    no product has the `unknown` words."""

    products: list[Candidate]
    expression: str
    weights: list[float]
    unknown: list[Word]


def candidates(query: Query, *, within: QuerySet[Product] | None) -> Candidates:
    """In one statement; `within` narrows the products, but not what is known of the words."""
    rows = select(query, within=within)
    counts = {number: count for number, count, _ in rows if number < 0}
    found = [Candidate(pk=pk, text=text, kind=number) for number, pk, text in rows if number >= 0]
    products: list[Candidate] = []
    expressions: list[str] = []
    for kind, expression in enumerate(query.kinds):
        if len(products) < ENOUGH:
            products += [candidate for candidate in found if candidate.kind == kind]
            expressions.append(expression)
    total, unfinished, *of_words = (counts[number] for number in sorted(counts))
    return Candidates(
        products=products,
        expression=any_of(expressions),
        weights=[weight(count, total=total) for count in of_words],
        unknown=[
            word
            for word, count in zip(query.words, of_words, strict=True)
            if not count and not (word is query.words[-1] and unfinished)
        ],
    )


def weight(count: int, *, total: int) -> float:
    """How telling a word is that `count` of about `total` products have; 0 for one that none has.

    In steps: one more product with the word does not shift the ranks, which cursors are made of.
    """
    return max(round(2 * log2(1 + total / count)), 1) / 2 if count else 0.0


def select(query: Query, *, within: QuerySet[Product] | None) -> list[tuple[int, int, str]]:
    """The best kind of match of each product, its key, and its text.

    Below zero, how many products there are, have the last word unfinished, the first word, the second, …
    """
    key, matches, newest_first = SYNTAX[connection.vendor]
    condition, parameters = narrowing(within, key=key)
    all_words, *_ = query.kinds
    # The database looks for weaker matches only where there are few with all words.
    few = (
        f" AND (SELECT count(*) FROM (SELECT 1 FROM catalog_search WHERE {matches}{condition}"
        f" LIMIT {ENOUGH}) AS with_all) < {ENOUGH}"
    )
    rungs: list[str] = []
    values: list[Any] = []
    for kind, expressions in enumerate(query.rungs):
        for expression in expressions:
            rungs.append(
                f"SELECT * FROM (SELECT {kind} AS kind, {len(rungs)} AS rung, {key} AS id FROM catalog_search"
                f" WHERE {matches}{condition}{few if kind else ''}{newest_first} LIMIT {MAX_RANKED})"
                f" AS rung_{len(rungs)}"
            )
            values += [expression, *parameters, *((all_words, *parameters) if kind else ())]
    words = [query.words[-1].expression(prefix=True), *(word.expression() for word in query.words)]
    counts = [
        f"SELECT {number - len(words)}, (SELECT count(*) FROM (SELECT 1 FROM catalog_search WHERE {matches}"
        f" LIMIT {MAX_COUNTED}) AS counted), ''"
        for number in range(len(words))
    ]
    sql = f"""
        SELECT kind, product.id, product.search_text FROM (
            SELECT id, min(kind) AS kind, min(rung) AS rung FROM ({" UNION ALL ".join(rungs)}) AS every_match
            GROUP BY id ORDER BY min(rung), id DESC LIMIT {MAX_RANKED}
        ) AS best JOIN catalog_product AS product ON product.id = best.id
        UNION ALL {" UNION ALL ".join(counts)}
        UNION ALL SELECT {-len(words) - 1}, (SELECT max(id) FROM catalog_product), ''
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *words])
        return [(number, count or 0, text) for number, count, text in cursor.fetchall()]


def narrowing(within: QuerySet[Product] | None, *, key: str) -> tuple[str, tuple[Any, ...]]:
    """A condition for each match, rather than a list of all products that pass."""
    if within is None:
        return "", ()
    this = within.filter(pk=RawSQL(f"catalog_search.{key}", ())).order_by().values("pk")
    try:
        sql, parameters = this.query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can pass, such as no category at all
        return " AND FALSE", ()
    return f" AND EXISTS ({sql})", parameters


def matching(expression: str, *, limit: int | None = None) -> RawSQL:
    """A subquery of the primary keys of all products that match the expression, or of some of them."""
    key, matches, newest_first = SYNTAX[connection.vendor]
    cut = "" if limit is None else f"{newest_first} LIMIT {limit}"
    return RawSQL(f"SELECT {key} FROM catalog_search WHERE {matches}{cut}", (expression,))
