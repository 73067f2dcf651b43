"""Suggestions for a term without matches, and completions of a word that is being typed."""

import re
from difflib import get_close_matches

from catalog import analysis
from catalog.analysis import NAME_MARK
from catalog.search.candidates import MAX_RANKED, matching
from catalog.search.query import IN_NAME, SearchQuery, all_of, token
from catalog.selectors import products
from core.errors import BadUserInput

# Bounds on the suggestions: comparing words takes time for each pair.
POPULAR_PRODUCTS = 500
MAX_COMPARED_WORDS = 5
MAX_SUGGESTIONS = 3
MIN_SUGGESTION_LENGTH = 3
DEFAULT_COMPLETIONS = 10
MAX_COMPLETIONS = 20


def suggestions(words: list[str]) -> list[str]:
    """Return words of product names that resemble the given ones, or else words of the best sellers' names."""
    names = products().order_by("-sold_count", "-slug").values_list("name", flat=True)[:POPULAR_PRODUCTS]
    known = {
        analysis.normal(word): word
        for name in names
        for word in re.findall(r"[^\W_]+", name)
        if len(word) >= MIN_SUGGESTION_LENGTH
    }
    close = [
        match
        for word in words[:MAX_COMPARED_WORDS]
        for match in get_close_matches(analysis.normal(word[:50]), known, n=MAX_SUGGESTIONS)
    ]
    return [known[match] for match in list(dict.fromkeys([*close] or known))[:MAX_SUGGESTIONS]]


def completions(prefix: str, *, first: int | None = None) -> list[str]:
    """Complete the last word of the prefix to words of product names, best sellers first.

    Raises:
        BadUserInput: `first` is not between 1 and MAX_COMPLETIONS.
    """
    size = DEFAULT_COMPLETIONS if first is None else first
    if not 1 <= size <= MAX_COMPLETIONS:
        raise BadUserInput(f"`first` must be between 1 and {MAX_COMPLETIONS}.")
    query = SearchQuery.of(prefix)
    if not query.words or not prefix[-1:].strip():
        return []
    *finished, last = query.words
    in_name = all_of(
        [*(word.expression(IN_NAME) for word in finished), token(NAME_MARK + last.raw, prefix=True)]
    )
    names = (
        products()
        .filter(pk__in=matching(in_name, limit=MAX_RANKED))
        .order_by("-sold_count", "-slug")
        .values_list("name", flat=True)[:POPULAR_PRODUCTS]
    )
    given = " ".join(analysis.words(analysis.normal(prefix))[:-1])
    endings = (
        word for name in names for word in analysis.words(analysis.normal(name)) if word.startswith(last.raw)
    )
    return [f"{given} {ending}".strip() for ending in dict.fromkeys(endings)][:size]
