"""The tax classes of files: ours, Shopify's and WooCommerce's."""

from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.exchange import Outcome, export_products, import_products, preview, read_rows
from catalog.exchange.dialects import OTHER_TAX_CLASS
from catalog.exchange.preview import Change, Step
from catalog.models import Category, PriceChange, Product, ProductVariant, StockMovement, TaxClass
from tests.catalog.files import json_lines
from tests.factories import default_tax_class, make_product, make_user

pytestmark = pytest.mark.django_db

LAMP = {"slug": "lamp", "category": "Lamps", "name": "Lamp", "description": "Shines.", "price": "10"}
SHOPIFY = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Taxable,Tax code,Image Src\n"
)
WOO = "ID,Type,SKU,Name,Regular price,Tax status,Tax class,Parent,Attribute 1 name,Attribute 1 value(s)\n"
HOODIE = '7,variable,hd,Hoodie,,taxable,{},,Colour,"Blue, Red"\n'
BLUE = "8,variation,hd-b,Hoodie,45,taxable,{},hd,Colour,Blue\n"
RED = "9,variation,hd-r,Hoodie,45,taxable,{},hd,Colour,Red\n"


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


@pytest.fixture
def reduced() -> TaxClass:
    return TaxClass.objects.create(name="Reduced rate")


def bring_in(content: bytes | str, *, seller: User, name: str = "p.csv") -> Outcome:
    data = content.encode() if isinstance(content, str) else content
    [outcome] = import_products(read_rows(BytesIO(data), name=name), seller=seller, now=timezone.now())
    return outcome


def reasons(outcome: Outcome) -> list[tuple[int, str]]:
    return [(refused.line, refused.reason) for refused in outcome.refused]


def everything() -> list[Any]:
    models = (Category, Product, ProductVariant, StockMovement, PriceChange, TaxClass)
    return [list(model.objects.order_by("pk").values()) for model in models]


class TestOwnFiles:
    @pytest.mark.parametrize("name", ["Reduced rate", "REDUCED  RATE", "reduced-rate"])
    def test_a_class_is_found_by_its_name_or_slug(self, seller: User, reduced: TaxClass, name: str) -> None:
        row = json_lines({**LAMP, "tax_class": name})
        assert bring_in(row, seller=seller, name="p.jsonl") == Outcome(created=1)
        assert Product.objects.get().tax_class == reduced
        assert bring_in(row, seller=seller, name="p.jsonl") == Outcome(unchanged=1)

    def test_a_name_comes_before_the_slug_of_another(self, seller: User, reduced: TaxClass) -> None:
        named = TaxClass.objects.create(name="reduced-rate")
        bring_in(json_lines({**LAMP, "tax_class": "reduced-rate"}), seller=seller, name="p.jsonl")
        assert Product.objects.get().tax_class == named

    @pytest.mark.parametrize("name", ["Books", "!!!"])
    def test_an_unknown_one_refuses_the_row(self, seller: User, reduced: TaxClass, name: str) -> None:
        TaxClass.objects.create(name="%")
        make_product(name="Lamp", user=seller)
        before = everything()
        rows = json_lines({**LAMP, "price": "99", "tax_class": name})
        outcome = bring_in(rows, seller=seller, name="p.jsonl")
        assert reasons(outcome) == [
            (1, f"tax_class: There is no tax class “{name}”. Add it in the admin first.")
        ]
        assert everything() == before

    @pytest.mark.parametrize("row", [{}, {"tax_class": ""}])
    def test_an_empty_cell_leaves_the_class(
        self, seller: User, reduced: TaxClass, row: dict[str, str]
    ) -> None:
        make_product(name="Lamp", user=seller, tax_class=reduced)
        assert bring_in(json_lines({"slug": "lamp", **row}), seller=seller, name="p.jsonl").unchanged == 1
        assert Product.objects.get().tax_class == reduced

    def test_the_default_one(self, seller: User, reduced: TaxClass) -> None:
        make_product(name="Lamp", user=seller)
        row = json_lines({"slug": "lamp", "tax_class": default_tax_class().name})
        assert bring_in(row, seller=seller, name="p.jsonl") == Outcome(unchanged=1)
        Product.objects.update(tax_class=reduced)
        assert bring_in(row, seller=seller, name="p.jsonl") == Outcome(updated=1)
        assert Product.objects.get().tax_class == default_tax_class()

    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    def test_export_and_import_change_nothing(self, seller: User, reduced: TaxClass, suffix: str) -> None:
        classes = {"one": reduced, "two": default_tax_class(), "three": None}
        for name, tax_class in classes.items():
            make_product(name=name, user=seller, tax_class=tax_class)
        exported = "".join(export_products(Product.objects.all(), suffix=suffix))
        before = everything()
        assert bring_in(exported, seller=seller, name=f"p{suffix}") == Outcome(unchanged=3)
        assert everything() == before

    def test_the_preview_says_so(self, seller: User, reduced: TaxClass) -> None:
        product = make_product(name="Lamp", user=seller)
        content = json_lines({"slug": product.slug, "tax_class": "Reduced rate"})
        rows = read_rows(BytesIO(content), name="p.jsonl")
        steps = preview(rows, seller=seller, now=timezone.now(), create_categories=True)
        changes = (Change(field="tax_class", before="", after="Reduced rate"),)
        assert steps == [Step(line=1, action="update", name="Lamp", changes=changes)]

    def test_many_take_as_many_statements_as_one(self, seller: User, reduced: TaxClass) -> None:
        def statements(*slugs: str, **cells: str) -> int:
            rows = json_lines(*({**LAMP, **cells, "name": slug, "slug": slug} for slug in slugs))
            with CaptureQueriesContext(connection) as queries:
                assert bring_in(rows, seller=seller, name="p.jsonl").created == len(slugs)
            return len(queries)

        statements("warm-up")
        without = statements("zero")
        assert statements("one", tax_class="Reduced rate") == without + 1
        assert statements("two", "three", "four", tax_class="Reduced rate") == without + 1


class TestShopify:
    def test_a_tax_code_is_a_class(self, seller: User, reduced: TaxClass) -> None:
        rows = (
            "tee,Tee,Size,S,t-s,9,TRUE,Reduced rate,",
            "tee,,,M,t-m,9,true,Reduced rate,",
            "tee,,,,,,,,x.jpg",
        )
        content = SHOPIFY + "\n".join(rows)
        outcome = bring_in(content, seller=seller)
        assert (outcome.created, reasons(outcome)) == (1, [])
        product = Product.objects.get()
        assert (product.tax_class, product.variants.count()) == (reduced, 2)

    def test_what_is_not_taxed_needs_a_class(self, seller: User) -> None:
        content = f"{SHOPIFY}card,Card,,,c,9,FALSE,,\n"
        outcome = bring_in(content, seller=seller)
        assert reasons(outcome) == [
            (2, "tax_class: There is no tax class “Not taxable”. Add it in the admin first.")
        ]
        assert not Product.objects.exists()
        untaxed = TaxClass.objects.create(name="Not taxable")
        assert bring_in(content, seller=seller).created == 1
        assert Product.objects.get().tax_class == untaxed

    def test_a_variant_of_another_class_is_refused(self, seller: User) -> None:
        TaxClass.objects.create(name="Not taxable")
        content = f"{SHOPIFY}tee,Tee,Size,S,t-s,9,TRUE,,\ntee,,,M,t-m,9,FALSE,,\n"
        assert reasons(bring_in(content, seller=seller)) == [(3, OTHER_TAX_CLASS)]
        product = Product.objects.get()
        assert (product.tax_class, [each.sku for each in product.variants.all()]) == (None, ["t-s"])


class TestWooCommerce:
    @pytest.mark.parametrize("of_variation", ["", "parent", "reduced-rate"])
    def test_variations_have_the_class_of_their_parent(
        self, seller: User, reduced: TaxClass, of_variation: str
    ) -> None:
        content = WOO + HOODIE.format("reduced-rate") + BLUE.format(of_variation)
        assert reasons(bring_in(content, seller=seller)) == []
        assert Product.objects.get().tax_class == reduced

    def test_a_variation_of_another_class_is_refused(self, seller: User, reduced: TaxClass) -> None:
        content = WOO + HOODIE.format("") + BLUE.format("parent") + RED.format("reduced-rate")
        assert reasons(bring_in(content, seller=seller)) == [(4, OTHER_TAX_CLASS)]
        product = Product.objects.get()
        assert (product.tax_class, [each.sku for each in product.variants.all()]) == (None, ["hd-b"])

    @pytest.mark.parametrize(
        ("status", "name"),
        [("none", "Not taxable"), ("shipping", "Not taxable"), ("taxable", "zero-rate")],
    )
    def test_an_unknown_one_refuses_the_row(self, seller: User, status: str, name: str) -> None:
        outcome = bring_in(f"{WOO}7,simple,m,Mug,9,{status},zero-rate,,,\n", seller=seller)
        assert reasons(outcome) == [
            (2, f"tax_class: There is no tax class “{name}”. Add it in the admin first.")
        ]
        assert not Product.objects.exists()

    @pytest.mark.parametrize("tax_class", ["", "standard"])
    def test_the_default_one(self, seller: User, tax_class: str) -> None:
        assert bring_in(f"{WOO}7,simple,m,Mug,9,taxable,{tax_class},,,\n", seller=seller).created == 1
        assert Product.objects.get().tax_class is None
