"""The quality of search: nDCG@10 and known items found first, compared with simpler searches.

`python -m tests.benchmarks.relevance` reads the sample catalogues beside the repository into a database of its own,
judges by judgments.csv and the samples' own categories, and prints a line for each search and measure.
"""

import csv
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from math import log, log2
from pathlib import Path

import django
import Stemmer
import yaml

DATA = Path(__file__).parents[3] / "shared" / "data"
# Judgments by reading: for a term, the numbers of the products that are exactly what was asked for, nearly so, and not
# at all. The first product of the samples has the number 1.
JUDGMENTS = Path(__file__).with_name("judgments.csv")
# More of them, by which nothing of the search was chosen.
JUDGMENTS_APART = Path(__file__).with_name("judgments_apart.csv")
NEARLY = 0.5
TOP = 10
# The number of results asked of each search, so that ten judged products are among them.
DEPTH = 200
KNOWN_ITEMS = 60
MIN_OF_KIND = 4
SORT = ("-rank", "-sold_count", "-slug")
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
# The attributes of the second sample by which a shop would let people choose.
ATTRIBUTES = (
    *("Brand", "Color", "Dial Color", "Dial Shape", "Fabric", "Ideal For", "Material", "Occasion", "Pack of"),
    *("Pattern", "Power Source", "Size", "Strap Color", "Strap Material", "Suitable For", "Type"),
)
STEMMER = Stemmer.Stemmer("porter")


@dataclass(frozen=True)
class Item:
    """A product of a sample, with the kind that it is filed under, if any, and its category with those above."""

    sample: str
    name: str
    description: str
    kind: str
    path: tuple[str, ...]
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def has(self, word: str) -> bool:
        return stems(word)[0] in stems(f"{self.name} {self.description}")

    @property
    def noun(self) -> str:
        """The last word of its name before "for", "with" or a number, which names the thing."""
        thing = re.split(r" (?:for|with|in) | - |[,(]|\d", self.name)[0]
        return (stems(thing) or [""])[-1]


@dataclass(frozen=True)
class Judged:
    """A term with the relevance of products by key, and the keys of all judged products."""

    kind: str
    term: str
    relevant: dict[int, float] = field(repr=False)
    judged: set[int] = field(repr=False)


def stems(text: str) -> list[str]:
    stemmed: list[str] = STEMMER.stemWords(re.findall(r"\w+", text.lower()))
    return stemmed


def items() -> Iterator[Item]:
    for row in yaml.safe_load((DATA / "aws-retail-demo" / "products.yaml").read_text()):
        yield Item("aws", row["name"][:200], row["description"], row["style"], (row["category"],))
    with (DATA / "flipkart-1050" / "flipkart_com-ecommerce_sample_1050.csv").open() as file:
        for row in csv.DictReader(file):
            name, brand = row["product_name"], row["brand"] or row["product_name"].split()[0]
            path = [part.strip(' "[]') for part in row["product_category_tree"].split(">>")]
            # Below the kinds are brands and the products themselves.
            kinds = [
                part for part in path if not part.startswith((brand, name.split()[0])) and part[-3:] != "..."
            ]
            yield Item(
                "flipkart",
                name[:200],
                row["description"] or "-",
                kinds[-1].lower() if kinds else "",
                tuple(kinds),
                specified(row["product_specifications"]),
            )


def specified(text: str) -> dict[str, list[str]]:
    """Return the attributes of a product of the second sample, each once. A value of several is a list with commas."""
    found: dict[str, list[str]] = {}
    for name, values in re.findall(r'"key"=>"([^"]+)", "value"=>"([^"]+)"', text):
        if name in ATTRIBUTES:
            found[name] = [value for part in values.split(",") if (value := part.strip()[:100])]
    return found


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


def ndcg(found: list[int], relevant: dict[int, float]) -> float:
    def gain(grades: list[float]) -> float:
        return sum(grade / log2(place + 2) for place, grade in enumerate(grades[:TOP]))

    return gain([relevant.get(pk, 0) for pk in found]) / gain(sorted(relevant.values(), reverse=True))


def fill() -> dict[int, Item]:
    from accounts.models import User
    from catalog.attributes import set_attributes
    from catalog.models import MAX_LEVELS, Category, Product
    from core.slugs import save_with_slug

    filed: dict[tuple[str, ...], Category] = {}

    def file(path: tuple[str, ...]) -> Category:
        """Return the category with this path, of at most MAX_LEVELS levels."""
        if path not in filed:
            filed[path] = Category(parent=file(path[:-1]) if path[:-1] else None, name=path[-1])
            save_with_slug(filed[path], path[-1])
        return filed[path]

    seller = User.objects.create_user(email="sample@example.com", password=None)
    kept = list(items())
    Product.objects.bulk_create(
        Product(
            category=file(item.path[:MAX_LEVELS] or ("Others",)),
            user=seller,
            name=item.name,
            slug=f"sample-{number}",
            description=item.description,
            price=1,
        )
        for number, item in enumerate(kept)
    )
    keys = Product.objects.order_by("pk").values_list("pk", flat=True)
    filled = dict(zip(keys, kept, strict=True))
    set_attributes({key: item.attributes for key, item in filled.items() if item.attributes}, whole=True)
    return filled


def store_search(term: str) -> list[int]:
    from catalog.search import NoProductMatches, search

    try:
        best = search(term).best
    except NoProductMatches:
        return []
    return list(best.order_by(*SORT).values_list("pk", flat=True)[:DEPTH])


def fused_search(term: str) -> list[int]:
    from django.test import override_settings

    with override_settings(STORE_SEARCH_SEMANTIC=True):
        return store_search(term)


def icontains(term: str) -> list[int]:
    """Match all words anywhere, the newest first, as a new shop might."""
    from django.db.models import Q

    from catalog.models import Product

    condition = Q()
    for word in term.split():
        condition &= Q(name__icontains=word) | Q(description__icontains=word)
    found = Product.objects.filter(condition).order_by("-added_at", "-slug")
    return list(found.values_list("pk", flat=True)[:DEPTH])


class PlainBM25:
    """Ranks matches of any stemmed word by BM25 with its usual parameters."""

    def __init__(self, products: dict[int, Item]) -> None:
        self.texts = {pk: Counter(stems(f"{item.name} {item.description}")) for pk, item in products.items()}
        self.usual = sum(text.total() for text in self.texts.values()) / len(self.texts)

    def __call__(self, term: str) -> list[int]:
        scores: Counter[int] = Counter()
        for word in dict.fromkeys(stems(term)):
            having = {pk: text for pk, text in self.texts.items() if word in text}
            rarity = log(1 + (len(self.texts) - len(having) + 0.5) / (len(having) + 0.5))
            for pk, text in having.items():
                length = 0.25 + 0.75 * text.total() / self.usual
                scores[pk] += rarity * text[word] * 2.2 / (text[word] + 1.2 * length)  # type: ignore[assignment]
        return [pk for pk, _ in scores.most_common(DEPTH)]


def ts_rank(parser: str, joint: str) -> Callable[[str], list[int]]:
    """Make a search that uses PostgreSQL's own ranking."""
    from django.db import connection

    def rank(term: str) -> list[int]:
        words = joint.join(re.findall(r"\w+", term))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM plain, {parser}('english', %s) AS query"
                f" WHERE text @@ query ORDER BY ts_rank(text, query) DESC, id LIMIT {DEPTH}",
                [words],
            )
            return [key for (key,) in cursor.fetchall()]

    return rank


def ways(products: dict[int, Item]) -> dict[str, Callable[[str], list[int]]]:
    from django.db import connection

    found: dict[str, Callable[[str], list[int]]] = {
        "store": store_search,
        "plain BM25": PlainBM25(products),
        "icontains": icontains,
    }
    if find_spec("onnxruntime"):
        from catalog.search.semantic import embed_missing

        for _ in embed_missing():
            pass
        found["store, by meaning, too"] = fused_search
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE plain AS"
                " SELECT id, to_tsvector('english', name || ' ' || description) AS text FROM catalog_product"
            )
        found["ts_rank, any"] = ts_rank("to_tsquery", " | ")
        found["websearch"] = ts_rank("websearch_to_tsquery", " ")
    return found


def measure(way: Callable[[str], list[int]], queries: list[Judged]) -> dict[str, tuple[float, float, float]]:
    """Return for each kind of query its mean nDCG and the share of queries whose first product is relevant.

    The nDCG is over the judged products only, and with the other products counted as wrong.
    """
    measured: dict[str, list[tuple[float, float, bool]]] = {}
    for query in queries:
        found = way(query.term)
        known = [pk for pk in found if pk in query.judged]
        measured.setdefault(query.kind, []).append(
            (
                ndcg(known, query.relevant),
                ndcg(found, query.relevant),
                known[:1] != [] and known[0] in query.relevant,
            )
        )
    return {
        kind: (
            sum(judged for judged, _, _ in scores) / len(scores),
            sum(every for _, every, _ in scores) / len(scores),
            sum(first for _, _, first in scores) / len(scores),
        )
        for kind, scores in measured.items()
    }


def main() -> None:
    from django.db import connection, transaction

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with transaction.atomic():
            products = fill()
        queries = [
            *by_reading(products, kind="by reading", file=JUDGMENTS),
            *by_reading(products, kind="set apart", file=JUDGMENTS_APART),
            *kinds_of_things(products),
            *things_with_quality(products),
            *known_items(products),
        ]
        counts = Counter(query.kind for query in queries)
        print(  # noqa: T201
            f"{connection.vendor}: {len(products)} products; nDCG@{TOP} of what is judged / with the rest as wrong (the"
            f" first is relevant)\n| | {' | '.join(f'{kind} ({count})' for kind, count in counts.items())} |"
        )
        for title, way in ways(products).items():
            result = measure(way, queries)
            cells = (f"{judged:.3f} / {every:.3f} ({first:.2f})" for judged, every, first in result.values())
            print(f"| {title} | {' | '.join(cells)} |", flush=True)  # noqa: T201
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    os.environ.setdefault("DEBUG", "true")
    django.setup()
    main()
