"""Words in the names of what products are filed under: categories and values of attributes.

All names are read for each search, with the shop's synonyms, so a change counts at once and writes nothing else. They
come as one row of texts, and their words are only looked up again where one has changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from itertools import chain
from operator import and_
from typing import Any, NamedTuple

import orjson
from django.db import connection

from catalog import analysis
from catalog.analysis import CATEGORY_MARK, VALUE_MARK
from catalog.models import keys_in
from catalog.search.query import Word, filed_under

# The categories and the values of one word that are looked in.
MAX_CATEGORIES = 500
MAX_VALUES = 100
ALL = ""

NAMES = {
    "sqlite": """
        SELECT
            (SELECT json_group_array(json_array(path, name)) FROM catalog_category),
            (SELECT json_group_array(json_array(id, name)) FROM catalog_attributevalue),
            (SELECT json_group_array(words) FROM catalog_synonym),
            (SELECT coalesce(max(id), 0) FROM catalog_product)
    """,
    "postgresql": """
        SELECT
            (SELECT coalesce(json_agg(json_build_array(path, name)), '[]')::text FROM catalog_category),
            (SELECT coalesce(json_agg(json_build_array(id, name)), '[]')::text FROM catalog_attributevalue),
            (SELECT coalesce(json_agg(words ORDER BY words), '[]')::text FROM catalog_synonym),
            (SELECT coalesce(max(id), 0) FROM catalog_product)
    """,
}


# The keys of the names that have each token. The empty token is of all names.
Named = Mapping[str, frozenset[Any]]


class Names(NamedTuple):
    """The names of the categories and of the values of attributes, and the shop's lines of synonyms, as JSON.

    The `largest_key` of the products tells about how many there are.
    """

    categories: str
    values: str
    synonyms: str
    largest_key: int


def read_names() -> Names:
    """Read all names, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES[connection.vendor])
        return Names(*cursor.fetchone())


def find_filed(words: Iterable[Word], *, among: Names) -> dict[str, frozenset[str]]:
    """Return for each word as written the tokens of the categories and values of attributes that have it in their name.

    The categories below such a category count, too.
    """
    paths, values = index_names(among.categories), index_names(among.values)
    return {
        word.raw: frozenset(
            (
                *(filed_under(CATEGORY_MARK, keys_in(path)[-1]) for path in find_below(word, paths)),
                *(filed_under(VALUE_MARK, key) for key in sorted(having(word, values))[:MAX_VALUES]),
            )
        )
        for word in words
    }


def find_below(word: Word, paths: Named) -> list[str]:
    """Return the paths of the categories that have the word in their name, and of those below them."""
    tops = tuple(having(word, paths))
    return sorted(path for path in paths[ALL] if path.startswith(tops))[:MAX_CATEGORIES] if tops else []


def having(word: Word, names: Named) -> frozenset[Any]:
    """Return the keys of the names that have all tokens of one of the word's spellings."""
    nothing: frozenset[Any] = frozenset()
    return nothing.union(
        *(reduce(and_, (names.get(token, nothing) for token in spelling)) for spelling in word.spellings)
    )


@lru_cache(maxsize=2)
def index_names(document: str) -> Named:
    """Return the keys of a list of keys and names by the tokens of the names."""
    found: dict[str, set[Any]] = defaultdict(set)
    for key, name in orjson.loads(document):
        for token in (ALL, *tokens_of_name(name)):
            found[token].add(key)
    return {token: frozenset(keys) for token, keys in found.items()} or {ALL: frozenset()}


def tokens_of_name(name: str) -> Iterable[str]:
    words = [word for word in analysis.words(analysis.normal(name)) if not analysis.is_stop_word(word)]
    return chain(*map(analysis.tokens_of, words), analysis.join_neighbours(words))
