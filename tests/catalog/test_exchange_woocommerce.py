"""WooCommerce's files as its own samples are: what variations inherit, and what they are for."""

from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from accounts.models import User
from catalog.exchange import Outcome, import_products, read_rows
from catalog.exchange.dialects import NOT_COUNTED
from catalog.models import Product
from tests.catalog.test_exchange_systems import (
    bring_in,
    csv_of,
    everything,
    refusals,
    seller,  # noqa: F401  # a fixture
    variants,
)

pytestmark = pytest.mark.django_db

HEADER = (
    "ID|Type|SKU|Name|Published|Description|Tax status|Tax class|In stock?|Stock|Weight (lbs)|Sale price|Regular price"
    "|Categories|Images|Parent|Attribute 1 name|Attribute 1 value(s)|Attribute 2 name|Attribute 2 value(s)"
)
TEE = "44|variable|tee|Tee|1|Soft.|taxable||1||.5||||| |Color|Blue, Green|Size|L, M, S"
BLUE = "45|variation|tee-b|Tee - Blue|1|Of the sea.|taxable|standard|1|4|||20|||tee|Color|Blue|Size|"
GREEN = "46|variation|tee-g|Tee - Green, M|1||taxable|parent|1|7|1||25|||tee|Color|Green|Size|M"
ANY_GREEN = "47|variation||Tee - Green|1||taxable||1|||18|20|||tee|Color|Green|Size|"
CAP = "48|simple|cap|Cap|1|Warm.|taxable|standard|1||.2||18|||||||"


def import_rows(*rows: str, seller: User) -> Outcome:  # noqa: F811
    return bring_in(csv_of(HEADER, *rows), seller=seller)


class TestAnyValue:
    def test_is_a_variant_for_each(self, seller: User) -> None:  # noqa: F811
        outcome = import_rows(TEE, BLUE, GREEN, seller=seller)
        assert refusals(outcome) == []
        assert variants(Product.objects.get()) == [
            ("Blue / L", "", "20.00", "20.00", 0),
            ("Blue / M", "", "20.00", "20.00", 0),
            ("Blue / S", "", "20.00", "20.00", 0),
            ("Green / M", "tee-g", "25.00", "25.00", 7),
        ]
        [note] = [note.text for note in outcome.notes if note.text.startswith("Line")]
        assert note.startswith(
            "Line 3: it is for any value of an option, so there is a variant for each, without"
        )

    def test_has_its_picture_in_each_of_them(self, seller: User, tmp_path: Path) -> None:  # noqa: F811
        for colour, name in (("green", "a.png"), ("blue", "b.png")):
            Image.new("RGB", (8, 6), colour).save(tmp_path / name)
        front = TEE.replace("||||| |Color", "||||https://x.example/a.png| |Color")
        blue = BLUE.replace("|20|||tee|", "|20||https://x.example/b.png|tee|")
        rows = read_rows(BytesIO(csv_of(HEADER, front, blue, GREEN)), name="p.csv")
        [outcome] = import_products(rows, seller=seller, now=timezone.now(), pictures=tmp_path)
        assert refusals(outcome) == []
        _, second = Product.objects.get().images.all()
        shown = Product.objects.get().variants.values_list("option_1", "image")
        assert list(shown) == [("Blue", second.pk)] * 3 + [("Green", None)]

    def test_leaves_those_to_others_that_are_for_one(self, seller: User) -> None:  # noqa: F811
        assert refusals(import_rows(TEE, ANY_GREEN, GREEN, seller=seller)) == []
        assert variants(Product.objects.get()) == [
            ("Green / L", "", "20.00", "18.00", 0),
            ("Green / S", "", "20.00", "18.00", 0),
            ("Green / M", "tee-g", "25.00", "25.00", 7),
        ]

    def test_again_changes_nothing(self, seller: User) -> None:  # noqa: F811
        import_rows(TEE, BLUE, GREEN, seller=seller)
        Product.objects.get().variants.filter(option_2="S").update(stock=0)
        before = everything()
        assert import_rows(TEE, BLUE, GREEN, seller=seller).unchanged == 1
        assert everything() == before

    def test_of_too_many_is_refused(self, seller: User) -> None:  # noqa: F811
        sizes = ", ".join(str(number) for number in range(101))
        outcome = import_rows(TEE.replace("L, M, S", sizes), BLUE, GREEN, seller=seller)
        reason = "It is for 101 combinations of values, but a product can have at most 100 variants."
        assert (3, reason) in refusals(outcome)

    def test_of_a_parent_without_values_is_refused(self, seller: User) -> None:  # noqa: F811
        [_, refused] = refusals(import_rows(TEE.replace("L, M, S", ""), BLUE, seller=seller))
        assert refused == (3, "Its parent has no values of “Size”.")


class TestInheritance:
    def test_the_weight_of_the_parent(self, seller: User) -> None:  # noqa: F811
        import_rows(TEE, BLUE, GREEN, seller=seller)
        weights = Product.objects.get().variants.values_list("weight_grams", flat=True)
        assert list(weights) == [227, 227, 227, 454]

    def test_a_weight_that_begins_with_a_point(self, seller: User) -> None:  # noqa: F811
        assert refusals(import_rows(CAP, seller=seller)) == []
        assert Product.objects.get().variants.get().weight_grams == 91

    @pytest.mark.parametrize("tax_class", ["", "standard", "parent"])
    def test_the_tax_class_of_the_parent(self, seller: User, tax_class: str) -> None:  # noqa: F811
        row = GREEN.replace("parent", tax_class)
        assert refusals(import_rows(TEE, row, seller=seller)) == []
        assert Product.objects.get().tax_class is None


class TestNotes:
    def test_on_what_a_variant_has_no_place_for(self, seller: User) -> None:  # noqa: F811
        notes = [note.text for note in import_rows(TEE, BLUE, CAP, seller=seller).notes]
        assert "Descriptions of variations were left out: the product has one." in notes
        assert NOT_COUNTED in notes


def test_a_product_without_a_variation_that_fits_is_left_out(seller: User) -> None:  # noqa: F811
    for price, why, reason in (
        ("1,234", "None of its variations can be imported, so it was left out.", "ambiguous"),
        ("x", "price: None of the rows of its variants can be imported.", "Line 2, the first of this"),
    ):
        outcome = import_rows(TEE, GREEN.replace("|25|", f"|{price}|"), seller=seller)
        [parent, variation] = refusals(outcome)
        assert parent == (2, why)
        assert (variation[0], reason in variation[1]) == (3, True)
        assert not Product.objects.exists()


def test_two_products_of_one_name(seller: User) -> None:  # noqa: F811
    outcome = import_rows(CAP, CAP.replace("48|simple|cap", "49|simple|cap-2"), seller=seller)
    reason = "name: Line 2 has the same name. Give one of them another name, or each its own slug."
    assert refusals(outcome) == [(3, reason)]
