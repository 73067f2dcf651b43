"""The list of a product's variants: its rules, its prices, and what stays of a variant that is removed."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.fields import ProductFields
from catalog.models import MAX_STOCK, MAX_VARIANTS, Category, Product, ProductVariant, StockMovement
from catalog.services import create_product, update_product
from catalog.stock import Reason, return_stock, take_stock
from catalog.variants import VariantFields
from core.errors import ValidationError, camel_case
from orders.audit import differences_here
from tests.factories import make_category, make_product, make_seller, reprice, set_stock, variant_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def seller() -> User:
    return make_seller()


@pytest.fixture
def light() -> Category:
    return make_category("Light")


@pytest.fixture
def shirt(seller: User, light: Category) -> Product:
    """S at 10.00 with 5 in stock, M at 12.00 with 3, and L at 8.00, which is sold out."""
    return make_product(
        user=seller,
        category=light,
        name="Shirt",
        options=["Size"],
        variants=[
            {"values": ["S"], "price": Decimal(10), "stock": 5, "sku": "SHIRT-S"},
            {"values": ["M"], "price": Decimal(12), "stock": 3},
            {"values": ["L"], "price": Decimal(8), "stock": 0},
        ],
    )


def fields(**changed: Any) -> ProductFields:
    return cast(
        ProductFields, {"category": "light", "name": "Shirt", "description": "It is worn.", **changed}
    )


def listed(*values: str, **changed: Any) -> Any:
    """Return a variant of the input."""
    return {"option_values": list(values), "price": Decimal(10), "stock": 1, **changed}


def existing(variant: ProductVariant, **changed: Any) -> Any:
    """Return a variant of the input that stays as it is, but for what is changed."""
    return listed(
        *variant.option_values, **{"id": variant.pk, "price": variant.price, "stock": variant.stock} | changed
    )


def rows() -> list[Any]:
    models = (Product, ProductVariant, StockMovement)
    return [list(model.objects.order_by("pk").values()) for model in models]


def without_values(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the rows of the options' values: see test_options.py."""
    return [{name: row[name] for name in row if not name.startswith("value_")} for row in found]


def refuse(change: Callable[[], object]) -> dict[str, str]:
    """Return the message of each refused field. Nothing has changed."""
    before = rows()
    with pytest.raises(ValidationError) as refused:
        change()
    assert rows() == before
    return {error.field: error.message for error in refused.value.fields}


def change(product: Product, **changes: Any) -> None:
    update_product(user=product.user, product_pk=product.pk, changes=cast(ProductFields, changes), now=NOW)
    product.refresh_from_db()


def price_and_stock(product: Product) -> tuple[str, str, str, int]:
    product.refresh_from_db()
    return str(product.price), str(product.discount), str(product.final_price), product.stock


def take(order: Any, *variants: tuple[ProductVariant, int]) -> None:
    with transaction.atomic():
        take_stock(quantities={variant.pk: number for variant, number in variants}, order_uuid=order, now=NOW)


class TestNull:
    @pytest.mark.parametrize(
        "field",
        sorted(
            VariantFields.__annotations__.keys()
            - {"id", "option_values", "weight_grams", "image", "image_id"}
        ),
    )
    def test_is_refused(self, shirt: Product, field: str) -> None:
        listed_again = [existing(variant) for variant in shirt.variants.all()]
        listed_again[1][field] = None
        assert refuse(lambda: change(shirt, variants=listed_again)) == {
            f"variants.1.{camel_case(field)}": "This field cannot be null."
        }


class TestCreate:
    def test_without_options_makes_one_variant(self, seller: User, light: Category) -> None:
        given = fields(price=Decimal(10), discount=Decimal(25), stock=4, sku=" lamp-1 ")
        product = create_product(user=seller, fields=given, now=NOW)
        variant = product.variants.get()
        assert (variant.sku, variant.title, variant.option_values) == ("lamp-1", "", [])
        assert (variant.price, variant.final_price, variant.stock) == (Decimal(10), Decimal("7.50"), 4)
        assert price_and_stock(product) == ("10.00", "25.00", "7.50", 4)
        assert list(StockMovement.objects.values_list("variant", "delta")) == [(variant.pk, 4)]

    def test_with_options(self, seller: User, light: Category) -> None:
        variants = [
            listed("M", "Red", price=Decimal(12), stock=2, sku="a", weight_grams=200),
            listed("S", "Red", price=Decimal(20), discount=Decimal(50), stock=0),
            listed("S", "Blue", price=Decimal(15), discount=Decimal(20), stock=3),
        ]
        given = fields(options=["Size", " Colour "], variants=variants)
        product = create_product(user=seller, fields=given, now=NOW)
        assert product.option_names == ["Size", "Colour"]
        assert [variant.title for variant in product.variants.all()] == ["M / Red", "S / Red", "S / Blue"]
        assert product.variants.get(sku="a").weight_grams == 200
        # 10.00 is the cheapest, but it is sold out; of the two at 12.00 the first counts.
        assert price_and_stock(product) == ("12.00", "0.00", "12.00", 5)
        assert not list(differences_here())

    def test_two_options_may_share_a_value(self, seller: User, light: Category) -> None:
        given = fields(options=["Front", "Back"], variants=[listed("Red", "Red"), listed("Red", "Blue")])
        assert create_product(user=seller, fields=given, now=NOW).variants.count() == 2

    def test_blank_skus_are_none(self, seller: User, light: Category) -> None:
        given = fields(options=["Size"], variants=[listed("S", sku=""), listed("M", sku="  "), listed("L")])
        product = create_product(user=seller, fields=given, now=NOW)
        assert set(product.variants.values_list("sku", flat=True)) == {""}

    @pytest.mark.parametrize(
        ("given", "refused"),
        [
            ({}, {"price", "stock"}),
            ({"price": Decimal(1)}, {"stock"}),
            ({"options": ["Size"], "price": Decimal(1), "stock": 1}, {"variants"}),
            ({"variants": []}, {"variants"}),
            ({"variants": [listed()], "price": Decimal(1), "stock": 1}, {"price", "stock"}),
            ({"variants": [listed()], "sku": "a"}, {"sku"}),
            ({"variants": [listed(), listed()]}, {"options"}),
            ({"variants": [listed("S")]}, {"variants.0.optionValues"}),
            ({"options": ["Size"], "variants": [listed()]}, {"variants.0.optionValues"}),
            ({"options": ["Size"], "variants": [listed("S", "Red")]}, {"variants.0.optionValues"}),
            ({"options": ["Size"], "variants": [listed("S"), listed(" ")]}, {"variants.1.optionValues"}),
            ({"options": ["Size"], "variants": [listed("S"), listed(" S ")]}, {"variants.1.optionValues"}),
            ({"options": ["Size"], "variants": [listed("S" * 101)]}, {"variants.0.optionValues"}),
            (
                {"options": ["Size"], "variants": [listed("S", sku="A1"), listed("M", sku="a1 ")]},
                {"variants.1.sku"},
            ),
            ({"options": ["Size"], "variants": [listed("S", sku="x" * 65)]}, {"variants.0.sku"}),
            ({"options": ["Size"], "variants": [listed("S", id=1)]}, {"variants.0.id"}),
            (
                {
                    "name": "",
                    "options": ["Size"],
                    "variants": [
                        listed("S", price=Decimal("0.001")),
                        listed("M", stock=-1, discount=Decimal(101), weight_grams=-1),
                    ],
                },
                {
                    *("name", "variants.0.price", "variants.1.stock"),
                    *("variants.1.discount", "variants.1.weightGrams"),
                },
            ),
            (
                {"options": ["Size"], "variants": [listed("S", stock=MAX_STOCK), listed("M", stock=1)]},
                {"variants"},
            ),
            ({"options": ["A", "B", "C", "D"], "variants": [listed("1", "2", "3", "4")]}, {"options"}),
            ({"options": ["Size", "size"], "variants": [listed("S", "S")]}, {"options"}),
            ({"options": ["Size", " "], "variants": [listed("S", "S")]}, {"options"}),
            ({"options": ["x" * 51], "variants": [listed("S")]}, {"options"}),
        ],
    )
    def test_refuses(self, seller: User, light: Category, given: dict[str, Any], refused: set[str]) -> None:
        made = refuse(lambda: create_product(user=seller, fields=fields(**given), now=NOW))
        assert made.keys() == refused

    def test_as_many_as_there_may_be(self, seller: User, light: Category) -> None:
        variants = [listed(str(number)) for number in range(MAX_VARIANTS)]
        product = create_product(user=seller, fields=fields(options=["Number"], variants=variants), now=NOW)
        assert product.variants.count() == MAX_VARIANTS
        more = fields(options=["Number"], variants=[*variants, listed("one more")])
        assert refuse(lambda: create_product(user=seller, fields=more, now=NOW)) == {
            "variants": "A product can have at most 100 variants."
        }

    @pytest.mark.parametrize(
        ("sku", "same"), [("Ärmel-1", "ärmel-1"), ("ΩΔ-1", "ωδ-1"), ("STRASSE", "straße")]
    )
    def test_a_sku_of_another_product_in_any_script(
        self, seller: User, light: Category, sku: str, same: str
    ) -> None:
        create_product(user=seller, fields=fields(price=Decimal(1), stock=1, sku=sku), now=NOW)
        again = fields(price=Decimal(1), stock=1, sku=same)
        assert refuse(lambda: create_product(user=seller, fields=again, now=NOW)).keys() == {"sku"}

    @pytest.mark.parametrize("sku", ["shirt-s", "SHIRT-S", " Shirt-S "])
    def test_a_sku_of_another_product(self, shirt: Product, seller: User, sku: str) -> None:
        given = fields(options=["Size"], variants=[listed("S"), listed("M", sku=sku)])
        made = refuse(lambda: create_product(user=seller, fields=given, now=NOW))
        assert made == {"variants.1.sku": f"Another product has the SKU “{sku.strip()}”."}
        given = fields(price=Decimal(1), stock=1, sku=sku)
        assert refuse(lambda: create_product(user=seller, fields=given, now=NOW)).keys() == {"sku"}


class TestUpdate:
    def test_the_whole_list(self, shirt: Product) -> None:
        small, medium, large = shirt.variants.all()
        change(
            shirt,
            variants=[
                existing(large, stock=7),
                listed("XL", price=Decimal(9), stock=2, sku="SHIRT-XL"),
                existing(small, sku=""),
            ],
        )
        found = list(shirt.variants.all())
        assert [variant.title for variant in found] == ["L", "XL", "S"]
        assert (found[0].pk, found[2].pk, found[2].sku) == (large.pk, small.pk, "")
        assert price_and_stock(shirt) == ("8.00", "0.00", "8.00", 14)
        assert not ProductVariant.objects.filter(pk=medium.pk).exists()
        assert not list(differences_here())

    def test_what_is_missing_in_a_variant_stays(self, shirt: Product) -> None:
        small, medium, large = shirt.variants.all()
        ProductVariant.objects.filter(pk=small.pk).update(weight_grams=200)
        change(shirt, variants=[existing(variant) for variant in (small, medium, large)])
        kept = ProductVariant.objects.get(pk=small.pk)
        assert (kept.sku, kept.weight_grams, kept.stock) == ("SHIRT-S", 200, 5)
        change(
            shirt, variants=[existing(small, weight_grams=None, sku=""), existing(medium), existing(large)]
        )
        kept.refresh_from_db()
        assert (kept.sku, kept.weight_grams) == ("", None)

    @pytest.mark.parametrize("changes", [{"name": "Tee"}, {"description": "Worn."}, {"options": ["Width"]}])
    def test_other_fields_leave_the_variants_alone(self, shirt: Product, changes: dict[str, Any]) -> None:
        before = [without_values(each) for each in rows()[1:]]
        change(shirt, **changes)
        assert [without_values(each) for each in rows()[1:]] == before

    def test_variants_may_swap_values_and_skus(self, shirt: Product) -> None:
        small, medium, large = shirt.variants.all()
        change(shirt, variants=[existing(small), existing(medium, sku="SHIRT-M"), existing(large)])
        swapped = [
            existing(small, option_values=["M"], sku="SHIRT-M"),
            existing(medium, option_values=["S"], sku="SHIRT-S"),
            existing(large),
        ]
        change(shirt, variants=swapped)
        assert (variant_of(shirt, "M").pk, variant_of(shirt, "M").sku) == (small.pk, "SHIRT-M")
        assert (variant_of(shirt, "S").pk, variant_of(shirt, "S").sku) == (medium.pk, "SHIRT-S")

    def test_a_new_variant_may_take_what_a_removed_one_had(self, shirt: Product) -> None:
        small = variant_of(shirt, "S")
        change(shirt, variants=[listed("S", sku="shirt-s")])
        assert shirt.variants.get().pk != small.pk

    def test_saving_the_list_again_changes_nothing(self, shirt: Product) -> None:
        variants = [existing(variant) for variant in shirt.variants.all()]
        change(shirt, variants=variants)
        before = rows()
        change(shirt, variants=variants)
        assert rows() == before

    def test_positions_of_others_stay(self, shirt: Product, seller: User) -> None:
        other = make_product(options=["Size"], variants=[{"values": "A"}, {"values": "B"}])
        before = list(other.variants.values())
        change(shirt, variants=[existing(variant) for variant in reversed(shirt.variants.all())])
        assert [variant.title for variant in shirt.variants.all()] == ["L", "M", "S"]
        assert list(other.variants.values()) == before

    def test_more_options(self, shirt: Product) -> None:
        small, *_ = shirt.variants.all()
        change(shirt, options=["Size", "Colour"], variants=[existing(small, option_values=["S", "Red"])])
        assert (shirt.option_names, shirt.variants.get().title) == (["Size", "Colour"], "S / Red")

    def test_no_options_any_more(self, shirt: Product) -> None:
        small, *_ = shirt.variants.all()
        change(shirt, options=[], variants=[existing(small, option_values=[])])
        assert (shirt.option_names, shirt.variants.get().title) == ([], "")
        change(shirt, price=Decimal(3), sku="TEE")
        assert (shirt.variants.get().sku, str(shirt.price)) == ("TEE", "3.00")

    @pytest.mark.parametrize("field", ["price", "discount", "stock", "sku"])
    def test_refuses_fields_of_an_only_variant_where_there_are_several(
        self, shirt: Product, field: str
    ) -> None:
        given = {field: "A" if field == "sku" else 1}
        [(refused, message)] = refuse(lambda: change(shirt, name="Tee", **given)).items()
        assert (refused, "several variants" in message) == ("variants", True)

    @pytest.mark.parametrize("field", ["price", "discount", "stock", "sku", "options", "variants"])
    def test_refuses_null(self, seller: User, light: Category, field: str) -> None:
        product = make_product(user=seller, category=light)
        refused = refuse(lambda: change(product, **{field: None}))
        assert refused == {field: "This field cannot be null."}

    @pytest.mark.parametrize(
        ("changes", "refused"),
        [
            (lambda shirt: {"variants": []}, {"variants"}),
            (lambda shirt: {"options": ["Size", "Colour"]}, {"options"}),
            (lambda shirt: {"options": []}, {"options"}),
            (lambda shirt: {"variants": [listed("S")], "stock": 3}, {"stock"}),
            (
                lambda shirt: {"variants": [existing(variant_of(shirt, "S"))] * 2},
                {"variants.1.id", "variants.1.optionValues", "variants.1.sku"},
            ),
            (
                lambda shirt: {"variants": [listed("S", id=make_product().variants.get().pk)]},
                {"variants.0.id"},
            ),
            (
                lambda shirt: {"variants": [existing(variant_of(shirt, "S")), listed("S")]},
                {"variants.1.optionValues"},
            ),
        ],
    )
    def test_refuses(self, shirt: Product, changes: Any, refused: set[str]) -> None:
        given = changes(shirt)
        assert refuse(lambda: change(shirt, **given)).keys() == refused

    def test_takes_the_same_number_of_statements_for_any_number(self, shirt: Product) -> None:
        def count(*variants: Any) -> int:
            with CaptureQueriesContext(connection) as captured:
                change(shirt, variants=variants)
            return len(captured)

        change(shirt, variants=[listed(str(number)) for number in range(3)])
        few = count(*(listed(f"new {number}") for number in range(3)))
        assert count(*(listed(str(number)) for number in range(40))) == few


class TestRemoved:
    """What orders and the ledger keep of a variant that is removed."""

    def test_the_ledger_adds_up(self, shirt: Product) -> None:
        small, medium, _ = shirt.variants.all()
        take(uuid4(), (medium, 1))
        change(shirt, variants=[existing(small)])
        sums = dict(shirt.movements.order_by().values_list("variant").annotate(Sum("delta")))
        assert sums == {small.pk: 5, None: 0}
        assert (shirt.stock, shirt.sold_count) == (5, 1)

    def test_nothing_returns_to_it(self, shirt: Product) -> None:
        small, medium, _ = shirt.variants.all()
        order = uuid4()
        take(order, (small, 2), (medium, 1))
        change(shirt, variants=[existing(ProductVariant.objects.get(pk=small.pk))])
        with transaction.atomic():
            return_stock(order_uuid=order, reason=Reason.RETURNED, now=NOW, held=True)
        shirt.refresh_from_db()
        assert (shirt.stock, shirt.sold_count, variant_of(shirt).held) == (5, 1, 0)


class TestPrices:
    """The product has those of its cheapest variant in stock."""

    def test_a_sale_of_the_last_one_moves_them_on(self, shirt: Product) -> None:
        small, medium, _ = shirt.variants.all()
        assert price_and_stock(shirt) == ("10.00", "0.00", "10.00", 8)
        take(uuid4(), (small, 4))
        assert price_and_stock(shirt) == ("10.00", "0.00", "10.00", 4)
        take(uuid4(), (small, 1))
        assert price_and_stock(shirt) == ("12.00", "0.00", "12.00", 3)
        take(uuid4(), (medium, 3))
        assert price_and_stock(shirt) == ("8.00", "0.00", "8.00", 0)  # the cheapest of all

    def test_a_return_brings_them_back(self, shirt: Product) -> None:
        small, medium, _ = shirt.variants.all()
        order = uuid4()
        take(order, (small, 5), (medium, 3))
        with transaction.atomic():
            return_stock(order_uuid=order, reason=Reason.RETURNED, now=NOW, held=True)
        assert price_and_stock(shirt) == ("10.00", "0.00", "10.00", 8)

    def test_follow_the_stock_set_by_hand(self, shirt: Product) -> None:
        set_stock(shirt, 1, "L")
        assert price_and_stock(shirt) == ("8.00", "0.00", "8.00", 9)
        set_stock(shirt, 0, "L")
        assert price_and_stock(shirt) == ("10.00", "0.00", "10.00", 8)

    def test_the_first_counts_among_equals(self, shirt: Product) -> None:
        reprice(shirt, "M", price=Decimal(20), discount=Decimal(50))
        assert price_and_stock(shirt) == ("10.00", "0.00", "10.00", 8)
        small, medium, large = shirt.variants.all()
        change(shirt, variants=[existing(medium, discount=Decimal(50)), existing(small), existing(large)])
        assert price_and_stock(shirt) == ("20.00", "50.00", "10.00", 8)

    def test_a_sale_does_not_write_them_in_vain(self, shirt: Product) -> None:
        """A write of prices would outdate every kept answer."""
        small, *_ = shirt.variants.all()
        with CaptureQueriesContext(connection) as captured:
            take(uuid4(), (small, 1))
        assert not any("price, discount" in query["sql"] for query in captured)


class TestConstraints:
    """The database itself keeps them, whoever writes."""

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [
            ({"price": Decimal("-0.01")}, r"variant_price_not_negative|variant_final_price"),
            ({"discount": Decimal("100.01")}, "variant_discount_is_a_percentage"),
            ({"final_price": Decimal("10.01")}, "variant_final_price_at_most_price"),
            ({"stock": MAX_STOCK + 1}, "variant_stock_in_range"),
            ({"option_1": "", "option_2": "Red"}, "variant_options_without_gaps"),
            ({"option_3": "Red"}, "variant_options_without_gaps"),
            ({"sku": "x", "sku_key": "shirt-s"}, "variant_sku_once|sku_key"),
            ({"sku": "x"}, "variant_sku_has_its_key"),
            ({"option_1": "S"}, r"variant_values_once|option_1"),
            ({"held": -1}, "held"),
        ],
    )
    def test_refuse(self, shirt: Product, changes: dict[str, Any], constraint: str) -> None:
        row = ProductVariant.objects.filter(pk=variant_of(shirt, "M").pk)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            row.update(**{"price": Decimal(10), "final_price": Decimal(10), **changes})

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [
            ({"option_1": "", "option_2": "Size"}, "product_options_without_gaps"),
            ({"option_2": "Size"}, "product_first_option_differs"),
            ({"option_2": "Fit", "option_3": "Size"}, "product_first_option_differs"),
            ({"option_2": "Fit", "option_3": "Fit"}, "product_second_option_differs"),
        ],
    )
    def test_refuse_of_a_product(self, shirt: Product, changes: dict[str, str], constraint: str) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Product.objects.filter(pk=shirt.pk).update(**changes)

    def test_refuse_a_second_variant_without_values(self) -> None:
        lamp = make_product()
        with pytest.raises(IntegrityError, match=r"variant_values_once|option_1"), transaction.atomic():
            ProductVariant(product=lamp, price=Decimal(1)).save()
