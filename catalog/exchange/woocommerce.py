"""WooCommerce's files: a row of the type `variable` is a product, and a `variation` anywhere below names its parent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.exchange.dialects import (
    DRAFT,
    GRAMS,
    NOT_COUNTED,
    NOT_FETCHED,
    NOT_PUBLISHED,
    OTHER_TAX_CLASS,
    UNTAXED,
    Dialect,
    Item,
    file_name,
    grams,
    known_cell,
    number,
)
from catalog.exchange.html import plain_text
from catalog.exchange.rows import JOINT, NAMES, VALUES, ProductRow, row_of
from catalog.exchange.variations import (
    MAX_ATTRIBUTES,
    Options,
    attributes_of,
    choices_of,
    only_values,
    split,
)
from catalog.models import MAX_IMAGES, MAX_OPTIONS, SEPARATOR
from catalog.pictures import too_many
from core.files import RefusedRow
from core.text import single_line, sort_key

NO_VARIATION = "None of its variations can be imported, so it was left out."
ANY_VALUE = (
    "it is for any value of an option, so there is a variant for each, without its SKU, barcode and stock, which only "
    "one variant could have."
)
# What is not shipped. Something to download may still come with a parcel, and is virtual if it does not.
VIRTUAL = {"virtual"}
# The export writes line breaks as a backslash and an n.
LINE_BREAK = re.compile(r"\\n|\r?\n")


@dataclass(kw_only=True)
class Parent:
    """A variable product, with its row in our columns and the values of its attributes, and its variations."""

    line: int
    row: dict[str, str]
    attributes: dict[str, list[str]]
    tax_class: str  # the name or slug; nothing for the default one
    weight: str  # in grams, of the variations that have none of their own
    pictures: list[str]  # except the first
    variations: list[tuple[int, dict[str, str]]] = field(default_factory=list)


class WooCommerce(Dialect):
    system = "WooCommerce"
    known = {
        **{name: name for name in ("id", "type", "sku", "name", "published", "stock", "parent", "images")},
        **{
            name: name
            for name in ("categories", "description", "short_description", "regular_price", "sale_price")
        },
        "gtin,_upc,_ean,_or_isbn": "barcode",
        "in_stock?": "in_stock",
        **{name: name for name in ("tax_status", "tax_class")},
        **{f"weight_({unit})": f"weight_{unit}" for unit in GRAMS},
        "date_sale_price_starts": "sale_starts",
        "date_sale_price_ends": "sale_ends",
        **{
            f"attribute_{number}_{part}": f"attribute_{number}_{name}"
            for number in range(1, MAX_ATTRIBUTES + 1)
            for part, name in (("name", "name"), ("value(s)", "values"))
        },
    }

    def __init__(self) -> None:
        super().__init__()
        self.parents: list[Parent] = []
        self.named: dict[str, Parent] = {}  # by sku and by `id:…`
        self.waiting: list[tuple[int, dict[str, str]]] = []

    def rows(self, line: int, cells: dict[str, str]) -> Iterator[Item]:
        given = {name: known_cell(cells, name) for name in cells}
        kinds = kinds_of(given)
        if given.get("images"):
            yield from self.note_once(NOT_FETCHED)
        if "variation" not in kinds and not is_published(given):
            yield from self.note_once(DRAFT)
        if "variation" in kinds:
            self.waiting.append((line, given))
        elif len(pictures_of(given)) > MAX_IMAGES:
            yield RefusedRow(line=line, reason=f"images: {too_many()}")
        elif kinds & {"grouped", "external"}:
            yield RefusedRow(
                line=line, reason="Grouped products, and those that another site sells, cannot be imported."
            )
        elif "variable" in kinds:
            try:
                weight = weight_of(given)
            except ValueError as error:
                yield RefusedRow(line=line, reason=str(error))
                return
            parent = Parent(
                line=line,
                row=self.product(given),
                pictures=pictures_of(given)[1:],
                attributes=attributes_of(given),
                tax_class=named_class(given),
                weight=weight,
            )
            self.parents.append(parent)
            for key in (sort_key(given.get("sku", "")), f"id:{given.get('id', '')}"):
                self.named.setdefault(key, parent)
        else:
            try:
                row = self.product(given) | {"sku": given.get("sku", "")}
                yield from self.attributes(line, row, attributes_of(given))
                yield from self.variant(line, row, given)
            except ValueError as error:
                yield RefusedRow(line=line, reason=str(error))
                return
            yield from self.make_row(line, row, is_product=True)
            yield from further_pictures(line, row["name"], pictures_of(given)[1:])

    def rest(self) -> Iterator[Item]:
        for line, given in self.waiting:
            key = sort_key(given.get("parent", ""))
            parent = self.named.get(key) if key else None
            if parent is None:
                yield RefusedRow(line=line, reason="The file has no variable product that is its parent.")
            else:
                parent.variations.append((line, given))
        for parent in self.parents:
            yield from self.family(parent)

    def family(self, parent: Parent) -> Iterator[Item]:
        """Yield the row of a product, and those of its variations."""
        used = {sort_key(name) for _, given in parent.variations for name in attributes_of(given)}
        options = {name: values for name, values in parent.attributes.items() if sort_key(name) in used}
        if len(options) > MAX_OPTIONS:
            reason = f"It varies in {len(options)} attributes, but a product can have at most {MAX_OPTIONS} options."
            for line in (parent.line, *(line for line, _ in parent.variations)):
                yield RefusedRow(line=line, reason=reason)
            return
        rows = list(self.variations(parent, options))
        if not any(isinstance(row, ProductRow) for row in rows):
            yield RefusedRow(line=parent.line, reason=NO_VARIATION)
            yield from rows
            return
        row = parent.row | dict(zip(NAMES, options, strict=False))
        others = {name: values for name, values in parent.attributes.items() if name not in options}
        yield from self.attributes(parent.line, row, others)
        yield from self.make_row(parent.line, row, is_product=True)
        yield from further_pictures(parent.line, row["name"], parent.pictures)
        yield from rows

    def variations(self, parent: Parent, options: Options) -> Iterator[Item]:
        """Yield the rows of the variations. One that is for any value of an option stands for all that are left."""
        taken = {values for _, given in parent.variations if (values := only_values(given, options))}
        for line, given in parent.variations:
            if not is_published(given):
                yield RefusedRow(line=line, reason=NOT_PUBLISHED)
                continue
            if given.get("tax_class", "") != "parent" and named_class(given) not in ("", parent.tax_class):
                yield RefusedRow(line=line, reason=OTHER_TAX_CLASS)
                continue
            try:
                chosen = choices_of(given, options)
                shared = {"name": parent.row["name"], "sku": given.get("sku", "")}
                shared["variant_image"] = next(iter(pictures_of(given)), "")
                yield from self.variant(line, shared, given)
            except ValueError as error:
                yield RefusedRow(line=line, reason=str(error))
                continue
            shared["weight_grams"] = shared.get("weight_grams") or parent.weight
            if given.get("description"):
                yield from self.note_once("Descriptions of variations were left out: the product has one.")
            if len(chosen) > 1:
                chosen = [values for values in chosen if values not in taken]
                shared |= {"sku": "", "barcode": "", "stock": ""}
                yield from self.note_line(line, ANY_VALUE)
            for values in chosen:
                row = shared | dict(zip(VALUES, values, strict=False))
                yield from self.make_row(line, row, is_product=False)

    def product(self, given: dict[str, str]) -> dict[str, str]:
        """Return the columns of a product."""
        html = given.get("description") or given.get("short_description", "")
        return {
            "name": given.get("name", ""),
            "description": plain_text(LINE_BREAK.sub("<br>", html)),
            "category": deepest(given.get("categories", "")),
            "published": "" if is_published(given) else "false",
            "tax_class": tax_class_of(given),
            "image": next(iter(pictures_of(given)), ""),
        }

    def variant(self, line: int, row: dict[str, str], given: dict[str, str]) -> Iterator[Item]:
        """Set the columns of a variant, and yield notes.

        Raises:
            ValueError: a number is ambiguous.
        """
        sale = given.get("sale_price", "")
        if sale and (given.get("sale_starts") or given.get("sale_ends")):
            sale = ""
            yield from self.note_line(line, "a sale price with dates was left out.")
        regular = number(given.get("regular_price", ""))
        if regular:
            yield from self.price(line, row, price=regular, final=number(sale) or regular)
        stock = given.get("stock", "")
        if stock.lower() == "parent" or (not stock and given.get("in_stock") == "1"):
            stock = ""
            yield from self.note_once(NOT_COUNTED)
        row["stock"] = number(stock, whole=True)
        yield from self.stock(row)
        row["weight_grams"] = weight_of(given)
        if VIRTUAL & kinds_of(given):
            row["requires_shipping"] = "False"
        row["barcode"] = given.get("barcode", "")
        yield from self.barcode(line, row)


def is_published(given: dict[str, str]) -> bool:
    """Whether it is on sale there: 1 is published, 0 private, and -1 a draft."""
    return given.get("published", "1") == "1"


def pictures_of(given: dict[str, str]) -> list[str]:
    """Return the names of the files of the row's pictures, which a comma separates."""
    return [name for name in map(file_name, split(given.get("images", ""))) if name]


def further_pictures(line: int, name: str, pictures: list[str]) -> Iterator[Item]:
    for picture in pictures:
        yield row_of(line, {"name": name, "image": picture})


def tax_class_of(given: dict[str, str]) -> str:
    """Return the name or the slug of the tax class; nothing for the default one, which is `standard` there.

    The status `none` is not taxed, and of `shipping` only the delivery is.
    """
    return UNTAXED if given.get("tax_status", "").lower() in ("none", "shipping") else named_class(given)


def named_class(given: dict[str, str]) -> str:
    tax_class = given.get("tax_class", "")
    return "" if tax_class.lower() == "standard" else tax_class


def weight_of(given: dict[str, str]) -> str:
    """Return the weight in grams; nothing if the row has none.

    Raises:
        ValueError: it is ambiguous.
    """
    return next((grams(cell, unit) for unit in GRAMS if (cell := given.get(f"weight_{unit}"))), "")


def kinds_of(given: dict[str, str]) -> set[str]:
    """Return the words of the type column: `simple, virtual`."""
    return {kind.strip().lower() for kind in given.get("type", "").split(",")}


def deepest(categories: str) -> str:
    """Return the path of the first of the deepest categories: a product has one."""
    paths: list[list[str]] = [
        [name for name in map(single_line, path.split(SEPARATOR)) if name]
        for path in split(plain_text(categories))
    ]
    longest: list[str] = max(paths, key=len, default=[])
    return JOINT.join(longest)
