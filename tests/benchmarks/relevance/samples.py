"""The products of the sample catalogues beside the repository, and a shop that sells them."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import Stemmer
import yaml

DATA = Path(__file__).parents[4] / "shared" / "data"
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
