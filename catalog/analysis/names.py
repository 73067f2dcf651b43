"""Names of products: which of their words say what the thing is."""

import re
from collections.abc import Iterator

from catalog.analysis.languages import is_stop_word
from catalog.analysis.tokens import join_neighbours, singular, tokens_of
from catalog.analysis.words import words

# A name says what the thing is before the first of these: "Desk lamp with a clamp, set of 2".
QUALIFIES = re.compile(r"\s(?:for|with|without|in|by|from|featuring|including)\s|[,;:(\[|]|\s[-–—]\s")
# "Table and chairs" is a table and is chairs, and so is "Table/chairs". Anywhere else "/" is between other words.
CONJUNCTION = re.compile(r"\s(?:and|&|\+)\s|\s?/\s?(?=\S+$)")
# Arabic, Persian, Hebrew and Vietnamese begin with the thing. In Greek and in Slavic languages it may be first or last.
NOUN_FIRST = re.compile("^[\u05d0-\u05ea\u0620-\u06ff]|[ơư\u1ea0-\u1ef9]")
NOUN_ANYWHERE = re.compile("[\u0370-\u052f\u1f00-\u1fff]")
# Words for a collection of things: "Succulent set" is also a succulent.
HOLDERS = frozenset(
    (
        *("set", "sets", "pair", "pack", "packs", "piece", "pieces", "kit", "collection", "bundle", "box"),
        *("combo", "duo", "trio", "assortment", "package"),
    )
)
# Words at the end of a name that describe the thing and never name it.
MEASURES = frozenset(
    (
        *(
            "inch",
            "inches",
            "cm",
            "mm",
            "m",
            "ft",
            "feet",
            "ml",
            "l",
            "ltr",
            "g",
            "gm",
            "kg",
            "lb",
            "lbs",
            "oz",
        ),
        *("w", "watt", "v", "x", "pcs", "large", "medium", "small"),
        *(
            "black",
            "white",
            "grey",
            "gray",
            "red",
            "blue",
            "green",
            "yellow",
            "pink",
            "purple",
            "brown",
            "beige",
        ),
        *("multicolor", "multicolour"),
    )
)

# Things that are for another thing, which their name says first: an "iPod case" is no iPod.
ACCESSORIES = frozenset(
    (
        *("adapter", "adaptor", "cable", "case", "charger", "cord", "cover", "dock", "mount", "pouch"),
        *("protector", "skin", "sleeve", "strap"),
    )
)


def head(name: str) -> list[str]:
    """Return the words of a normalized name that say what the thing is, the likeliest first: mostly the last word."""
    thing = QUALIFIES.split(name, maxsplit=1)[0]
    return nouns(thing) or words(name)[:1]


def nouns(text: str) -> list[str]:
    """Return the words of the text that may name the thing, the likeliest first."""
    found = [word for word in words(text) if not word[0].isdigit() and not is_stop_word(word)]
    if not NOUN_FIRST.search(text):
        found.reverse()
    while len(found) > 1 and found[0] in MEASURES:
        del found[0]
    return found


def is_accessory(name: str) -> bool:
    """Return whether a normalized name is that of a thing for another thing."""
    return singular(next(iter(head(name)), "")) in ACCESSORIES


def heads(name: str) -> Iterator[str]:
    """Yield the tokens of the head: its last word, its last two as one, what a "set" holds, and what precedes "and"."""
    last, *before = head(name) or [""]
    yield from tokens_of(last)
    if before:
        yield from filter(None, join_neighbours([before[0], last]))
        if NOUN_ANYWHERE.match(before[-1]):
            yield from tokens_of(before[-1])
        if last in HOLDERS:
            yield from tokens_of(before[0])
    *others, _ = CONJUNCTION.split(QUALIFIES.split(name, maxsplit=1)[0])
    for other in others:
        for noun in nouns(other)[:1]:
            if noun not in MEASURES:
                yield from tokens_of(noun)
