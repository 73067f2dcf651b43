"""Files of other shop systems, read as ours: the names of their columns, and the cells of their rows."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import PurePosixPath
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from catalog.exchange import numbers
from catalog.exchange.lines import write_lines
from catalog.exchange.rows import MAX_NUMBER_LENGTH, Note, ProductRow, row_of, unescape
from catalog.models import Attribute, AttributeValue, validate_barcode
from core.files import RefusedRow
from core.money import apply_discount

Item = ProductRow | RefusedRow | Note

# A number as programs write it. A person's spreadsheet may have changed it: see `numbers`.
WRITTEN = re.compile(r"-?\d+(\.\d+)?")
# Half a pound, as WooCommerce writes it.
POINT_FIRST = re.compile(r"(-?)(\.\d+)")
# Shopify's export keeps the zeros of such a text from spreadsheets.
QUOTED_DIGITS = re.compile(r"'\d+")
MAX_NOTES = 10
HUNDREDTH = Decimal("0.01")
GRAMS = {"g": Decimal(1), "kg": Decimal(1000), "lbs": Decimal("453.59237"), "oz": Decimal("28.349523125")}
NO_DESCRIPTION = "Rows without a description: a new product has its name there instead."
NO_CATEGORY = "Rows without a category: a new product goes to “Uncategorized”."
UNCATEGORIZED = "Uncategorized"
NOT_FETCHED = "Pictures are not fetched from other sites. Upload them, or import with a folder that has them."
DRAFT = "What is not published there is a draft here."
# The tax class of what is not taxed there: without it, an import would begin to charge tax.
UNTAXED = "Not taxable"
OTHER_TAX_CLASS = "It has another tax class than its product, which has one for all variants."
NOT_COUNTED = "Where stock is not counted, a new variant has a stock of 0."
NOT_PUBLISHED = "It is not published there, so it was left out."


class Dialect:
    """The columns of a system's files, by their normalized names, and how to read a row of them.

    `known` says which cell of a row a column fills. An instance reads one file, and remembers what it has noted.
    """

    system: ClassVar[str]
    known: ClassVar[Mapping[str, str]]

    def __init__(self) -> None:
        self.notes: Counter[str] = Counter()

    def rows(self, line: int, cells: dict[str, str]) -> Iterator[Item]:
        """Yield our rows of a row of the file."""
        raise NotImplementedError

    def rest(self) -> Iterator[Item]:
        """Yield the rows that had to wait for the end of the file."""
        return iter(())

    def note_once(self, text: str) -> Iterator[Note]:
        if not self.notes[text]:
            yield Note(text=text)
        self.notes[text] += 1

    def note_line(self, line: int, text: str) -> Iterator[Note]:
        """Yield a note on a line, for the first lines of which it is true."""
        self.notes[text] += 1
        if self.notes[text] <= MAX_NOTES:
            yield Note(text=f"Line {line}: {text}")
        elif self.notes[text] == MAX_NOTES + 1:
            yield Note(text=f"More lines: {text}")

    def make_row(self, line: int, cells: Mapping[str, str], *, is_product: bool) -> Iterator[Item]:
        """Yield the row, and notes on what a new product needs and the row lacks."""
        defaults: dict[str, str] = {}
        if is_product and not cells.get("description"):
            defaults["description"] = cells.get("name", "")
            yield from self.note_once(NO_DESCRIPTION)
        if is_product and not cells.get("category"):
            defaults["category"] = UNCATEGORIZED
            yield from self.note_once(NO_CATEGORY)
        filled = {name: cell for name, cell in defaults.items() if cell}
        yield row_of(line, cells, defaults=filled, begins=is_product)

    def price(self, line: int, cells: dict[str, str], *, price: str, final: str) -> Iterator[Note]:
        """Set price and discount from the price before a reduction, which may be empty, and the one that is paid.

        A discount is a percentage with two digits. Where none gives exactly the price that is paid, it is the price.
        """
        cells |= {"price": final, "discount": "0"}
        if not (WRITTEN.fullmatch(price) and WRITTEN.fullmatch(final)):
            return
        before, paid = Decimal(price), Decimal(final)
        if before > paid >= 0:
            discount = discount_between(before, paid)
            if discount is None:
                yield from self.note_line(
                    line, "no percentage gives exactly this price from the former one, which was left out."
                )
            else:
                cells |= {"price": price, "discount": str(discount)}

    def attributes(
        self, line: int, cells: dict[str, str], named: Mapping[str, Sequence[str]]
    ) -> Iterator[Note]:
        """Set the attributes. Leave out one that is too long for what shoppers filter by."""
        fitting = {name: values for name, values in named.items() if is_attribute(name, values)}
        cells["attributes"] = write_lines(fitting)
        for name in named.keys() - fitting.keys():
            yield from self.note_line(line, f"the attribute “{name[:40]}” is too long, so it was left out.")

    def barcode(self, line: int, cells: dict[str, str]) -> Iterator[Note]:
        """Leave out a barcode that is none."""
        barcode = cells.get("barcode", "").strip(" '")
        try:
            validate_barcode(barcode)
        except ValidationError:
            barcode = ""
            yield from self.note_line(line, "the last digit of the barcode does not fit, so it was left out.")
        cells["barcode"] = barcode

    def stock(self, cells: dict[str, str]) -> Iterator[Note]:
        """Count what was sold without being in stock as none."""
        if cells.get("stock", "").startswith("-"):
            cells["stock"] = "0"
            yield from self.note_once("Stocks below 0 were read as 0.")


def is_attribute(name: str, values: Sequence[str]) -> bool:
    longest = max(map(len, values), default=0)
    return (
        ":" not in name
        and len(name) <= (Attribute.name.field.max_length or 0)
        and longest <= (AttributeValue.name.field.max_length or 0)
    )


def file_name(address: str) -> str:
    """Return the name of the file that an address ends in, which a folder of downloaded pictures has."""
    try:
        return PurePosixPath(unquote(urlsplit(address).path)).name
    except ValueError:
        return address  # no folder has it, and the row says so


def known_cell(cells: Mapping[str, str], name: str) -> str:
    return unescape(cells.get(name, "").strip())


def number(cell: str, *, whole: bool = False) -> str:
    """Return the number as our files have it.

    Raises:
        ValueError: it is ambiguous.
    """
    cell = POINT_FIRST.sub(r"\g<1>0\2", cell) if POINT_FIRST.fullmatch(cell) else cell
    if len(cell) > MAX_NUMBER_LENGTH or (WRITTEN.fullmatch(cell) and not whole):
        return cell
    return numbers.plain(cell, whole=whole)


def grams(cell: str, unit: str) -> str:
    """Return the weight in grams. Systems write 0 where nobody has entered one.

    Raises:
        ValueError: it is ambiguous.
    """
    weight = number(cell)
    if len(weight) > MAX_NUMBER_LENGTH or not WRITTEN.fullmatch(weight):
        return weight
    return str((Decimal(weight) * GRAMS[unit]).quantize(Decimal(1), ROUND_HALF_UP) or "")


def discount_between(before: Decimal, paid: Decimal) -> Decimal | None:
    """Return the percentage with two digits that leads from one price exactly to the other; None if none does."""
    nearest = (100 - 100 * paid / before).quantize(HUNDREDTH)
    for discount in (nearest, nearest - HUNDREDTH, nearest + HUNDREDTH):
        if (
            0 <= discount <= 100
            and apply_discount(before, discount, currency=settings.STORE_CURRENCY) == paid
        ):
            return discount
    return None
