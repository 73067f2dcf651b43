"""Which product a row is about: the one of its slug, else the seller's of exactly its name, else a new one."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models.expressions import RawSQL

from accounts.models import User
from catalog.exchange.rows import Row
from catalog.models import Product
from core.errors import ValidationError
from core.slugs import add_random_ending, slug_of

# As the database makes Product.sort_name; a thousand expressions of Django's would take longer to compile than to run.
LOWERED = {
    "sqlite": "SELECT lower(value) FROM json_each(%s)",
    "postgresql": "SELECT lower(value) FROM json_array_elements_text(CAST(%s AS json))",
}


@dataclass(frozen=True, kw_only=True)
class Match:
    """A row's product, or None for a new one, and its slug."""

    slug: str
    product: Product | None


class Matcher:
    """One run over a file; it remembers what the rows so far were about."""

    def __init__(self, *, seller: User) -> None:
        self.seller = seller
        self.lines: dict[str, int] = {}  # by slug
        self.names: dict[str, tuple[str, int]] = {}  # of new products, by what is seen of them

    def match(self, rows: Collection[Row]) -> list[Match | ValidationError]:
        """What each row is about, or why that cannot be told. Three statements."""
        bases = {row.line: slug_of(row.cells["name"], fallback="product") for row in rows if by_name(row)}
        given = {row.cells["slug"] for row in rows if "slug" in row.cells}
        products = Product.objects.only("slug", "name", "user", "image")
        found = products.filter(slug__in=[*given, *bases.values()])
        by_slug = {product.slug: product for product in found}
        called: dict[str, list[Product]] = defaultdict(list)
        wanted = json.dumps([row.cells["name"] for row in rows if by_name(row)])
        lowered = RawSQL(LOWERED[connection.vendor], [wanted])
        # By its lower case, which has an index, and then exactly.
        for product in products.filter(user=self.seller, sort_name__in=lowered).order_by("pk"):
            called[product.name].append(product)
        matches: list[Match | ValidationError] = []
        for row in rows:
            try:
                if "slug" in row.cells:
                    match = self.by_slug(row, product=by_slug.get(row.cells["slug"]))
                elif "name" in row.cells:
                    base = bases[row.line]
                    named = called[row.cells["name"]]
                    match = self.by_name(row, named, holder=by_slug.get(base), base=base, given=given)
                else:
                    raise ValidationError.of(slug="A row needs a slug or a name.")
                self.claim(match.slug, line=row.line)
            except ValidationError as error:
                matches.append(error)
            else:
                matches.append(match)
        return matches

    def by_slug(self, row: Row, *, product: Product | None) -> Match:
        """ValidationError for a slug that another seller's product happens to have."""
        slug, name = row.cells["slug"], row.cells.get("name")
        if product and product.user_id != self.seller.pk and name not in (None, product.name):
            raise ValidationError.of(
                slug=f"“{slug}” is another seller's product, “{product.name}”. Give the row another slug, or none."
            )
        return Match(slug=slug, product=product)

    def by_name(
        self, row: Row, named: list[Product], *, holder: Product | None, base: str, given: Collection[str]
    ) -> Match:
        """ValidationError where two products have the name, or one that looks the same."""
        if len(named) > 1:
            slugs = ", ".join(product.slug for product in named[:5])
            raise ValidationError.of(
                slug=f"{len(named)} products have this name. Give the row the slug of one: {slugs}."
            )
        if named:
            return Match(slug=named[0].slug, product=named[0])
        name = row.cells["name"]
        if holder and holder.user_id == self.seller.pk and seen(holder.name) == seen(name):
            raise ValidationError.of(
                name=f"It differs from “{holder.name}” in nothing that one sees. Write it so, or give the row a slug."
            )
        other, line = self.names.setdefault(seen(name), (name, row.line))
        if line != row.line:
            reason = "has this name" if other == name else f"has almost this name, “{other}”"
            raise ValidationError.of(name=f"Line {line} {reason}: give each its own slug.")
        taken = holder or base in given or base in self.lines
        return Match(slug=add_random_ending(base) if taken else base, product=None)

    def claim(self, slug: str, *, line: int) -> None:
        """ValidationError for a second row of the same product."""
        if slug in self.lines:
            raise ValidationError.of(slug=f"Line {self.lines[slug]} is about “{slug}” already.")
        self.lines[slug] = line


def by_name(row: Row) -> bool:
    return "slug" not in row.cells and "name" in row.cells


def seen(name: str) -> str:
    """The name without what nobody sees: spaces at its ends or repeated, and whether accents stand alone."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
