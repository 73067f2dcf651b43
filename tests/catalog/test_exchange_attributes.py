"""The attributes of files: ours, Shopify's vendor, and what WooCommerce's variations do not differ in."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from catalog import attributes
from catalog.attributes import set_attributes
from catalog.exchange import Outcome, export_products, import_products, preview, read_rows
from catalog.exchange.preview import Change, Step
from catalog.models import Attribute, AttributeValue, Category, Product, ProductImage, ProductValue, TaxClass
from catalog.selectors import attributes_of
from tests.catalog.files import csv_file, json_lines
from tests.factories import make_picture, make_product, make_user

pytestmark = pytest.mark.django_db

LAMP = {"slug": "lamp", "category": "Lamps", "name": "Lamp", "description": "Shines.", "price": "10"}
BRAND = "Brand: Acme\nMaterial: Steel\nMaterial: Glass"
WOO = (
    "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s),Attribute 2 name,"
    "Attribute 2 value(s)\n"
)


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


def bring_in(
    content: bytes | str, *, seller: User, name: str = "p.jsonl", folder: Path | None = None
) -> Outcome:
    whole = Outcome()
    data = content.encode() if isinstance(content, str) else content
    rows = read_rows(BytesIO(data), name=name)
    for outcome in import_products(rows, seller=seller, now=timezone.now(), pictures=folder):
        whole.add(outcome)
    return whole


def export(suffix: str = ".jsonl") -> str:
    return "".join(export_products(Product.objects.all(), suffix=suffix))


def named(slug: str = "lamp") -> dict[str, list[str]]:
    product = Product.objects.get(slug=slug)
    return {name: values for (name, _), values in attributes_of({product.pk})[product.pk].items()}


def everything() -> list[Any]:
    models = (Category, Product, Attribute, AttributeValue, ProductValue)
    return [list(model._base_manager.order_by("pk").values()) for model in models]


class TestOwnFiles:
    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    def test_a_line_for_each_value(self, seller: User, suffix: str) -> None:
        row = {**LAMP, "attributes": BRAND}
        content = csv_file(row) if suffix == ".csv" else json_lines(row)
        assert bring_in(content, seller=seller, name=f"p{suffix}") == Outcome(created=1)
        assert named() == {"Brand": ["Acme"], "Material": ["Glass", "Steel"]}
        before = everything()
        assert bring_in(export(suffix), seller=seller, name=f"p{suffix}") == Outcome(unchanged=1)
        assert everything() == before

    def test_a_named_one_is_replaced_and_the_others_stay(self, seller: User) -> None:
        bring_in(json_lines({**LAMP, "attributes": BRAND}), seller=seller)
        row = {"slug": "lamp", "attributes": "material: brass\nEnergy: A++"}
        assert bring_in(json_lines(row), seller=seller) == Outcome(updated=1)
        assert named() == {"Brand": ["Acme"], "Energy": ["A++"], "Material": ["brass"]}
        assert bring_in(json_lines({"slug": "lamp", "attributes": ""}), seller=seller) == Outcome(unchanged=1)
        assert len(named()) == 3

    def test_another_spelling_changes_nothing(self, seller: User) -> None:
        bring_in(json_lines({**LAMP, "attributes": BRAND}), seller=seller)
        before = everything()
        row = {"slug": "lamp", "attributes": "BRAND:  acme\nmaterial: glass\nmaterial: STEEL"}
        assert bring_in(json_lines(row), seller=seller) == Outcome(unchanged=1)
        assert everything() == before

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("Acme", "attributes: Write a colon between the attribute and its value: “Acme”."),
            ("Brand: Acme\nbrand: Other", "attributes: The list has this attribute twice."),
            (f"Brand: {'x' * 101}", "attributes: Ensure this value has at most 100 characters"),
            ("\n".join(f"A{number}: x" for number in range(31)), "attributes: A product can have at most 30"),
        ],
    )
    def test_what_is_none_refuses_its_row(self, seller: User, text: str, reason: str) -> None:
        rows = json_lines({**LAMP, "attributes": text}, {**LAMP, "slug": "torch", "name": "Torch"})
        outcome = bring_in(rows, seller=seller)
        assert [refused.line for refused in outcome.refused] == [1]
        assert outcome.refused[0].reason.startswith(reason)
        assert [product.slug for product in Product.objects.all()] == ["torch"]
        assert not Attribute.objects.exists()

    def test_too_many_for_the_shop_refuse_their_rows_alone(
        self, seller: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attributes, "MAX_ATTRIBUTES", 1)
        rows = [
            {**LAMP, "slug": slug, "name": slug, "attributes": f"{name}: x"}
            for slug, name in (("a", "Brand"), ("b", "Fit"), ("c", "Brand"))
        ]
        outcome = bring_in(json_lines(*rows), seller=seller)
        assert [(refused.line, refused.reason) for refused in outcome.refused] == [
            (2, "attributes: The shop can have at most 1 attributes. Use one that it has.")
        ]
        assert [product.slug for product in Product.objects.order_by("slug")] == ["a", "c"]
        assert named("a") == named("c") == {"Brand": ["x"]}

    def test_the_preview_shows_them_and_writes_nothing(self, seller: User) -> None:
        bring_in(json_lines({**LAMP, "attributes": BRAND}), seller=seller)
        before = everything()
        row = json_lines({"slug": "lamp", "attributes": "Brand: Acme\nMaterial: Brass\nFit: Slim"})
        rows = read_rows(BytesIO(row), name="p.jsonl")
        [step] = preview(rows, seller=seller, now=timezone.now(), create_categories=True)
        assert isinstance(step, Step)
        assert step.changes == (
            Change(field="Material", before="Glass, Steel", after="Brass"),
            Change(field="Fit", before="", after="Slim"),
        )
        assert everything() == before

    def test_statements_do_not_grow(self, seller: User) -> None:
        def statements(products: int) -> list[int]:
            rows = [
                {**LAMP, "slug": f"{products}-{number}", "name": f"{products} {number}", "attributes": BRAND}
                for number in range(products)
            ]
            counts = []
            for run in (lambda: bring_in(json_lines(*rows), seller=seller), export):
                with CaptureQueriesContext(connection) as captured:
                    run()
                counts.append(len(captured))
            return counts

        statements(1)
        few = statements(2)
        assert statements(20) == few


class TestOtherSystems:
    def test_the_vendor_of_shopify(self, seller: User) -> None:
        content = (
            "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant Price\n"
            "lamp,Lamp,Acme & Co,Size,S,10\nlamp,,,,M,12\n"
        )
        assert bring_in(content, seller=seller, name="p.csv").created == 1
        assert named() == {"Vendor": ["Acme & Co"]}
        assert Product.objects.get().variants.count() == 2

    def test_those_of_woocommerce_that_are_no_options(self, seller: User) -> None:
        content = (
            f'{WOO}1,variable,hd,Hoodie,,,Colour,Blue,Fabric,"Cotton, Wool\\, soft"\n'
            "2,variation,hd-b,Hoodie,45,hd,Colour,Blue,,\n3,simple,cap,Cap,10,,Colour,Red,,\n"
        )
        assert not bring_in(content, seller=seller, name="p.csv").refused
        assert (named("hoodie"), named("cap")) == ({"Fabric": ["Cotton", "Wool, soft"]}, {"Colour": ["Red"]})
        assert Product.objects.get(slug="hoodie").option_names == ["Colour"]

    def test_one_that_is_too_long_is_left_out_with_a_note(self, seller: User) -> None:
        content = f"{WOO}3,simple,cap,Cap,10,,Ingredients,{'x' * 101},Fit,Slim\n"
        outcome = bring_in(content, seller=seller, name="p.csv")
        assert (outcome.created, named("cap")) == (1, {"Fit": ["Slim"]})
        note = "Line 2: the attribute “Ingredients” is too long, so it was left out."
        assert note in map(str, outcome.notes)


def without_hashes(text: str) -> str:
    """Number the names of pictures. They are hashes of the files, which are encoded again."""
    names = dict.fromkeys(re.findall(r"products/[0-9a-f]{32}", text))
    for number, name in enumerate(names):
        text = text.replace(name, f"picture {number}")
    return text


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_an_empty_shop_becomes_the_same_by_an_export(
    seller: User, suffix: str, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("front.png", "blue.png"):
        (folder / name).write_bytes(make_picture().read())
    TaxClass.objects.create(name="Reduced")
    soon = (timezone.now() + timedelta(days=9)).isoformat()
    tee = {
        "slug": "tee",
        "category": "Clothes > Shirts",
        "name": "Tee",
        "description": "One.\n\n- Two",
        "attributes": BRAND,
        "tax_class": "Reduced",
        "seo_title": "Tees",
        "seo_description": "All of them",
        "option1_name": "Size",
        "option1_value": "S",
        "option2_name": "Colour",
        "option2_value": "Red",
        "sku": "TEE-S",
        "price": "12.50",
        "discount": "20",
        "stock": "3",
        "weight_grams": "180",
        "barcode": "4006381333931",
        "image": "front.png",
        "image_alt": "From the front",
    }
    blue = {
        "slug": "tee",
        "option1_value": "M",
        "option2_value": "Blue",
        "price": "14",
        "stock": "0",
        "requires_shipping": "false",
        "image": "blue.png",
        "variant_image": "blue.png",
    }
    others = [{**LAMP, "published": "false"}, {**LAMP, "slug": "torch", "name": "=1+1", "published": soon}]
    assert not bring_in(json_lines(tee, blue, *others), seller=seller, folder=folder).refused
    first, media = export(suffix), Path(settings.MEDIA_ROOT)
    assert [first.count(text) for text in ("Material: Glass", "Clothes > Shirts", soon[:16])] == [1, 1, 1]
    Product.objects.all().delete()
    for category in Category.objects.order_by("-path"):
        category.delete()
    Attribute.objects.all().delete()
    assert not ProductImage.objects.exists()
    settings.MEDIA_ROOT = tmp_path / "other"
    assert bring_in(first, seller=seller, name=f"p{suffix}", folder=media) == Outcome(created=3)
    assert without_hashes(export(suffix)) == without_hashes(first)
    assert bring_in(first, seller=seller, name=f"p{suffix}", folder=media) == Outcome(unchanged=3)


def test_products_without_any_have_an_empty_cell(seller: User) -> None:
    lamp = make_product(name="Lamp", user=seller)
    assert '"attributes": ""' in export()
    set_attributes({lamp.pk: {"Brand": ["Acme"]}}, whole=True)
    assert '"attributes": "Brand: Acme"' in export()
