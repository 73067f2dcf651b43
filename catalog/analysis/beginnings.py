"""Beginnings of words that are being typed: other ways to write them."""

import re
from collections.abc import Iterator

from catalog.analysis.han import rewritings

# A Korean syllable is one sign, which takes its last letter while it is typed: "운도" is on the way to "운동".
SYLLABLE, FINALS = re.compile("[\uac00-\ud7a3]$"), 28
# Letters of German and the Nordic languages that are typed as two, and that the index has without their marks.
SPELT_OUT = re.compile("aa|ae|oe|ue")
# The articles that are written as part of a word, with how such a word starts.
ARTICLES = {"ال": re.compile("[\u0620-\u06ff]"), "ה": re.compile("[\u05d0-\u05ea]")}


def other_beginnings(typed: str) -> list[str]:
    """Return other ways to write the beginning of a word, as the names in the index may have it."""
    return [way for way in dict.fromkeys(rewrite(typed)) if way and way != typed]


def rewrite(typed: str) -> Iterator[str]:
    yield SPELT_OUT.sub(lambda found: found[0][0], typed)
    for article, letters in ARTICLES.items():
        if letters.match(typed):
            yield typed.removeprefix(article)
            yield article + typed
    if SYLLABLE.search(typed) and (ord(typed[-1]) - 0xAC00) % FINALS == 0:
        yield from (typed[:-1] + chr(ord(typed[-1]) + final) for final in range(1, FINALS))
    yield from rewritings(typed)
