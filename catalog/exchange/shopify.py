"""Shopify's files: the rows of a product have its handle, and the first one has what all its variants share."""

from collections.abc import Iterator

from catalog.exchange.dialects import (
    DRAFT,
    NOT_COUNTED,
    NOT_FETCHED,
    OTHER_TAX_CLASS,
    QUOTED_DIGITS,
    UNTAXED,
    Dialect,
    Item,
    file_name,
    grams,
    known_cell,
    number,
)
from catalog.exchange.html import plain_text
from catalog.exchange.rows import NAMES, OF_VARIANT, VALUES, row_of
from core.files import RefusedRow
from core.text import single_line

# The attribute that the maker or the brand becomes.
VENDOR = "Vendor"
# A product without options has this one, with this value.
NO_OPTION = ("Title", "Default Title")


class Shopify(Dialect):
    system = "Shopify"
    # Each has an old name and one since 2024.
    known = {
        **dict.fromkeys(("handle", "url_handle"), "slug"),
        "title": "name",
        **dict.fromkeys(("body_(html)", "description"), "html"),
        **dict.fromkeys(("type", "custom_product_type"), "type"),
        **dict.fromkeys(
            ("product_category", "standardized_product_type", "standard_product_type"), "category"
        ),
        **{name: name for name in (*NAMES, *VALUES)},
        **dict.fromkeys(("variant_sku", "sku"), "sku"),
        **dict.fromkeys(("variant_price", "price"), "price"),
        **dict.fromkeys(("variant_compare_at_price", "compare-at_price"), "compare_at"),
        **dict.fromkeys(("variant_inventory_qty", "inventory_quantity"), "stock"),
        **dict.fromkeys(("variant_grams", "weight_value_(grams)"), "grams"),
        **dict.fromkeys(("variant_requires_shipping", "requires_shipping"), "requires_shipping"),
        **dict.fromkeys(("variant_barcode", "barcode"), "barcode"),
        **dict.fromkeys(("image_src", "product_image_url"), "picture"),
        "image_position": "image_position",
        "image_alt_text": "image_alt",
        **dict.fromkeys(("variant_image", "variant_image_url"), "variant_picture"),
        **dict.fromkeys(("published", "published_on_online_store"), "published"),
        "status": "status",
        **dict.fromkeys(("variant_taxable", "charge_tax"), "taxable"),
        **dict.fromkeys(("variant_tax_code", "tax_code"), "tax_code"),
        "vendor": "vendor",
        "seo_title": "seo_title",
        "seo_description": "seo_description",
    }

    def __init__(self) -> None:
        super().__init__()
        self.handle = self.tax_class = ""

    def rows(self, line: int, cells: dict[str, str]) -> Iterator[Item]:
        given = {name: known_cell(cells, name) for name in cells}
        if any(given.get(name) for name in ("picture", "variant_picture")):
            yield from self.note_once(NOT_FETCHED)
        handle = given.get("slug", "")
        is_first = not handle or handle != self.handle
        if is_first:
            self.handle, self.tax_class = handle, tax_class_of(given)
        row = {name: given.get(name, "") for name in ("slug", "name", *NAMES, *VALUES, "sku", "barcode")}
        if is_first and not is_published(given):
            row["published"] = "false"
            yield from self.note_once(DRAFT)
        if QUOTED_DIGITS.fullmatch(row["sku"]):
            row["sku"] = row["sku"].removeprefix("'")
        if is_first:
            row |= {name: given.get(name, "") for name in ("seo_title", "seo_description")}
            if vendor := single_line(given.get("vendor", "")):
                yield from self.attributes(line, row, {VENDOR: [vendor]})
        row["requires_shipping"] = given.get("requires_shipping", "")
        row["category"] = given.get("type") or given.get("category", "")
        row["description"] = plain_text(given.get("html", ""))
        for name, value in zip(NAMES, VALUES, strict=True):
            if row[value] == NO_OPTION[1] and row[name] in ("", NO_OPTION[0]):
                row[name] = row[value] = ""
        try:
            row["stock"] = number(given.get("stock", ""), whole=True)
            row["weight_grams"] = grams(given.get("grams", ""), "g")
            if given.get("price"):
                price, final = number(given.get("compare_at", "")), number(given["price"])
                yield from self.price(line, row, price=price, final=final)
        except ValueError as error:
            yield RefusedRow(line=line, reason=str(error))
            return
        yield from self.barcode(line, row)
        yield from self.stock(row)
        if picture := file_name(given.get("picture", "")):
            row |= {"image": picture, "image_alt": given.get("image_alt", "")}
            row["image_position"] = given.get("image_position", "")
        if not is_first and not any(row.get(name) for name in OF_VARIANT):
            if picture:
                yield row_of(line, row)
            return
        if not row["stock"]:
            yield from self.note_once(NOT_COUNTED)
        row["variant_image"] = file_name(given.get("variant_picture", ""))
        if tax_class_of(given) != self.tax_class:
            yield RefusedRow(line=line, reason=OTHER_TAX_CLASS)
            return
        row["tax_class"] = self.tax_class
        yield from self.make_row(line, row, is_product=is_first)


def tax_class_of(given: dict[str, str]) -> str:
    """Return the name of the tax class; nothing for the default one."""
    return UNTAXED if given.get("taxable", "").lower() == "false" else given.get("tax_code", "")


def is_published(given: dict[str, str]) -> bool:
    """Whether the product is on sale there. A file without these columns says nothing, and its products are."""
    return given.get("published", "").lower() != "false" and given.get("status", "").lower() in ("", "active")
