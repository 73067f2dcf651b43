"""Matching of rows to products: by slug, else by the exact name of a product of the seller, else to a new one."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models.expressions import RawSQL

from accounts.models import User
from catalog.exchange.rows import ProductRow
from catalog.models import OldProductSlug, Product
from core.errors import ValidationError
from core.slugs import add_random_ending, slug_of
from core.text import sort_key

# Sends all texts as one parameter. Django would take longer to compile a thousand than the database takes to run them.
TEXTS = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value FROM json_array_elements_text(CAST(%s AS json))",
}


@dataclass(frozen=True, kw_only=True)
class Match:
    """A row's product, or None for a new one, and its slug."""

    slug: str
    product: Product | None


class Matcher:
    """The matcher of one import. It remembers the products of the rows so far, to refuse a second row of one."""

    def __init__(self, *, seller: User) -> None:
        self.seller = seller
        self.lines: dict[str, int] = {}  # by slug
        self.names: dict[str, int] = {}  # the lines of new products by name

    def match(self, rows: Collection[ProductRow]) -> list[Match | ValidationError]:
        """Match each row, or return the error that explains why not. Takes three statements, or four.

        The fourth looks for a slug that no product has among those that products had before.
        """
        bases = {
            row.line: slug_of(row.cells["name"], fallback="product")
            for row in rows
            if is_matched_by_name(row)
        }
        given = {row.cells["slug"] for row in rows if "slug" in row.cells}
        products = Product.objects.only("slug", "name", "user", "image")
        found = products.filter(slug__in=[*given, *bases.values()])
        by_slug = {product.slug: product for product in found}
        if unknown := given - by_slug.keys():  # or a product had it before
            old = OldProductSlug.objects.filter(slug__in=unknown).select_related("product")
            by_slug |= {each.slug: each.product for each in old}
        called: dict[str, list[Product]] = defaultdict(list)
        keys = json.dumps([sort_key(row.cells["name"]) for row in rows if is_matched_by_name(row)])
        # The database compares the sort key, which has an index. The dictionary compares the exact name.
        same_key = RawSQL(TEXTS[connection.vendor], [keys])
        for product in products.filter(user=self.seller, sort_name__in=same_key).order_by("pk"):
            called[product.name].append(product)
        matches: list[Match | ValidationError] = []
        for row in rows:
            try:
                if "slug" in row.cells:
                    match = self.match_slug(row, product=by_slug.get(row.cells["slug"]))
                elif "name" in row.cells:
                    base = bases[row.line]
                    named = called[row.cells["name"]]
                    match = self.match_name(row, named, holder=by_slug.get(base), base=base, given=given)
                else:
                    raise ValidationError.of(slug="A row needs a slug or a name.")
                self.claim(match.slug, line=row.line)
            except ValidationError as error:
                matches.append(error)
            else:
                matches.append(match)
        return matches

    def match_slug(self, row: ProductRow, *, product: Product | None) -> Match:
        """Match a row by its slug.

        Raises:
            ValidationError: another seller's product happens to have this slug.
        """
        slug, name = row.cells["slug"], row.cells.get("name")
        if product and product.user_id != self.seller.pk and name not in (None, product.name):
            raise ValidationError.of(
                slug=f"“{slug}” is another seller's product, “{product.name}”. Give the row another slug, or none."
            )
        return Match(slug=product.slug if product else slug, product=product)

    def match_name(
        self,
        row: ProductRow,
        named: list[Product],
        *,
        holder: Product | None,
        base: str,
        given: Collection[str],
    ) -> Match:
        """Match a row by its name to one of the `named` products, or to a new one.

        Raises:
            ValidationError: two products, or two rows, have this name.
        """
        if len(named) > 1:
            slugs = ", ".join(product.slug for product in named[:5])
            raise ValidationError.of(
                slug=f"{len(named)} products have this name. Give the row the slug of one: {slugs}."
            )
        if named:
            return Match(slug=named[0].slug, product=named[0])
        line = self.names.setdefault(row.cells["name"], row.line)
        if line != row.line:
            raise ValidationError.of(
                name=f"Line {line} has the same name. Give one of them another name, or each its own slug."
            )
        taken = holder or base in given or base in self.lines
        return Match(slug=add_random_ending(base) if taken else base, product=None)

    def claim(self, slug: str, *, line: int) -> None:
        """Reserve the product for this line.

        Raises:
            ValidationError: another row has the same product.
        """
        if slug in self.lines:
            raise ValidationError.of(slug=f"Line {self.lines[slug]} already has the product “{slug}”.")
        self.lines[slug] = line


def is_matched_by_name(row: ProductRow) -> bool:
    return "slug" not in row.cells and "name" in row.cells
