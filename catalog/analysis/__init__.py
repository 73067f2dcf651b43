"""Text analysis for search: from texts to tokens without case, accents and endings."""

from collections import Counter
from collections.abc import Iterator

from catalog.analysis.beginnings import other_beginnings
from catalog.analysis.han import rewritings
from catalog.analysis.inflection import are_forms
from catalog.analysis.languages import is_stop_word
from catalog.analysis.names import head, heads, is_accessory
from catalog.analysis.tokens import (
    MAX_TOKEN_LENGTH,
    accented,
    as_written,
    exactly,
    join_neighbours,
    pieces,
    singular,
    spellings,
    spelt,
    starts,
    stem,
    stems,
    stems_of_whole,
    tokens_of,
    wholes,
)
from catalog.analysis.words import gram_size, grams, normal, runs, words

__all__ = [
    "ACCENT_MARK",
    "CATEGORY_MARK",
    "MARK",
    "MAX_TOKEN_LENGTH",
    "NAME_MARK",
    "SAMPLE_MARK",
    "STEPS",
    "VALUE_MARK",
    "VERSION",
    "accented",
    "are_forms",
    "as_written",
    "exactly",
    "gram_size",
    "grams",
    "head",
    "is_stop_word",
    "join_neighbours",
    "normal",
    "other_beginnings",
    "rewritings",
    "search_text",
    "singular",
    "spellings",
    "spelt",
    "starts",
    "stem",
    "stems",
    "stems_of_whole",
    "tokens_of",
    "wholes",
    "words",
]

# Raise it with every change of the texts that this package writes: the next `manage.py migrate` then rewrites them all.
VERSION = 5

# The first stands between a token and its strength. The second stands before each word of the name, for completions,
# the third before those with accents as they are, for the ranking.
# The others stand before the keys of the category and of the values of attributes, and before the samples that the
# product is in, which are added to the text.
MARK = "§"
NAME_MARK = "¶"
ACCENT_MARK = "´"
CATEGORY_MARK = "¤"
VALUE_MARK = "¤v"
SAMPLE_MARK = "¤s"

# The weight of an occurrence. One in the description counts 1; the name adds IN_NAME, and the head of the name IN_HEAD.
# The description's share is capped, so that the thing itself comes before a thing whose description repeats the word.
IN_NAME = 1.0
IN_HEAD = 6.0
MOST_IN_TEXT = 4.0
# How much of an occurrence a piece of a model number is.
OF_PIECE = 0.2
# How much of an occurrence the other words of the name of an accessory are, which say what it is for.
OF_ACCESSORY = 0.5
# The parameters of BM25: how soon further occurrences stop counting, how much a long description lowers the weight, and
# the length of an average description in words.
SATURATION = 1.2
LENGTH = 0.75
USUAL_LENGTH = 80
# Strengths are rounded to this number of steps. Each step is a letter.
STEPS = 20


def search_text(*, name: str, description: str) -> str:
    """Return the text that the index reads: each token of the product once, with its strength.

    A token that is no word's exact form, such as a stem, has a capital letter as its strength. The ranking uses that;
    the index ignores the case and has only a few steps of strength.
    """
    name = normal(name)
    of_name, of_text = words(name), words(normal(description))
    exact = {token for word in of_name for token in exactly(word)}
    in_text: dict[str, float] = {}
    for word, count in Counter(of_text).items():
        if not is_stop_word(word):
            exact.update(exactly(word))
            for token, share in shares(word):
                in_text[token] = in_text.get(token, 0) + count * share
    usual = 1 - LENGTH + LENGTH * len(of_text) / USUAL_LENGTH
    strengths = weigh_name(name, of_name, in_text, usual=usual)
    # The other tokens are in the description alone, most of them once: few different strengths have to be computed.
    of_times = {times: strength(min(times / usual, MOST_IN_TEXT)) for times in set(in_text.values())}
    for token, times in in_text.items():
        strengths.setdefault(token, of_times[times])
    named = [NAME_MARK + start for run in runs(name) for start, _ in starts(run)]
    marked = [
        token + MARK + (letter if token in exact else letter.upper()) for token, letter in strengths.items()
    ]
    as_spelt = [ACCENT_MARK + letters for letters in map(accented, of_name) if letters]
    return " ".join(named + as_spelt + marked)


def weigh_name(name: str, of_name: list[str], in_text: dict[str, float], *, usual: float) -> dict[str, str]:
    """Return the strengths of the name's tokens. `in_text` counts the description's, whose length counts as `usual`."""
    in_name: dict[str, float] = {}
    for word in of_name:
        for token, share in shares(word):
            in_name[token] = max(share, in_name.get(token, 0))
    pairs = dict.fromkeys(
        token for token in join_neighbours(of_name) if token and token not in in_name and token not in in_text
    )
    in_head = dict.fromkeys(token for token in heads(name) if in_name.get(token) != OF_PIECE)
    beside_head = OF_ACCESSORY if is_accessory(name) else 1
    strengths: dict[str, str] = {}
    for token in in_name | pairs | {token: None for token in in_head if token in in_text}:
        in_title = IN_NAME * in_name.get(token, token in pairs)
        in_title = in_title + IN_HEAD if token in in_head else in_title * beside_head
        strengths[token] = strength(min(in_text.get(token, 0) / usual, MOST_IN_TEXT) + in_title)
    return strengths


def shares(word: str) -> Iterator[tuple[str, float]]:
    """Yield the tokens of a word, each with how much of an occurrence it is."""
    of_pieces = pieces(word)
    for token in tokens_of(word):
        yield token, OF_PIECE if token in of_pieces else 1.0


def strength(occurrences: float) -> str:
    """Return BM25's term weight as a letter from "a": each further occurrence counts for less."""
    return chr(ord("a") - 1 + max(round(STEPS * occurrences / (SATURATION + occurrences)), 1))
