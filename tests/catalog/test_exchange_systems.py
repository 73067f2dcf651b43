"""Files in the formats of Shopify and WooCommerce, imported as a merchant would."""

import csv
import time
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from catalog.exchange import Note, Outcome, import_products, preview, read_rows
from catalog.exchange.dialects import NOT_COUNTED, NOT_FETCHED, discount_between
from catalog.exchange.html import plain_text
from catalog.models import Category, PriceChange, Product, ProductVariant, StockMovement
from orders.audit import check_prices, check_products, check_stock
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


def csv_of(header: str, *rows: str) -> bytes:
    """Return a CSV file of lines whose cells are between bars."""
    text = StringIO(newline="")
    csv.writer(text).writerows([cell.strip() for cell in line.split("|")] for line in (header, *rows))
    return text.getvalue().encode()


def bring_in(content: bytes, *, seller: User) -> Outcome:
    whole = Outcome()
    for outcome in import_products(
        read_rows(BytesIO(content), name="p.csv"), seller=seller, now=timezone.now()
    ):
        whole.add(outcome)
    return whole


def refusals(outcome: Outcome) -> list[tuple[int, str]]:
    return sorted((refusal.line, refusal.reason) for refusal in outcome.refused)


def variants(product: Product) -> list[tuple[Any, ...]]:
    return [
        (variant.title, variant.sku, str(variant.price), str(variant.final_price), variant.stock)
        for variant in product.variants.all()
    ]


def everything() -> list[Any]:
    models = (Category, Product, ProductVariant, StockMovement, PriceChange)
    return [list(model.objects.order_by("pk").values()) for model in models]


def books_are_right() -> bool:
    return not [*check_stock(), *check_products(), *check_prices()]


SHOPIFY = (
    "Handle|Title|Body (HTML)|Vendor|Product Category|Type|Tags|Published|Option1 Name|Option1 Value|Option2 Name"
    "|Option2 Value|Variant SKU|Variant Grams|Variant Inventory Qty|Variant Price|Variant Compare At Price"
    "|Variant Barcode|Image Src|Image Position|Status"
)
SHIRT = (
    "linen-shirt|Linen shirt|<p>Light &amp; cool.</p><ul><li>Linen</li></ul>|Loom|Apparel > Clothing|Shirts|summer|TRUE"
    "|Size|S|Colour|White|LS-S-W|180|4|40.00|50.00|4006381333931|https://example.com/a.jpg|1|active"
)
FURTHER = (
    "linen-shirt||||||||  |M||White|LS-M-W|190|2|45.00|||https://example.com/b.jpg|2|",
    "linen-shirt||||||||  |M||Blue |LS-M-B|190|-3|45.00|40.00|||  |",
    "linen-shirt||||||||  ||||||||||https://example.com/c.jpg|3|",
)
MUG = "mug|Mug||Clay||||true|Title|Default Title|||MUG-1|0|7|12.50||||  |active"


class TestShopify:
    def test_a_product_with_variants_and_one_without(self, seller: User) -> None:
        outcome = bring_in(csv_of(SHOPIFY, SHIRT, *FURTHER, MUG), seller=seller)
        assert (outcome.created, refusals(outcome)) == (2, [])
        shirt, mug = Product.objects.order_by("slug")
        assert (shirt.name, shirt.slug, shirt.category.name) == ("Linen shirt", "linen-shirt", "Shirts")
        assert shirt.description == "Light & cool.\n\n- Linen"
        assert shirt.option_names == ["Size", "Colour"]
        assert variants(shirt) == [
            ("S / White", "LS-S-W", "50.00", "40.00", 4),
            ("M / White", "LS-M-W", "45.00", "45.00", 2),
            ("M / Blue", "LS-M-B", "45.00", "45.00", 0),
        ]
        first = shirt.variants.all()[0]
        assert (first.weight_grams, first.barcode) == (180, "4006381333931")
        assert (str(shirt.final_price), shirt.stock) == ("40.00", 6)
        assert (mug.option_names, mug.description, mug.category.name) == ([], "Mug", "Uncategorized")
        assert variants(mug) == [("", "MUG-1", "12.50", "12.50", 7)]
        assert mug.variants.get().weight_grams is None
        assert books_are_right()

    def test_what_is_left_out_is_noted(self, seller: User) -> None:
        outcome = bring_in(csv_of(SHOPIFY, SHIRT, *FURTHER, MUG), seller=seller)
        notes = [note.text for note in outcome.notes]
        assert notes[0] == "Read as a file of Shopify."
        assert notes[1] == "Unknown columns were ignored: “Tags”."
        assert notes[2:] == [
            NOT_FETCHED,
            "Stocks below 0 were read as 0.",
            "Rows without a description: a new product has its name there instead.",
            "Rows without a category: a new product goes to “Uncategorized”.",
        ]

    def test_words_for_search_engines(self, seller: User) -> None:
        words = "|Linen, cut wide|For the summer"
        bring_in(
            csv_of(f"{SHOPIFY}|SEO Title|SEO Description", SHIRT + words, FURTHER[0] + "||"), seller=seller
        )
        shirt = Product.objects.get()
        assert (shirt.seo_title, shirt.seo_description) == ("Linen, cut wide", "For the summer")

    def test_digits_that_are_kept_from_a_spreadsheet(self, seller: User) -> None:
        bring_in(csv_of(SHOPIFY, MUG.replace("MUG-1", "'00501")), seller=seller)
        assert ProductVariant.objects.get().sku == "00501"

    def test_a_stock_that_is_not_counted_is_noted(self, seller: User) -> None:
        outcome = bring_in(csv_of(SHOPIFY, MUG.replace("|0|7|", "|0||")), seller=seller)
        assert NOT_COUNTED in map(str, outcome.notes)
        assert ProductVariant.objects.get().stock == 0

    def test_again_changes_nothing(self, seller: User) -> None:
        content = csv_of(SHOPIFY, SHIRT, *FURTHER, MUG)
        bring_in(content, seller=seller)
        before = everything()
        assert bring_in(content, seller=seller).unchanged == 2
        assert everything() == before

    def test_the_names_since_2024(self, seller: User) -> None:
        header = (
            "Title|URL handle|Description|Type|Published on online store|Status|SKU|Option1 name|Option1 value|Price"
            "|Compare-at price|Inventory quantity|Weight value (grams)|Product image URL"
        )
        row = "Cap|cap|<b>Warm</b>|Hats|TRUE|Active|C-1|Size|One|10|20|3|50|https://example.com/c.jpg"
        assert bring_in(csv_of(header, row), seller=seller).created == 1
        assert variants(Product.objects.get()) == [("One", "C-1", "20.00", "10.00", 3)]

    @pytest.mark.parametrize(
        ("published", "status"), [("FALSE", "active"), ("TRUE", "draft"), ("", "archived")]
    )
    def test_what_is_not_published_is_a_draft(self, seller: User, published: str, status: str) -> None:
        hidden = MUG.replace("true", published).replace("active", status)
        outcome = bring_in(csv_of(SHOPIFY, hidden), seller=seller)
        assert (outcome.created, refusals(outcome)) == (1, [])
        assert "What is not published there is a draft here." in map(str, outcome.notes)
        assert Product.objects.get().published_at is None
        # The file does not publish what the shop has not, and takes off sale what is not on sale there.
        assert bring_in(csv_of(SHOPIFY, MUG), seller=seller).unchanged == 1
        now = timezone.now()
        Product.objects.update(published_at=now, added_at=now)
        assert bring_in(csv_of(SHOPIFY, MUG), seller=seller).unchanged == 1
        assert bring_in(csv_of(SHOPIFY, hidden), seller=seller).updated == 1
        assert Product.objects.get().published_at is None

    def test_an_option_without_a_name_in_the_first_row_is_none(self, seller: User) -> None:
        second = "mug||||||||  |Large|||MUG-2||1|15.00||||  |"
        outcome = bring_in(csv_of(SHOPIFY, MUG, second), seller=seller)
        assert refusals(outcome) == [(3, "option1_name: Name the options in which the variants differ.")]
        assert variants(Product.objects.get()) == [("", "MUG-1", "12.50", "12.50", 7)]

    def test_a_price_that_no_percentage_gives_is_kept(self, seller: User) -> None:
        row = MUG.replace("12.50|", "8499.99|8999.99")
        outcome = bring_in(csv_of(SHOPIFY, row), seller=seller)
        assert any("Line 2: no percentage gives exactly this price" in note.text for note in outcome.notes)
        product = Product.objects.get()
        assert (str(product.price), str(product.discount), str(product.final_price)) == (
            *("8499.99", "0.00"),
            "8499.99",
        )

    def test_a_reduction_that_ended_is_taken_back(self, seller: User) -> None:
        for price, before, final in (("10.00", "12.50", "10.00"), ("12.50", "12.50", "12.50")):
            bring_in(csv_of(SHOPIFY, MUG.replace("12.50|", f"{price}|{before}")), seller=seller)
            assert str(Product.objects.get().final_price) == final
        assert Product.objects.get().discount == 0

    def test_a_bad_barcode_is_left_out_of_its_row(self, seller: User) -> None:
        outcome = bring_in(csv_of(SHOPIFY, SHIRT.replace("4006381333931", "4006381333932")), seller=seller)
        assert (outcome.created, ProductVariant.objects.get().barcode) == (1, "")
        assert any("Line 2: the last digit of the barcode" in note.text for note in outcome.notes)


WOO = (
    "ID|Type|SKU|Name|Published|Short description|Description|In stock?|Stock|Weight (kg)|Sale price|Regular price"
    "|Date sale price ends|Categories|Images|Parent|Attribute 1 name|Attribute 1 value(s)|Attribute 2 name"
    "|Attribute 2 value(s)"
)
HOODIE = (
    "7|variable|hd|Hoodie|1|Short.|<b>Warm</b>\\nand soft|1||||||Clothes, Clothes > Hoodies|||Colour|Blue, Red\\, dark"
    "|Fabric|Cotton"
)
LAMP = "8|simple|lamp|Lamp|1|It shines.||1|3|1.5|8|10||Lamps|https://example.com/l.jpg||Bulb|E27||"
BLUE = "9|variation|hd-b|Hoodie - Blue|1|||1|5|0.45||45||||hd|Colour|blue||"
RED = "10|variation|hd-r|Hoodie - Red|1|||1|parent||40|45||||id:7|Colour|Red\\, dark||"


class TestRequiresShipping:
    def test_of_shopify(self, seller: User) -> None:
        rows = [f"{row}|{shipped}" for row, shipped in ((SHIRT, "true"), (FURTHER[0], "false"), (MUG, ""))]
        assert refusals(bring_in(csv_of(f"{SHOPIFY}|Variant Requires Shipping", *rows), seller=seller)) == []
        found = ProductVariant.objects.order_by("product__slug", "pk").values_list(
            "requires_shipping", flat=True
        )
        assert list(found) == [True, False, True]

    @pytest.mark.parametrize(
        ("kind", "shipped"), [("simple", True), ("simple, virtual", False), ("simple, downloadable", True)]
    )
    def test_of_woocommerce(self, seller: User, kind: str, shipped: bool) -> None:
        bring_in(csv_of(WOO, LAMP.replace("simple", kind)), seller=seller)
        assert ProductVariant.objects.get().requires_shipping is shipped


class TestWooCommerce:
    def test_variations_anywhere_below_their_parent(self, seller: User) -> None:
        outcome = bring_in(csv_of(WOO, HOODIE, LAMP, BLUE, RED), seller=seller)
        assert (outcome.created, refusals(outcome)) == (2, [])
        hoodie, lamp = Product.objects.order_by("name")
        assert hoodie.option_names == ["Colour"]
        assert hoodie.description == "Warm\nand soft"
        assert (hoodie.category.name, str(hoodie.category.parent)) == ("Hoodies", "Clothes")
        assert variants(hoodie) == [
            ("Blue", "hd-b", "45.00", "45.00", 5),
            ("Red, dark", "hd-r", "45.00", "40.00", 0),
        ]
        assert hoodie.variants.all()[0].weight_grams == 450
        assert (lamp.description, lamp.option_names, lamp.slug) == ("It shines.", [], "lamp")
        assert variants(lamp) == [("", "lamp", "10.00", "8.00", 3)]
        assert books_are_right()
        before = everything()
        assert bring_in(csv_of(WOO, HOODIE, LAMP, BLUE, RED), seller=seller).unchanged == 2
        assert everything() == before

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (RED.replace("Red\\, dark", "Green"), "Its parent has no “Green” among the values of “Colour”."),
            (RED.replace("Red\\, dark", "Red\\, dark, Blue"), "It has no single value for “Colour”."),
            (
                RED.replace("Red\\, dark||", "Red\\, dark|Sleeve|Long"),
                "Its parent has no attribute “Sleeve”.",
            ),
            (RED.replace("id:7", "id:70"), "The file has no variable product that is its parent."),
            (RED.replace("Red\\, dark", "Blue"), "option1_value: Another variant has the same values."),
            (RED.replace("|40|45|", "|||"), "price: This field is required."),
            (
                RED.replace("|Hoodie - Red|1|", "|Hoodie - Red|0|"),
                "It is not published there, so it was left out.",
            ),
            (RED.replace("hd-r", "HD-B "), "sku: Line 4 already has this variant."),
        ],
    )
    def test_a_variation_that_does_not_fit_is_reported(self, seller: User, row: str, reason: str) -> None:
        outcome = bring_in(csv_of(WOO, HOODIE, LAMP, BLUE, row), seller=seller)
        assert refusals(outcome) == [(5, reason)]
        assert variants(Product.objects.get(name="Hoodie")) == [("Blue", "hd-b", "45.00", "45.00", 5)]
        assert books_are_right()

    def test_a_sale_with_dates_is_left_out(self, seller: User) -> None:
        outcome = bring_in(csv_of(WOO, LAMP.replace("|8|10||", "|8|10|2020-01-01|")), seller=seller)
        assert [str(product.final_price) for product in Product.objects.all()] == ["10.00"]
        assert any("Line 2: a sale price with dates" in note.text for note in outcome.notes)

    @pytest.mark.parametrize("kind", ["grouped", "external"])
    def test_other_types_are_reported(self, seller: User, kind: str) -> None:
        [(line, reason)] = refusals(bring_in(csv_of(WOO, LAMP.replace("simple", kind)), seller=seller))
        assert (line, "cannot be imported" in reason) == (2, True)
        assert not Product.objects.exists()

    def test_more_attributes_than_options(self, seller: User) -> None:
        extra = "".join(f"|Attribute {number} name|Attribute {number} value(s)" for number in (3, 4))
        names = "|C|x|D|y"
        parent = HOODIE + names
        child = BLUE.removesuffix("||") + "|Fabric|Cotton" + names
        outcome = bring_in(csv_of(WOO + extra, parent, child), seller=seller)
        assert [line for line, _ in refusals(outcome)] == [2, 3]
        assert "at most 3 options" in refusals(outcome)[0][1]
        assert not Product.objects.exists()

    def test_two_products_of_a_name_are_not_mixed_up(self, seller: User) -> None:
        other = HOODIE.replace("7|variable|hd|", "70|variable|other|")
        outcome = bring_in(csv_of(WOO, HOODIE, other, BLUE, RED.replace("id:7", "id:70")), seller=seller)
        assert [line for line, _ in refusals(outcome)] == [3, 5]
        assert variants(Product.objects.get()) == [("Blue", "hd-b", "45.00", "45.00", 5)]

    def test_the_preview_writes_nothing(self, seller: User) -> None:
        before = everything()
        rows = read_rows(BytesIO(csv_of(WOO, HOODIE, LAMP, BLUE, RED)), name="p.csv")
        steps = preview(rows, seller=seller, now=timezone.now(), create_categories=True)
        shown = {step.name: step for step in steps if not isinstance(step, Note)}
        assert {change.field: change.after for change in shown["Hoodie"].changes}["Blue: price"] == "45"
        assert everything() == before


class TestPlainText:
    @pytest.mark.parametrize(
        ("html", "text"),
        [
            ("", ""),
            ("just text", "just text"),
            ("a < b & c > d", "a < b & c > d"),
            ("<p>One</p><p>Two</p>", "One\n\nTwo"),
            ("<p>One</p>\n\n\n<p>Two<br>three<br/>four</p>", "One\n\nTwo\nthree\nfour"),
            ("<div>One</div><div>Two</div>", "One\nTwo"),
            ("<ul>\n<li>One</li>\n<li>Two</li>\n</ul>after", "- One\n- Two\n\nafter"),
            ("caf&eacute; &amp; &lt;b&gt;", "café & <b>"),
            ("a<script>alert(1)</script>b<style>p {}</style>c", "abc"),
            ("<p onclick='x'>a</p><!-- no -->", "a"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("one\n two\t three", "one two three"),
            ("one<br><br>two<br>three", "one\n\ntwo\nthree"),
            ("<p>a</p></style></script>b", "a\n\nb"),
            ("\x01<p>a", "a"),
            ("<b>bold", "bold"),
            ("İ<SCRIPT>x</Script>y<script/>z", "İyz"),
            ("<a title='1 > 0'>a</a> <!-- > --> b <!--", "a b <!--"),
        ],
    )
    def test_what_a_reader_sees(self, html: str, text: str) -> None:
        assert plain_text(html) == text

    @pytest.mark.parametrize("part", ["<", "<a ", "<!--", "<!-- -->", "<p x='", "<script>", "&#9", "<p>"])
    def test_takes_no_longer_for_a_hostile_text(self, part: str) -> None:
        begin = time.process_time()
        plain_text(part * (200_000 // len(part)))
        assert time.process_time() - begin < 2

    def test_a_number_that_is_no_character(self) -> None:
        assert plain_text(f"a&#{'9' * 5_000};b") == "ab"


@pytest.mark.parametrize(
    ("before", "paid", "discount"),
    [
        ("50.00", "40.00", "20.00"),
        ("10.00", "0.00", "100.00"),
        ("29.99", "19.99", "33.34"),
        ("8999.99", "8499.99", None),
    ],
)
def test_the_percentage_between_two_prices(before: str, paid: str, discount: str | None) -> None:
    found = discount_between(Decimal(before), Decimal(paid))
    assert found == (None if discount is None else Decimal(discount))
