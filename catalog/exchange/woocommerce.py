"""WooCommerce's files: a row of the type `variable` is a product, and a `variation` anywhere below names its parent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.exchange.dialects import (
    DRAFT,
    GRAMS,
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
from catalog.exchange.rows import JOINT, NAMES, VALUES, row_of
from catalog.models import MAX_IMAGES, MAX_OPTIONS, SEPARATOR
from catalog.pictures import too_many
from core.files import RefusedRow
from core.text import single_line, sort_key

# There may be more attributes, but of a product with variations the first ones are its options.
MAX_ATTRIBUTES = 20
# A comma within a value has a backslash before it.
COMMA = re.compile(r"(?<!\\),")

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
    tax_class: str  # as its own row has it
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
            parent = Parent(
                line=line,
                row=self.product(given),
                pictures=pictures_of(given)[1:],
                attributes=attributes_of(given),
                tax_class=given.get("tax_class", ""),
            )
            self.parents.append(parent)
            for key in (sort_key(given.get("sku", "")), f"id:{given.get('id', '')}"):
                self.named.setdefault(key, parent)
        else:
            try:
                row = self.product(given) | {"sku": given.get("sku", "")}
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
        row = parent.row | dict(zip(NAMES, options, strict=False))
        yield from self.make_row(parent.line, row, is_product=True)
        yield from further_pictures(parent.line, row["name"], parent.pictures)
        for line, given in parent.variations:
            if not is_published(given):
                yield RefusedRow(line=line, reason=NOT_PUBLISHED)
                continue
            if given.get("tax_class", "") not in ("", "parent", parent.tax_class):
                yield RefusedRow(line=line, reason=OTHER_TAX_CLASS)
                continue
            try:
                values = values_among(attributes_of(given), options)
                variant = {"name": row["name"], "sku": given.get("sku", "")}
                variant |= dict(zip(VALUES, values, strict=False))
                variant["variant_image"] = next(iter(pictures_of(given)), "")
                yield from self.variant(line, variant, given)
            except ValueError as error:
                yield RefusedRow(line=line, reason=str(error))
            else:
                yield from self.make_row(line, variant, is_product=False)

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
            yield from self.note_once("Where stock is not counted, a new variant has a stock of 0.")
        row["stock"] = number(stock, whole=True)
        yield from self.stock(row)
        for unit in GRAMS:
            if weight := given.get(f"weight_{unit}"):
                row["weight_grams"] = grams(weight, unit)
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
    if given.get("tax_status", "").lower() in ("none", "shipping"):
        return UNTAXED
    tax_class = given.get("tax_class", "")
    return "" if tax_class.lower() == "standard" else tax_class


def kinds_of(given: dict[str, str]) -> set[str]:
    """Return the words of the type column: `simple, virtual`."""
    return {kind.strip().lower() for kind in given.get("type", "").split(",")}


def attributes_of(given: dict[str, str]) -> dict[str, list[str]]:
    """Return the values of each attribute that the row has, by name."""
    named = (
        (single_line(given.get(f"attribute_{number}_name", "")), given.get(f"attribute_{number}_values", ""))
        for number in range(1, MAX_ATTRIBUTES + 1)
    )
    return {name: split(values) for name, values in named if name}


def values_among(attributes: dict[str, list[str]], options: dict[str, list[str]]) -> list[str]:
    """Return a variation's value of each option, as its parent spells it.

    Raises:
        ValueError: the parent does not have the value or the attribute, or the variation is of any value.
    """
    given = {sort_key(name): values for name, values in attributes.items()}
    if unknown := [name for name in attributes if sort_key(name) not in map(sort_key, options)]:
        raise ValueError(f"Its parent has no attribute “{unknown[0]}”.")
    values: list[str] = []
    for name, known in options.items():
        wanted = given.get(sort_key(name), [])
        if len(wanted) != 1:
            raise ValueError(f"It has no single value for “{name}”.")
        spelled = [value for value in known if sort_key(value) == sort_key(wanted[0])]
        if not spelled:
            raise ValueError(f"Its parent has no “{wanted[0]}” among the values of “{name}”.")
        values.append(spelled[0])
    return values


def deepest(categories: str) -> str:
    """Return the path of the first of the deepest categories: a product has one."""
    paths: list[list[str]] = [
        [name for name in map(single_line, path.split(SEPARATOR)) if name]
        for path in split(plain_text(categories))
    ]
    longest: list[str] = max(paths, key=len, default=[])
    return JOINT.join(longest)


def split(cell: str) -> list[str]:
    return [part for part in (single_line(part.replace("\\,", ",")) for part in COMMA.split(cell)) if part]
