"""What the index knows of the words of a term: how many products have them, and which words resemble them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from catalog.analysis import MARK
from catalog.search.query import INDEXED, STRENGTHS, Counts, Query
from catalog.search.spelling import corrections, errors_forgiven

MAX_SIMILAR = 200

# Of PostgreSQL's index a part is counted first, which has every so many-th product: where that finds enough, the
# rest is left uncounted, because it reads a page for each product that it counts.
SAMPLED = 16
ENOUGH_SAMPLED = 64
# Of each token, how many products have it. SQLite keeps to the order of a CROSS JOIN.
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
            FROM unnest('{{{",".join(INDEXED["postgresql"])}}}'::text[]) AS strength
        ) AS strengths (any_of)
        CROSS JOIN LATERAL (
            SELECT count(*) FROM catalog_search WHERE tokens @@ strengths.any_of AND product_id %% {SAMPLED} = 0
        ) AS sample (sampled)
    """,
}
# The words that share the most and the rarest trigrams with one that the index does not match. To see whether it does,
# PostgreSQL would scan the table for the first match: it uses the index where it is asked for all of them.
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


def known(query: Query) -> Query:
    """The query with the counts of its words, and with those mended that no product has; in one statement."""
    statement, values = counting(query)
    sql = f"WITH counted (token, word, products) AS MATERIALIZED ({statement}) SELECT * FROM counted"
    for word in query.words:
        if errors_forgiven(word.raw) and not word.synonyms:
            sql += f" UNION ALL {SIMILAR[connection.vendor]}"
            whole, found = word.spellings[0][0], word.expression(prefix=word is query.words[-1])
            values += [word.raw, whole, found, trigrams(word.raw)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    counts = counted(rows)
    similar: dict[str, list[str]] = defaultdict(list)
    for word, other, products in rows:
        if other and not products:
            similar[word].append(other)
    return Query(
        tuple(
            replace(word, counts=counts).corrected(corrections(word.raw, among=similar[word.raw]))
            for word in query.words
        )
    )


def counting(query: Query) -> tuple[str, list[Any]]:
    """A statement and its parameters: rows of a token of the query, nothing, and a count, or none."""
    tokens = list(dict.fromkeys(token for word in query.words for token in word.tokens))
    return COUNTS[connection.vendor], [json.dumps(tokens) if connection.vendor == "sqlite" else tokens]


def counted(rows: Iterable[Sequence[Any]]) -> Counts:
    """From the rows of `counting`, among others."""
    return {token: products for token, _, products in rows if products}


def trigrams(word: str) -> str:
    """What a word is compared by: PostgreSQL makes its own trigrams."""
    if connection.vendor != "sqlite":
        return word
    padded = f"^^{word}$"
    return " OR ".join(f'"{padded[start : start + 3]}"' for start in range(len(padded) - 2))
