"""The products and comments of the demonstration shop, read from content.toml."""

import itertools
import tomllib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SeedCategory:
    """A category below a department. `tint` is the background colour of its products' pictures."""

    name: str
    department: str
    tint: str


@dataclass(frozen=True, kw_only=True)
class SeedComment:
    """A comment. It has no rating if the author only asks or remarks."""

    author: str
    body: str
    rating: int | None = None


@dataclass(frozen=True, kw_only=True)
class SeedProduct:
    """A product. `discount` is in per cent. `motif`, `colour` and `accent` define its picture.

    Only its seller and the staff see a `draft`. A `donation` is neither taxed nor shipped. It has a variant for each
    combination of the values of its `options`, and a picture for each of the `colours`, which are those of its option
    Colour.
    """

    category: SeedCategory
    name: str
    seller: str
    description: str
    price: Decimal
    discount: Decimal
    stock: int
    motif: str
    colour: str
    accent: str
    comments: tuple[SeedComment, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    draft: bool = False
    donation: bool = False
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    colours: tuple[tuple[str, str], ...] = ()

    def looks(self) -> dict[str, "SeedProduct"]:
        """Return the product in each of its colours, to draw; under no name if it comes in one."""
        return {name: replace(self, colour=colour) for name, colour in self.colours} or {"": self}

    def variants(self) -> list[tuple[tuple[str, ...], int]]:
        """Return the values and the stock of each variant. The last is sold out; the first has its share, too."""
        combinations = list(itertools.product(*(values for _, values in self.options)))
        share, rest = divmod(self.stock, len(combinations))
        stocks = [share + rest] + [share] * (len(combinations) - 1)
        if len(stocks) > 1:
            stocks[0] += stocks.pop()
            stocks.append(0)
        return list(zip(combinations, stocks, strict=True))


def _product(row: dict[str, Any], *, category: SeedCategory) -> SeedProduct:
    numbers = {"price": Decimal(row["price"]), "discount": Decimal(row.get("discount", 0))}
    comments = tuple(SeedComment(**comment) for comment in row.get("comments", ()))
    named = {
        part: tuple((name, tuple(values)) for name, values in row.get(part, {}).items())
        for part in ("options", "attributes")
    }
    colours = tuple(row.get("colours", {}).items())
    return SeedProduct(
        **row | numbers | named | {"category": category, "comments": comments, "colours": colours}
    )


_SHOP = tomllib.loads(Path(__file__).with_name("content.toml").read_text("utf-8"))

SELLERS: tuple[str, ...] = tuple(_SHOP["sellers"])
_ALL = tuple(
    _product(
        row,
        category=SeedCategory(
            name=category["name"], department=category["department"], tint=category["tint"]
        ),
    )
    for category in _SHOP["categories"]
    for row in category["products"]
)
PRODUCTS = tuple(product for product in _ALL if not product.donation)
# They come with the tax rates: a shop without rates taxes nothing.
DONATIONS = tuple(product for product in _ALL if product.donation)
DEPARTMENTS: tuple[str, ...] = tuple(_SHOP["departments"])
CATEGORIES = tuple(dict.fromkeys(product.category for product in PRODUCTS))
# Everyone who comments, in the order of their first comment.
REVIEWERS = tuple(dict.fromkeys(comment.author for product in PRODUCTS for comment in product.comments))
