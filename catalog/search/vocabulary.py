"""Statistics of a term's words from the index: how many products have each, and which known words resemble it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from catalog.analysis import MARK
from catalog.search.query import STRENGTHS, Counts, SearchQuery
from catalog.search.spelling import corrections, errors_forgiven

MAX_SIMILAR = 200

# PostgreSQL counts in a sample first: an index of every SAMPLED-th product. If the sample has ENOUGH_SAMPLED matches,
# the rest is extrapolated, because a full count reads a page for each product.
SAMPLED = 16
ENOUGH_SAMPLED = 64
# The number of products that have each token. SQLite joins in the order in which a CROSS JOIN is written.
COUNTS = {
    "sqlite": f"""
        SELECT asked.value, '', sum(doc) FROM json_each(%s) AS asked CROSS JOIN catalog_search_term
        WHERE term >= asked.value || '{MARK}{STRENGTHS[0]}' AND term <= asked.value || '{MARK}{STRENGTHS[-1]}'
        GROUP BY asked.value
    """,
    "postgresql": f"""
        SELECT token, '', CASE WHEN sampled >= {ENOUGH_SAMPLED} THEN sampled * {SAMPLED} ELSE (
            SELECT count(*) FROM catalog_search WHERE tokens @@ strengths.any_of
        ) END
        FROM unnest(%s::text[]) AS token
        CROSS JOIN LATERAL (
            SELECT string_agg('''' || token || '{MARK}' || strength || '''', '|')::tsquery
            FROM unnest('{{{",".join(STRENGTHS)}}}'::text[]) AS strength
        ) AS strengths (any_of)
        CROSS JOIN LATERAL (
            SELECT count(*) FROM catalog_search WHERE tokens @@ strengths.any_of AND product_id %% {SAMPLED} = 0
        ) AS sample (sampled)
    """,
}
# Words that share the most and the rarest trigrams with a word that the index does not match. The check whether it
# matches asks PostgreSQL for all matches: for the first one alone it would scan the table instead of using the index.
SIMILAR = {
    "sqlite": f"""
        SELECT * FROM (
            SELECT %s, trim(word, '^$'), 0 FROM catalog_word_trigram WHERE catalog_word_trigram MATCH
            CASE WHEN EXISTS (SELECT 1 FROM counted WHERE token = %s AND products > 0)
            OR EXISTS (SELECT 1 FROM catalog_search WHERE catalog_search MATCH %s) THEN '""' ELSE %s END
            ORDER BY rank LIMIT {MAX_SIMILAR}
        )
    """,
    "postgresql": f"""
        SELECT * FROM (
            SELECT asked, word, 0 FROM (SELECT %s::text) AS term (asked), catalog_word
            WHERE NOT EXISTS (SELECT 1 FROM counted WHERE token = %s AND products > 0)
            AND NOT EXISTS (
                WITH found AS MATERIALIZED (SELECT FROM catalog_search WHERE tokens @@ (SELECT %s::tsquery))
                SELECT FROM found
            )
            AND show_trgm(word) && show_trgm(%s)
            ORDER BY word <-> asked LIMIT {MAX_SIMILAR}
        ) AS alike
    """,
}


def look_up(query: SearchQuery) -> SearchQuery:
    """Add the counts of its words to the query, and correct words that no product has. Takes one statement."""
    statement, values = build_count(query)
    sql = f"WITH counted (token, word, products) AS MATERIALIZED ({statement}) SELECT * FROM counted"
    for word in query.words:
        if errors_forgiven(word.raw) and not word.synonyms:
            sql += f" UNION ALL {SIMILAR[connection.vendor]}"
            whole, found = word.spellings[0][0], word.expression(prefix=word is query.words[-1])
            values += [word.raw, whole, found, trigrams(word.raw)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    counts = read_counts(rows)
    similar: dict[str, list[str]] = defaultdict(list)
    for word, other, products in rows:
        if other and not products:
            similar[word].append(other)
    return SearchQuery(
        tuple(
            replace(word, counts=counts).correct(corrections(word.raw, among=similar[word.raw]))
            for word in query.words
        )
    )


def build_count(query: SearchQuery) -> tuple[str, list[Any]]:
    """Return a statement and its parameters. Its rows are a token of the query, an empty text, and a count or null."""
    tokens = list(dict.fromkeys(token for word in query.words for token in word.tokens))
    return COUNTS[connection.vendor], [json.dumps(tokens) if connection.vendor == "sqlite" else tokens]


def read_counts(rows: Iterable[Sequence[Any]]) -> Counts:
    """Pick the counts from the rows of a statement that contains `build_count`'s."""
    return {token: products for token, _, products in rows if products}


def trigrams(word: str) -> str:
    """Return the trigrams of a word as SQLite's match expression. PostgreSQL makes its own from the word."""
    if connection.vendor != "sqlite":
        return word
    padded = f"^^{word}$"
    return " OR ".join(f'"{padded[start : start + 3]}"' for start in range(len(padded) - 2))
