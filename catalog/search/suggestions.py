"""Suggestions for a term without matches, and completions of a word that is being typed."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from rapidfuzz.distance import OSA

from catalog import analysis
from catalog.analysis import NAME_MARK
from catalog.models import Category
from catalog.search.candidates import MAX_RANKED, matching
from catalog.search.query import IN_NAME, MAX_TERM_LENGTH, SearchQuery, all_of, any_of, token
from catalog.selectors import products
from core.errors import BadUserInput

# Bounds on the suggestions: comparing words takes time for each pair.
POPULAR_PRODUCTS = 500
MAX_COMPARED_WORDS = 5
MAX_SUGGESTIONS = 3
MIN_SUGGESTION_LENGTH = 3
# A suggestion may differ in every third letter. A correction is made by stricter rules, because nobody agrees to it.
LETTERS_PER_ERROR = 3
DEFAULT_COMPLETIONS = 10
MAX_COMPLETIONS = 20
# The words before the one that is completed that are looked for. The farther ones tell little.
MAX_BEFORE = 3


def suggestions(term: str) -> list[str]:
    """Return words of the best sellers' names that are near to a word of the term, or else the best sold categories."""
    best = products().order_by("-sold_count", "-slug")[:POPULAR_PRODUCTS]
    spelt: dict[str, str] = {}
    sales: Counter[int] = Counter()  # by category
    for name, category, sold in best.values_list("name", "category", "sold_count"):
        sales[category] += sold
        for written, own in analysis.spelt(name):
            if len(written) >= MIN_SUGGESTION_LENGTH:
                spelt.setdefault(written, own)
    near: list[tuple[int, str]] = []
    for written, _ in analysis.spelt(term[:MAX_TERM_LENGTH])[:MAX_COMPARED_WORDS]:
        most = len(written) // LETTERS_PER_ERROR
        distances = ((OSA.distance(written, known, score_cutoff=most), known) for known in spelt)
        near += sorted((errors, known) for errors, known in distances if errors <= most)[:MAX_SUGGESTIONS]
    if near:
        return list(dict.fromkeys(spelt[known] for _, known in near))[:MAX_SUGGESTIONS]
    best_sold = [category for category, _ in sales.most_common(MAX_SUGGESTIONS)]
    names = dict(Category.objects.filter(pk__in=best_sold).values_list("pk", "name"))
    return [names[category] for category in best_sold]


def completions(prefix: str, *, first: int | None = None) -> list[str]:
    """Complete the last word of the prefix to words of product names, spelt as there.

    The word whose products have sold most comes first, and before any sale the commonest word. The product has the
    words before, too, and best directly before. Where no product has them all, the nearest are enough, and the last
    word alone in the end: so it takes up to MAX_BEFORE further statements.

    Raises:
        BadUserInput: `first` is not between 1 and MAX_COMPLETIONS.
    """
    size = DEFAULT_COMPLETIONS if first is None else first
    if not 1 <= size <= MAX_COMPLETIONS:
        raise BadUserInput(f"`first` must be between 1 and {MAX_COMPLETIONS}.")
    typed = analysis.spelt(prefix[:MAX_TERM_LENGTH])
    if not typed or not prefix[-1:].strip():
        return []
    *before, (last, _) = typed
    words = SearchQuery.of(" ".join(own for _, own in before)).words[-MAX_BEFORE:]
    ways = (last, *analysis.other_beginnings(last))
    begins = any_of(token(NAME_MARK + way, prefix=True) for way in ways)
    for start in range(len(words) + 1):
        in_name = [word.expression(IN_NAME) for word in words[start:]]
        there = products().filter(pk__in=matching(all_of([*in_name, begins]), limit=MAX_RANKED))
        best_sold = there.order_by("-sold_count", "-slug").values_list("name", "sold_count")
        names = list(best_sold[:POPULAR_PRODUCTS])
        if found := complete(before, (last,), names=names) or complete(before, ways, names=names):
            return found[:size]
    return []


def complete(
    before: list[tuple[str, str]], last: tuple[str, ...], *, names: Iterable[tuple[str, int]]
) -> list[str]:
    """Return the words before with each word of the names that begins with a way to write the last, as in the name.

    Those that follow the word before in a name come first, then those whose products have sold most.
    """
    previous_stem = analysis.stem(before[-1][0]) if before else None
    typed_before = {written for written, _ in before}
    spellings: dict[str, str] = {}
    neighbours: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for name, sold in names:
        of_name = analysis.spelt(name)
        own = dict(of_name)
        given = [own.get(written, typed) for written, typed in before]
        for (previous, _), (_, spelt) in pairwise([("", ""), *of_name]):
            for written, tail in analysis.starts(spelt):
                if written.startswith(last) and written not in typed_before:
                    place = neighbours if analysis.stem(previous) == previous_stem else others
                    place[written] += 1 + sold
                    spellings.setdefault(written, " ".join([*given, tail]))
    order = dict.fromkeys(word for words in (neighbours, others) for word, _ in words.most_common())
    return [spellings[word] for word in order]
