"""Statistics of a term's words from the index: how many products have each, and which known words resemble it."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from django.db import connection

from catalog import analysis
from catalog.analysis import MARK, NAME_MARK
from catalog.search.filing import find_filed, read_names
from catalog.search.index.parts import IN_SAMPLE, SAMPLED
from catalog.search.query import STRENGTHS, Counts, SearchQuery, Word
from catalog.search.spelling import (
    compounds,
    corrections,
    errors_forgiven,
    halves,
    lacks_second_letter,
    may_end_compounds,
    may_have_forms,
)
from catalog.search.synonyms import Thesaurus, build_thesaurus

MAX_SIMILAR = 200
# A word of the descriptions alone is a correction if it is as long, or if so many products have it: each of the many
# other words is near to something that shoppers call by its right name. So many must also have one whose second letter
# was left out, which few people do.
TELLING_LENGTH = 8
COMMON = 3
# A word of one product is taken for a misspelt name if so many products have the nearest word.
FAR_COMMONER = 10
MIN_MISSPELT_LENGTH = 6

# PostgreSQL counts in a sample first: an index of one product in SAMPLED. If the sample has ENOUGH_SAMPLED matches,
# the rest is extrapolated, because a full count reads a page for each product.
ENOUGH_SAMPLED = 64
# A token of a word has a strength, one of the words of a name has none.
ENDINGS = ("", *(MARK + strength for strength in STRENGTHS))
# The number of products that have each token. SQLite joins in the order in which a CROSS JOIN is written.
COUNTS = {
    "sqlite": f"""
        SELECT asked.value, sum(doc) FROM json_each(%s) AS asked
        CROSS JOIN json_each('{json.dumps(ENDINGS)}') AS ending
        CROSS JOIN catalog_search_term WHERE term = asked.value || ending.value
        GROUP BY asked.value
    """,
    "postgresql": f"""
        SELECT token, CASE WHEN sampled >= {ENOUGH_SAMPLED} THEN sampled * {SAMPLED} ELSE (
            SELECT count(*) FROM catalog_search WHERE tokens @@ any_of
        ) END
        FROM unnest(%s::text[]) AS token
        CROSS JOIN LATERAL (
            SELECT string_agg(quote_literal(token || ending), '|')::tsquery
            FROM unnest(ARRAY{list(ENDINGS)}) AS ending
        ) AS endings (any_of)
        CROSS JOIN LATERAL (
            SELECT count(*) FROM catalog_search WHERE tokens @@ any_of AND {IN_SAMPLE}
        ) AS sample (sampled)
    """,
}
# Words that end in a word, and words that share the most and the rarest trigrams with it, unless the index matches its
# expression. The check asks PostgreSQL for all matches: for the first one alone it would scan the table.
SIMILAR = {
    "sqlite": f"""
        SELECT * FROM (
            SELECT %s, trim(word, '^$') FROM catalog_word_trigram WHERE catalog_word_trigram MATCH
            CASE WHEN EXISTS (SELECT 1 FROM catalog_search WHERE catalog_search MATCH %s) THEN '""' ELSE %s END
            ORDER BY substr(word, -length(%s)) = %s DESC, rank LIMIT {MAX_SIMILAR}
        )
    """,
    "postgresql": f"""
        SELECT * FROM (
            SELECT asked, word FROM (SELECT %s::text) AS term (asked), catalog_word
            WHERE NOT EXISTS (
                WITH found AS MATERIALIZED (SELECT FROM catalog_search WHERE tokens @@ (SELECT %s::tsquery))
                SELECT FROM found
            )
            AND show_trgm(word) && show_trgm(%s)
            ORDER BY right(word, length(%s)) = %s DESC, word <-> asked LIMIT {MAX_SIMILAR}
        ) AS alike
    """,
}
# An expression that matches nothing.
NOTHING = {"sqlite": '""', "postgresql": ""}


def look_up(query: SearchQuery, *, as_typed: bool = False) -> SearchQuery:
    """Add to the query's words synonyms, counts and what is filed under them, and correct words that nothing has.

    A term `as_typed` is not corrected. It takes two statements, and two more if there are such words. Words of old
    names stay in the vocabulary, so a correction is checked to be of a product.
    """
    names = read_names()
    thesaurus = build_thesaurus(names.synonyms)
    query = query.with_synonyms(thesaurus)
    filed = find_filed(query.words, among=names)
    counts = count(token for word in query.words for token in word.tokens)
    query = replace(
        query,
        words=tuple(replace(word, counts=counts, filed=filed[word.raw]) for word in query.words),
        total=names.largest_key,
    )
    doubtful = [word for word in query.words if is_doubtful(word)]
    if as_typed or not doubtful:
        return query
    similar = find_similar(doubtful, last=query.words[-1])
    near = {word.raw: corrections(word.raw, among=similar[word.raw]) for word in doubtful}
    unknown = [word for word in doubtful if not word.products]
    same = {word.raw: find_forms(word, among=similar[word.raw], near=near[word.raw]) for word in unknown}
    longer = {word.raw: compounds(word.end, among=similar[word.raw]) for word in unknown}
    apart = {
        word.raw: halves(word.raw)
        for word in unknown
        if not (near[word.raw] or same[word.raw] or longer[word.raw])
    }
    others = {
        *(other for nearest in near.values() for _, other in nearest),
        *chain.from_iterable(chain(same.values(), longer.values())),
    }
    known = count(
        (
            *(token for other in others for token in (*analysis.tokens_of(other), *called(other))),
            *map(analysis.stem, chain.from_iterable(chain.from_iterable(apart.values()))),
        )
    )
    counts = {**counts, **known}
    return replace(
        query,
        words=tuple(
            replace_unknown(
                word,
                near.get(word.raw, []),
                (same.get(word.raw, []), longer.get(word.raw, [])),
                apart.get(word.raw, []),
                counts=counts,
                thesaurus=thesaurus,
            )
            for word in query.words
        ),
    )


def is_doubtful(word: Word) -> bool:
    """Return whether the word may be a typing error: no product has it, or one product that may be misspelt."""
    if word.has_synonyms or word.filed:
        return False
    if not (errors_forgiven(word.raw) or may_end_compounds(word.end) or may_have_forms(word.raw)):
        return False
    return not word.products or is_rare(word)


def find_forms(word: Word, *, among: Iterable[str], near: list[tuple[int, str]]) -> list[str]:
    """Return the known words that are other forms of the word, which is not English.

    A near one with the same last letter is rather a correction: another form has another ending.
    """
    if not may_have_forms(word.accented or word.raw):
        return []
    misspelt = {known for _, known in near if known[-1] == word.raw[-1]}
    return [known for known in among if known not in misspelt and analysis.are_forms(word.raw, known)]


def is_rare(word: Word) -> bool:
    return word.products == 1 and word.raw.isalpha() and len(word.raw) >= MIN_MISSPELT_LENGTH


def replace_unknown(
    word: Word,
    near: list[tuple[int, str]],
    own: Iterable[list[str]],
    apart: list[tuple[str, str]],
    *,
    counts: Counts,
    thesaurus: Thesaurus,
) -> Word:
    """Return the word as what products have now: its `own` forms or compounds, its halves `apart`, or the nearest."""
    for others in own:
        if there := [other for other in others if other in counts]:
            return word.stand_for(there, counts=counts, thesaurus=thesaurus)
    ways = [tuple(map(analysis.stem, pair)) for pair in apart]
    if halved := tuple(way for way in ways if all(token in counts for token in way)):
        return replace(word, spellings=halved, counts=counts)
    known = [
        (errors, other)
        for errors, other in near
        if is_telling(other, counts) and not (lacks_second_letter(word.raw, other) and counts[other] < COMMON)
    ]
    if is_rare(word):
        known = [(errors, other) for errors, other in known if counts[other] >= FAR_COMMONER]
    nearest = sorted(
        (other for errors, other in known if errors == known[0][0]), key=lambda other: -counts[other]
    )
    return word.stand_for(nearest, counts=counts, thesaurus=thesaurus, meant=next(iter(nearest), ""))


def is_telling(word: str, counts: Counts) -> bool:
    """Return whether products have the word, and are called by it unless it is long or common."""
    products = counts.get(word, 0)
    is_called = any(name in counts for name in called(word))
    return products >= COMMON or (products > 0 and (is_called or len(word) >= TELLING_LENGTH))


def called(word: str) -> tuple[str, str]:
    """Return the tokens of names that have the word, or its plural."""
    return NAME_MARK + word, f"{NAME_MARK}{word}s"


def count(tokens: Iterable[str]) -> Counts:
    """Count the products that have each token; tokens of no product are left out."""
    asked = list(dict.fromkeys(tokens))
    with connection.cursor() as cursor:
        cursor.execute(
            COUNTS[connection.vendor], [json.dumps(asked) if connection.vendor == "sqlite" else asked]
        )
        return {token: products for token, products in cursor.fetchall() if products}


def find_similar(words: list[Word], *, last: Word) -> dict[str, list[str]]:
    """Find the words of the vocabulary that resemble each word. A word that is found as it is has none."""
    values: list[str] = []
    for word in words:
        found = NOTHING[connection.vendor] if word.products else word.expression(prefix=word is last)
        end = f"{word.end}$" if connection.vendor == "sqlite" else word.end
        values += [word.raw, found or NOTHING[connection.vendor], trigrams([word.raw, word.end]), end, end]
    similar: dict[str, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(SIMILAR[connection.vendor] for _ in words), values)
        for word, other in cursor.fetchall():
            similar[word].append(other)
    return similar


def trigrams(words: list[str]) -> str:
    """Return the trigrams of the words as SQLite's match expression. PostgreSQL makes its own from a text of them."""
    if connection.vendor != "sqlite":
        return " ".join(words)
    padded = [f"^^{word}$" for word in dict.fromkeys(words)]
    return " OR ".join(f'"{word[start : start + 3]}"' for word in padded for start in range(len(word) - 2))
