"""What the index knows of the words of a term: how many products have them, and which words resemble them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from catalog.analysis import MARK
from catalog.search.query import STRENGTHS, Counts, Query
from catalog.search.spelling import corrections, errors_forgiven

MAX_SIMILAR = 200

# Of each token, its strengths and how many products have it with them. SQLite keeps to the order of a CROSS JOIN.
COUNTS = {
    "sqlite": f"""
        SELECT asked.value, substr(term, -1), doc FROM json_each(%s) AS asked
        CROSS JOIN catalog_search_term
        WHERE term >= asked.value || '{MARK}{STRENGTHS[0]}' AND term <= asked.value || '{MARK}{STRENGTHS[-1]}'
    """,
    "postgresql": f"""
        SELECT token, strength, products FROM unnest(%s::text[]) AS token
        CROSS JOIN unnest('{{{",".join(STRENGTHS)}}}'::text[]) AS strength CROSS JOIN LATERAL (
            SELECT count(*) FROM catalog_search
            WHERE tokens @@ ('''' || token || '{MARK}' || strength || '''')::tsquery
        ) AS counted (products) WHERE products > 0
    """,
}
# The words that share the most and the rarest trigrams with one that the index does not match.
SIMILAR = {
    "sqlite": f"""
        SELECT * FROM (
            SELECT %s, trim(word, '^$'), 0 FROM catalog_word_trigram WHERE catalog_word_trigram MATCH
            CASE WHEN EXISTS (SELECT 1 FROM catalog_search WHERE catalog_search MATCH %s) THEN '""' ELSE %s END
            ORDER BY rank LIMIT {MAX_SIMILAR}
        )
    """,
    "postgresql": f"""
        SELECT * FROM (
            SELECT %s::text, word, 0 FROM catalog_word
            WHERE NOT EXISTS (SELECT 1 FROM catalog_search WHERE tokens @@ %s::tsquery)
            ORDER BY word <-> %s LIMIT {MAX_SIMILAR}
        ) AS alike
    """,
}


def known(query: Query) -> Query:
    """The query with the counts of its words, and with those mended that no product has; in one statement."""
    statements = [counting(query)]
    for word in query.words:
        if errors_forgiven(word.raw):
            found = word.expression(prefix=word is query.words[-1])
            statements.append((SIMILAR[connection.vendor], [word.raw, found, trigrams(word.raw)]))
    sql = " UNION ALL ".join(statement for statement, _ in statements)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for _, values in statements for value in values])
        rows = cursor.fetchall()
    counts = counted(rows)
    similar: dict[str, list[str]] = defaultdict(list)
    for word, other, products in rows:
        if not products:
            similar[word].append(other)
    return Query(
        tuple(
            replace(word, counts=counts).corrected(corrections(word.raw, among=similar[word.raw]))
            for word in query.words
        )
    )


def counting(query: Query) -> tuple[str, list[Any]]:
    """A statement and its parameters: rows of a token of the query, a strength and a count above 0."""
    tokens = list(dict.fromkeys(token for word in query.words for token in word.tokens))
    return COUNTS[connection.vendor], [json.dumps(tokens) if connection.vendor == "sqlite" else tokens]


def counted(rows: Iterable[Sequence[Any]]) -> Counts:
    """From the rows of `counting`, among others."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for token, strength, products in rows:
        if products:
            counts[token][strength] = products
    return counts


def trigrams(word: str) -> str:
    """What a word is compared by: PostgreSQL makes its own trigrams."""
    if connection.vendor != "sqlite":
        return word
    padded = f"^^{word}$"
    return " OR ".join(f'"{padded[start : start + 3]}"' for start in range(len(padded) - 2))
