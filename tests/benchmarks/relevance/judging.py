"""Terms with the products that are right for each: judged by reading, by the samples' categories, and known items."""

import csv
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.relevance.samples import Item, stems

# Judgments by reading: for a term, the numbers of the products that are exactly what was asked for, nearly so, and not
# at all. The first product of the samples has the number 1.
JUDGMENTS = Path(__file__).parents[1] / "judgments.csv"
# More of them, by which nothing of the search was chosen.
JUDGMENTS_APART = Path(__file__).parents[1] / "judgments_apart.csv"
NEARLY = 0.5
KNOWN_ITEMS = 60
MIN_OF_KIND = 4
# The styles of the first sample that are things, and the words that people use for them.
STYLES = {
    **{
        style: (style,)
        for style in ("jacket", "shirt", "scarf", "backpack", "cushion", "plant", "belt", "camera")
    },
    **{
        style: (style,)
        for style in ("sandals", "socks", "necklace", "clock", "watch", "bracelet", "handbag", "saw")
    },
    **{
        style: (style,)
        for style in ("bouquet", "earrings", "speaker", "microphone", "headphones", "wreath", "drill")
    },
    **{style: (style,) for style in ("cable", "wrench", "centerpiece", "hammer", "vegetables", "seafood")},
    "tables": ("table", "tables"),
    "chairs": ("chair", "chairs"),
    "sofas": ("sofa", "couch"),
    "dressers": ("dresser",),
    "bowls": ("bowl", "bowls"),
    "glasses": ("eyeglasses", "sunglasses"),
    "lighting": ("lamp", "light"),
    "sneaker": ("sneakers",),
    "boot": ("boots",),
    "strings": ("guitar",),
    "keys": ("piano",),
    "percussion": ("drum",),
    "television": ("television", "tv"),
    "fruits": ("fruit",),
    "meat": ("steak",),
    "kayaking": ("kayak",),
    "cooking": ("cookbook",),
    "christmas": ("christmas ornament",),
    "easter": ("easter basket",),
}
# Qualities. A thing with the quality is relevant, and one without it half as relevant.
QUALITIES = (
    *("leather", "red", "blue", "black", "white", "wooden", "vintage", "floral", "velvet", "canvas", "gold"),
    *(
        "silver",
        "striped",
        "plaid",
        "outdoor",
        "round",
        "rustic",
        "modern",
        "cotton",
        "wool",
        "ceramic",
        "green",
    ),
    *("brown", "pink", "metal", "crystal", "portable", "wireless", "winter", "small", "large"),
)
QUALIFIED = 100
# Categories of the second sample whose products are not of one kind.
NO_KINDS = ("combos", "ethnic", "home", "kits")


@dataclass(frozen=True)
class Judged:
    """A term with the relevance of products by key, and the keys of all judged products."""

    kind: str
    term: str
    relevant: dict[int, float] = field(repr=False)
    judged: set[int] = field(repr=False)


def judge(kind: str, term: str, relevant: dict[int, float], products: dict[int, Item]) -> Judged:
    """Judge the products of a sample. One with the same noun that is filed elsewhere is neither right nor wrong."""
    asked = stems(term)[-1]
    wrong = {pk for pk, item in products.items() if pk not in relevant and item.noun != asked}
    return Judged(kind, term, relevant, judged=wrong | set(relevant))


def by_reading(products: dict[int, Item], *, kind: str, file: Path) -> Iterator[Judged]:
    keys = list(products)
    with file.open() as judgments:
        for row in csv.DictReader(judgments):
            right, nearly, wrong = (
                [keys[int(number) - 1] for number in row[column].split()]
                for column in ("right", "nearly", "wrong")
            )
            relevant = dict.fromkeys(nearly, NEARLY) | dict.fromkeys(right, 1.0)
            yield Judged(kind, row["term"], relevant, judged={*relevant, *wrong})


def kinds_of_things(products: dict[int, Item]) -> Iterator[Judged]:
    """Yield names of things, of which the samples have several each."""
    aws = {pk: item for pk, item in products.items() if item.sample == "aws"}
    for style, terms in STYLES.items():
        of_style = {pk: 1.0 for pk, item in aws.items() if item.kind == style}
        for term in terms:
            yield judge("kind", term, of_style, aws)
    flipkart = {pk: item for pk, item in products.items() if item.sample == "flipkart"}
    for kind, count in sorted(Counter(item.kind for item in flipkart.values() if item.kind).items()):
        if count >= MIN_OF_KIND and not kind.startswith(NO_KINDS):
            of_kind = {pk: 1.0 for pk, item in flipkart.items() if item.kind == kind}
            for term in re.split(r" ?[&,/] ?", kind):
                yield judge("kind", term, of_kind, flipkart)


def things_with_quality(products: dict[int, Item]) -> Iterator[Judged]:
    """Yield things with a quality, such as "leather boots", if the sample has some with it and some without."""
    aws = {pk: item for pk, item in products.items() if item.sample == "aws"}
    found = []
    for style, (term, *_) in STYLES.items():
        of_style = [pk for pk, item in aws.items() if item.kind == style]
        for quality in QUALITIES:
            having = {pk for pk in of_style if aws[pk].has(quality)}
            if MIN_OF_KIND <= len(having) <= 0.7 * len(of_style):
                relevant = {pk: 1.0 if pk in having else 0.5 for pk in of_style}
                found.append((f"{quality} {term}", relevant))
    for term, relevant in random.Random(4).sample(found, QUALIFIED):
        yield judge("qualified", term, relevant, aws)


def known_items(products: dict[int, Item]) -> Iterator[Judged]:
    """Yield single products by name: whole, reordered, in part, and with typing errors."""
    chance = random.Random(4)
    by_name: dict[str, list[int]] = {}
    for pk, item in products.items():
        by_name.setdefault(item.name, []).append(pk)
    unique = [name for name, pks in by_name.items() if len(pks) == 1 and len(name.split()) >= 3]
    for name in chance.sample(sorted(unique), KNOWN_ITEMS):
        known = ({by_name[name][0]: 1.0}, set(products))
        words = name.split()
        yield Judged("name", name, *known)
        yield Judged("reordered", " ".join(reversed(words)), *known)
        yield Judged("part", " ".join(sorted(chance.sample(words, len(words) - 1), key=words.index)), *known)
        yield Judged("misspelt", " ".join(misspell(word, chance) for word in words), *known)


def misspell(word: str, chance: random.Random) -> str:
    """Swap two letters, leave one out or double one. Short words and numbers stay the same."""
    if len(word) < 5 or not word.isalpha():
        return word
    at = chance.randrange(1, len(word) - 2)
    return chance.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )
