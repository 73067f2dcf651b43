"""Files with one row for each variant: what they add and change, and what they leave alone."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.exchange import Outcome, export_products, import_products, preview, read_rows
from catalog.exchange.preview import Step
from catalog.models import MAX_STOCK, Category, PriceChange, Product, ProductVariant, StockMovement
from orders.audit import check_prices, check_products, check_stock
from tests.catalog.files import csv_file, json_lines
from tests.factories import make_product, make_user, set_stock, variant_of

pytestmark = pytest.mark.django_db

TEE = {
    "slug": "tee",
    "category": "Shirts",
    "name": "Tee",
    "description": "Plain.",
    "option1_name": "Size",
    "option1_value": "S",
    "sku": "TEE-S",
    "price": "10.00",
    "stock": "3",
}
MEDIUM = {"slug": "tee", "option1_value": "M", "sku": "TEE-M", "price": "12.00", "stock": "5"}
LARGE = {
    "slug": "tee",
    "option1_value": "L",
    "price": "14.00",
    "discount": "50",
    "weight_grams": "210",
    "requires_shipping": "FALSE",
}


@pytest.fixture
def seller() -> User:
    return make_user(email="seller@example.com")


@pytest.fixture
def tee(seller: User) -> Product:
    bring_in([TEE, MEDIUM, LARGE], seller=seller)
    return Product.objects.get()


def bring_in(rows: list[dict[str, Any]] | bytes, *, seller: User, suffix: str = ".jsonl") -> Outcome:
    content = rows if isinstance(rows, bytes) else json_lines(*rows)
    whole = Outcome()
    items = read_rows(BytesIO(content), name=f"p{suffix}")
    for outcome in import_products(items, seller=seller, now=timezone.now()):
        whole.add(outcome)
    return whole


def export(suffix: str) -> bytes:
    return "".join(export_products(Product.objects.all(), suffix=suffix)).encode()


def everything() -> list[Any]:
    models = (Category, Product, ProductVariant, StockMovement, PriceChange)
    return [list(model.objects.order_by("pk").values()) for model in models]


def variants(product: Product) -> list[tuple[Any, ...]]:
    return [
        (variant.title, variant.sku, str(variant.price), str(variant.final_price), variant.stock)
        for variant in product.variants.all()
    ]


def books_are_right() -> bool:
    return not [*check_stock(), *check_products(), *check_prices()]


class TestNewProducts:
    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    @pytest.mark.parametrize("is_repeated", [True, False])
    def test_a_row_for_each_variant(self, seller: User, suffix: str, is_repeated: bool) -> None:
        shared = {name: TEE[name] for name in ("category", "name", "description", "option1_name")}
        further = [{**(shared if is_repeated else {}), **row} for row in (MEDIUM, LARGE)]
        content = (csv_file if suffix == ".csv" else json_lines)(TEE, *further)
        assert bring_in(content, seller=seller, suffix=suffix) == Outcome(created=1)
        product = Product.objects.get()
        assert (product.option_names, product.category.name) == (["Size"], "Shirts")
        assert variants(product) == [
            ("S", "TEE-S", "10.00", "10.00", 3),
            ("M", "TEE-M", "12.00", "12.00", 5),
            ("L", "", "14.00", "7.00", 0),
        ]
        assert [variant.position for variant in product.variants.all()] == [0, 1, 2]
        assert product.variants.all()[2].weight_grams == 210
        assert [variant.requires_shipping for variant in product.variants.all()] == [True, True, False]
        # That of the cheapest in stock.
        assert (str(product.price), str(product.final_price), product.stock) == ("10.00", "10.00", 8)
        assert sorted(product.movements.values_list("delta", flat=True)) == [3, 5]
        assert books_are_right()

    def test_a_product_without_a_slug_is_known_by_its_name(self, seller: User) -> None:
        rows = [{**row, "slug": "", "name": "Tee"} for row in (TEE, MEDIUM, LARGE)]
        assert bring_in(rows, seller=seller) == Outcome(created=1)
        assert bring_in(rows, seller=seller) == Outcome(unchanged=1)
        assert Product.objects.get().variants.count() == 3

    def test_several_options(self, seller: User) -> None:
        second = {"option2_name": "Colour", "option2_value": "Red"}
        rows = [{**TEE, **second}, {**MEDIUM, "option2_value": "Blue"}]
        assert bring_in(rows, seller=seller) == Outcome(created=1)
        assert [title for title, *_ in variants(Product.objects.get())] == ["S / Red", "M / Blue"]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ({**MEDIUM, "price": "x"}, "price: “x” value must be a decimal number."),
            ({**MEDIUM, "price": ""}, "price: This field is required."),
            ({**MEDIUM, "option1_value": ""}, "option1_value: Give a value for “Size”."),
            ({**MEDIUM, "option2_value": "Red"}, "option2_value: The product has no such option."),
            ({**MEDIUM, "option1_value": " S "}, "option1_value: Another variant has the same values."),
            (
                {**MEDIUM, "option1_value": "S", "sku": ""},
                "option1_value: Another variant has the same values.",
            ),
            ({**MEDIUM, "sku": " tee-s "}, "sku: Line 1 already has this variant."),
            ({**MEDIUM, "name": "Polo"}, "name: Line 1, the first of this product, has another one."),
            ({**MEDIUM, "barcode": "4006381333932"}, "barcode: The last digit does not fit the others."),
            ({**MEDIUM, "weight_grams": "-1"}, "weight_grams: "),
            ({**MEDIUM, "requires_shipping": "perhaps"}, "requires_shipping: "),
            ({**MEDIUM, "position": "-1"}, "position: "),
        ],
    )
    def test_a_bad_variant_is_left_out_alone(self, seller: User, row: dict[str, str], reason: str) -> None:
        outcome = bring_in([TEE, row, LARGE], seller=seller)
        [refusal] = outcome.refused
        assert refusal.line == 2
        assert refusal.reason.startswith(reason)
        assert (outcome.created, [title for title, *_ in variants(Product.objects.get())]) == (1, ["S", "L"])
        assert books_are_right()

    @pytest.mark.parametrize(
        "changes",
        [
            {"price": "x"},
            {"price": ""},
            {"name": ""},
            {"option1_value": ""},
            {"option1_name": "", "option2_name": "Size"},
            {"option2_name": "SIZE", "option2_value": "S"},
            {"stock": MAX_STOCK + 1},
        ],
    )
    def test_nothing_goes_in_without_the_first_row(self, seller: User, changes: dict[str, str]) -> None:
        before = everything()
        refused = bring_in([{**TEE, **changes}, MEDIUM, LARGE], seller=seller).refused
        assert [refusal.line for refusal in refused] == [1, 2, 3]
        assert refused[1].reason == "Line 1, the first of this product, was left out."
        assert everything() == before

    def test_at_most_a_hundred(self, seller: User) -> None:
        rows = [{**MEDIUM, "option1_value": f"V{number}", "sku": ""} for number in range(120)]
        outcome = bring_in([{**TEE, **rows[0]}, *rows[1:]], seller=seller)
        assert sorted(refusal.line for refusal in outcome.refused) == [*range(101, 121)]
        assert {refusal.reason.removeprefix("sku: ") for refusal in outcome.refused} == {
            "A product can have at most 100 variants."
        }
        assert Product.objects.get().variants.count() == 100

    def test_too_many_in_stock_together(self, seller: User) -> None:
        rows = [{**row, "stock": MAX_STOCK} for row in (TEE, MEDIUM)]
        assert len(bring_in(rows, seller=seller).refused) == 2
        assert not Product.objects.exists()


class TestExistingProducts:
    def test_the_same_file_twice_writes_nothing(self, seller: User, tee: Product) -> None:
        before = everything()
        with CaptureQueriesContext(connection) as captured:
            assert bring_in([TEE, MEDIUM, LARGE], seller=seller) == Outcome(unchanged=1)
        assert not [query for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert everything() == before

    def test_what_is_missing_stays(self, seller: User, tee: Product) -> None:
        before = {variant.pk: variant for variant in tee.variants.all()}
        changed = {"slug": "tee", "sku": "tee-m ", "price": "11.00", "stock": 9}
        added = {"slug": "tee", "option1_value": "XL", "price": "20.00"}
        assert bring_in([changed, added], seller=seller) == Outcome(updated=1)
        assert variants(tee) == [
            ("S", "TEE-S", "10.00", "10.00", 3),
            ("M", "tee-m", "11.00", "11.00", 9),
            ("L", "", "14.00", "7.00", 0),
            ("XL", "", "20.00", "20.00", 0),
        ]
        assert before.keys() < {variant.pk for variant in tee.variants.all()}
        assert Product.objects.get().stock == 12
        assert books_are_right()

    def test_a_cheaper_one_is_the_price_of_the_product(self, seller: User, tee: Product) -> None:
        bring_in([{"slug": "tee", "option1_value": "M", "discount": "50"}], seller=seller)
        product = Product.objects.get()
        assert (str(product.price), str(product.discount), str(product.final_price)) == (
            *("12.00", "50.00"),
            "6.00",
        )
        bring_in([{"slug": "tee", "option1_value": "M", "stock": 0}], seller=seller)
        assert str(Product.objects.get().final_price) == "10.00"
        changes = PriceChange.objects.filter(variant=variant_of(tee, "M")).order_by("since")
        assert [str(change.final_price) for change in changes] == ["12.00", "6.00"]
        assert books_are_right()

    def test_values_change_for_a_sku(self, seller: User, tee: Product) -> None:
        rows = [{"slug": "tee", "sku": "TEE-S", "option1_value": "Small"}]
        assert bring_in(rows, seller=seller) == Outcome(updated=1)
        assert variants(tee)[0] == ("Small", "TEE-S", "10.00", "10.00", 3)

    def test_values_move_on(self, seller: User, tee: Product) -> None:
        """Each takes the values, or the SKU, that the one before it has left."""
        rows = [
            {"slug": "tee", "sku": "TEE-S", "option1_value": "XS", "price": "9.00"},
            {"slug": "tee", "sku": "TEE-M", "option1_value": "S"},
        ]
        assert bring_in(rows, seller=seller) == Outcome(updated=1)
        assert [row[:2] for row in variants(tee)] == [("XS", "TEE-S"), ("S", "TEE-M"), ("L", "")]

    def test_an_option_gets_another_name(self, seller: User, tee: Product) -> None:
        assert bring_in([{"slug": "tee", "option1_name": "Width"}], seller=seller) == Outcome(updated=1)
        assert Product.objects.get().option_names == ["Width"]

    def test_another_option_needs_all_variants(self, seller: User, tee: Product) -> None:
        before = everything()
        colour = {"option2_name": "Colour", "option2_value": "Red"}
        refused = bring_in([{**TEE, **colour}, {**MEDIUM, "option2_value": "Red"}], seller=seller).refused
        assert refused[0].reason == (
            "option1_name: The variant “L” would not have one value for each option. Give it a row with its sku."
        )
        assert [refusal.line for refusal in refused] == [1, 2]
        assert everything() == before

    def test_a_product_gets_its_first_option(self, seller: User) -> None:
        lamp = make_product(name="Lamp", user=seller, stock=4)
        [variant] = lamp.variants.all()
        rows = [
            {"slug": "lamp", "option1_name": "Colour", "option1_value": "Red"},
            {"slug": "lamp", "option1_value": "Blue", "price": "11.00"},
        ]
        assert bring_in(rows, seller=seller) == Outcome(updated=1)
        assert variants(lamp) == [("Red", "", "10.00", "10.00", 4), ("Blue", "", "11.00", "11.00", 0)]
        assert lamp.variants.all()[0] == variant

    def test_the_only_variant_is_left_to_the_row_with_its_sku(self, seller: User) -> None:
        bring_in(
            [{"slug": "a", **{k: TEE[k] for k in ("category", "name", "description", "price", "sku")}}],
            seller=seller,
        )
        rows = [
            {"slug": "a", "option1_name": "Size", "option1_value": "M", "sku": "NEW", "price": "1"},
            {"slug": "a", "option1_value": "S", "sku": "TEE-S"},
        ]
        assert bring_in(rows, seller=seller) == Outcome(updated=1)
        assert {row[:2] for row in variants(Product.objects.get())} == {("M", "NEW"), ("S", "TEE-S")}

    def test_a_sku_of_another_product_is_refused(self, seller: User, tee: Product) -> None:
        other = make_product(name="Other", user=seller)
        before = everything()
        for rows in (
            [{"slug": other.slug, "sku": "tee-s"}],
            [{**TEE, "slug": "new", "name": "New", "sku": "Tee-M"}],
        ):
            [refusal] = bring_in(rows, seller=seller).refused
            assert refusal.reason.startswith("sku: Another product has the SKU “")
            assert everything() == before

    def test_the_other_variants_of_a_product_come_in(self, seller: User, tee: Product) -> None:
        """Even where the first row, which has the product's own columns, has the SKU of another product."""
        shirt = {**TEE, "slug": "shirt", "name": "Shirt", "sku": "TEE-S", "description": "Fits."}
        rows = [shirt, {"slug": "shirt", "option1_value": "L", "sku": "SHIRT-L", "price": "9.00"}]
        outcome = bring_in(rows, seller=seller)
        assert [str(refusal) for refusal in outcome.refused] == [
            "line 1: sku: Another product has the SKU “TEE-S”."
        ]
        assert outcome.created == 1
        product = Product.objects.get(slug="shirt")
        assert (product.description, product.price) == ("Fits.", Decimal(9))
        assert [row[:2] for row in variants(product)] == [("L", "SHIRT-L")]

    def test_two_new_products_of_a_file_do_not_share_a_sku(self, seller: User) -> None:
        second = {**TEE, "slug": "tee-2", "name": "Tee 2", "sku": "Ärmel-1"}
        outcome = bring_in([{**TEE, "sku": "ärmel-1"}, second], seller=seller)
        assert (outcome.created, [refusal.line for refusal in outcome.refused]) == (1, [2])

    def test_a_second_block_of_rows_is_refused(self, seller: User) -> None:
        other = {**TEE, "slug": "other", "name": "Other", "sku": ""}
        outcome = bring_in([TEE, other, MEDIUM], seller=seller)
        assert [str(refusal) for refusal in outcome.refused] == [
            "line 3: slug: Line 1 already has the product “tee”."
        ]
        assert outcome.created == 2

    def test_what_was_sold_since_the_export_stays_sold(self, seller: User, tee: Product) -> None:
        content = export(".csv")
        set_stock(tee, 1, "S")
        assert bring_in(content, seller=seller, suffix=".csv") == Outcome(unchanged=1)
        edited = content.replace(b"TEE-S,10.00,0.00,3,3", b"TEE-S,10.00,0.00,7,3")
        assert edited != content
        [first, *_] = bring_in(edited, seller=seller, suffix=".csv").refused
        assert first.reason.startswith("stock: It was 3 at the export and is 1 by now.")
        assert variant_of(tee, "S").stock == 1

    def test_the_statements_of_a_batch_do_not_grow(self, seller: User) -> None:
        def statements(count: int, of_each: int, tag: str, **changes: str) -> int:
            rows = [
                {
                    **(TEE if not value else MEDIUM),
                    "slug": f"{tag}-{number}",
                    "sku": f"{tag}-{number}-{value}",
                }
                | {"option1_value": str(value), **changes}
                for number in range(count)
                for value in range(of_each)
            ]
            with CaptureQueriesContext(connection) as captured:
                assert not bring_in(rows, seller=seller).refused
            return len(captured)

        statements(1, 1, "warm")
        assert statements(2, 2, "few") == statements(20, 10, "many")
        assert statements(2, 2, "few", price="9.00") == statements(20, 10, "many", price="9.00")
        assert statements(2, 2, "few", sku="") == statements(20, 10, "many", sku="")


class TestExport:
    @pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
    def test_what_is_exported_changes_nothing_when_imported(
        self, seller: User, tee: Product, suffix: str
    ) -> None:
        make_product(user=seller)
        bring_in(
            [{"slug": "tee", "option1_value": "L", "barcode": "96385074", "position": "7"}], seller=seller
        )
        before = everything()
        content = export(suffix)
        assert bring_in(content, seller=make_user(), suffix=suffix) == Outcome(unchanged=2)
        assert everything() == before
        Product.objects.all().delete()
        assert bring_in(content, seller=seller, suffix=suffix).created == 2
        assert variants(Product.objects.get(slug="tee"))[2] == ("L", "", "14.00", "7.00", 0)

    def test_the_columns_of_the_product_are_in_its_first_row(self, tee: Product) -> None:
        first, second, third = csv.DictReader(StringIO(export(".csv").decode("utf-8-sig"), newline=""))
        assert (first["name"], first["category"], first["option1_name"]) == ("Tee", "Shirts", "Size")
        for row in (second, third):
            assert (row["slug"], row["name"], row["category"], row["option1_name"]) == ("tee", "", "", "")
        assert [row["option1_value"] for row in (first, second, third)] == ["S", "M", "L"]

    def test_takes_as_many_statements_for_many(self, seller: User, tee: Product) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                export(".csv")
            return len(captured)

        few = statements()
        for _ in range(5):
            make_product(user=seller)
        assert statements() == few


def test_the_preview_shows_each_variant(seller: User, tee: Product) -> None:
    rows = [
        {"slug": "tee", "sku": "TEE-S", "price": "9.00"},
        {"slug": "tee", "option1_value": "XL", "price": "20.00"},
        {"slug": "tee", "option1_value": "XXL"},
    ]
    before = everything()
    items = read_rows(BytesIO(json_lines(*rows)), name="p.jsonl")
    steps = preview(items, seller=seller, now=timezone.now(), create_categories=True)
    update, error = (step for step in steps if isinstance(step, Step))
    assert (update.action, update.name) == ("update", "Tee")
    assert [(change.field, change.before, change.after) for change in update.changes] == [
        ("S: price", "10.00", "9.00"),
        ("XL: option1_value", "", "XL"),
        ("XL: price", "", "20.00"),
    ]
    assert (error.line, error.reason) == (3, "price: This field is required.")
    assert everything() == before


def test_barcodes_of_other_lengths_are_the_shops_own(seller: User, tee: Product) -> None:
    for barcode in ("4006381333931", "96385074", "036000291452", "10614141000415", "ABC-1", "1234567"):
        row = {"slug": "tee", "sku": "TEE-S", "barcode": barcode}
        assert bring_in([row], seller=seller) == Outcome(updated=1)
        assert variant_of(tee, "S").barcode == barcode
    for barcode in ("4006381333932", "96385075", "036000291453", "10614141000416"):
        assert bring_in([{"slug": "tee", "sku": "TEE-S", "barcode": barcode}], seller=seller).refused
    assert Decimal(variant_of(tee, "S").price) == 10
