"""The attributes of products: how they are written, filtered by and counted."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from catalog import attributes
from catalog.attributes import check_attributes, set_attributes
from catalog.facets import MAX_FACET_VALUES, Facets
from catalog.models import Attribute, AttributeValue, Product, ProductValue
from catalog.search import search
from catalog.selectors import (
    Asked,
    ProductFilter,
    attributes_of,
    narrow,
    narrow_list,
    products,
    resolve,
    seek,
)
from catalog.services import create_product, update_product
from core.errors import ValidationError
from orders.audit import differences_here
from tests.factories import (
    make_category,
    make_product,
    make_seller,
    reprice,
    set_stock,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def give(product: Product, **named: Sequence[str]) -> Product:
    set_attributes({product.pk: named}, whole=True)
    return product


def named(product: Product) -> dict[str, list[str]]:
    return {name: values for (name, _), values in attributes_of({product.pk})[product.pk].items()}


def by(**values: Sequence[str]) -> ProductFilter:
    return ProductFilter(
        attributes=tuple(Asked(attribute=slug, values=tuple(texts)) for slug, texts in values.items())
    )


def found(filter: ProductFilter) -> set[str]:
    """Return the names of the products that pass, after checking that all ways to look for them agree."""
    resolved = resolve(filter)
    ways = [
        narrow(products(), filter),
        narrow(products(), resolved),
        products().filter(pk__in=seek(products(), resolved)),
        narrow(products(), resolved, order="added_at"),
    ]
    names, *others = ({product.name for product in way} for way in ways)
    assert others == [names] * 3
    return names


def counts(facets: Facets) -> dict[str, dict[str, int]]:
    return {each.slug: {value.name: value.count for value in each.values} for each in facets.attributes}


@pytest.fixture(params=[False, True], ids=["shop", "bounded"])
def count(request: pytest.FixtureRequest) -> Callable[[ProductFilter], dict[str, dict[str, int]]]:
    return lambda filter: counts(Facets(found=products(), filter=filter, bounded=request.param))


@pytest.fixture
def _bags() -> None:
    """Red and white bags and belts of leather and canvas."""
    light = make_category("Bags")
    give(make_product(name="red leather", category=light), colour=["Red"], material=["Leather"])
    give(make_product(name="white leather", price=Decimal(20)), colour=["White"], material=["Leather"])
    give(make_product(name="white canvas"), colour=["White"], material=["Canvas"])
    give(make_product(name="both"), colour=["Red", "White"], material=["Canvas", "Leather"])
    make_product(name="plain")


class TestSetAttributes:
    def test_creates_what_the_shop_lacks(self) -> None:
        product = give(make_product(), Brand=["Acme"], Material=["Wool", "Cotton"])
        assert named(product) == {"Brand": ["Acme"], "Material": ["Cotton", "Wool"]}
        assert [*Attribute.objects.values_list("name", "slug")] == [
            ("Brand", "brand"),
            ("Material", "material"),
        ]

    def test_signs_make_different_values(self) -> None:
        product = give(make_product(), Energy=["A+", "A++", "a"])
        assert named(product) == {"Energy": ["a", "A+", "A++"]}
        slugs = dict(AttributeValue.objects.values_list("name", "slug"))
        assert slugs["a"] == "a"
        assert len({*slugs.values()}) == 3

    @pytest.mark.parametrize("order", [["A+", "a"], ["a", "A+"]])
    def test_no_value_takes_the_slug_of_another(self, order: list[str]) -> None:
        for text in order:
            give(make_product(), Energy=[text])
        assert {*AttributeValue.objects.values_list("name", flat=True)} == {"a", "A+"}

    def test_yes_no_and_unknown_are_three(self) -> None:
        yes, no = (
            give(make_product(name="yes"), Organic=["Yes"]),
            give(make_product(name="no"), Organic=["No"]),
        )
        unknown = make_product(name="unknown")
        assert [named(product) for product in (yes, no, unknown)] == [
            {"Organic": ["Yes"]},
            {"Organic": ["No"]},
            {},
        ]
        assert found(by(organic=["Yes"])) == {"yes"}
        assert found(by(organic=["No"])) == {"no"}

    @pytest.mark.parametrize("text", ["acme", "ACME", " Acme ", "acme-inc", "Acme Inc"])
    def test_finds_a_value_however_it_is_typed(self, text: str) -> None:
        give(make_product(), Brand=["Acme", "Acme Inc"])
        value = check_attributes([{"name": "Brand", "values": [text]}])
        product = make_product()
        set_attributes({product.pk: value}, whole=True)
        assert AttributeValue.objects.count() == 2
        assert len(named(product)["Brand"]) == 1

    def test_finds_a_renamed_value_by_its_slug_first_and_by_its_name(self) -> None:
        give(make_product(), Colour=["Red"])
        red = AttributeValue.objects.get()
        red.name = "Crimson"
        red.save()
        assert named(give(make_product(), Colour=["red"])) == {"Colour": ["Crimson"]}
        assert named(give(make_product(), Colour=["crimson"])) == {"Colour": ["Crimson"]}

    def test_the_same_value_of_two_attributes(self) -> None:
        product = give(make_product(), Front=["Red"], Back=["Red"])
        assert named(product) == {"Back": ["Red"], "Front": ["Red"]}
        assert AttributeValue.objects.count() == 2

    def test_replaces_the_whole_list_or_only_what_is_named(self) -> None:
        product = give(make_product(), Brand=["Acme"], Material=["Wool"])
        set_attributes({product.pk: {"Material": ["Silk"], "Fit": ["Slim"]}}, whole=False)
        assert named(product) == {"Brand": ["Acme"], "Fit": ["Slim"], "Material": ["Silk"]}
        set_attributes({product.pk: {"Material": []}}, whole=False)
        assert named(product) == {"Brand": ["Acme"], "Fit": ["Slim"]}
        set_attributes({product.pk: {"Fit": ["Slim"]}}, whole=True)
        assert named(product) == {"Fit": ["Slim"]}

    def test_changes_no_other_product(self) -> None:
        other = give(make_product(), Brand=["Acme"])
        give(make_product(), Brand=[])
        assert named(other) == {"Brand": ["Acme"]}

    def test_statements_do_not_depend_on_the_number_of_products(self) -> None:
        numbers = []
        for size in (1, 20):
            wanted: Mapping[int, Any] = {
                make_product().pk: {"Brand": [f"{size} {place}"], f"Of {size}": ["x"]}
                for place in range(size)
            }
            with CaptureQueriesContext(connection) as captured:
                set_attributes(wanted, whole=True)
            numbers.append(len(captured))
        assert numbers[0] == numbers[1] <= 11

    def test_names_and_values_in_use_take_five_statements(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        give(make_product(), Brand=["Acme"])
        product = make_product()
        with django_assert_num_queries(5):
            set_attributes({product.pk: {"Brand": ["Acme"]}}, whole=True)
        with django_assert_num_queries(3):
            set_attributes({product.pk: {"Brand": ["Acme"]}}, whole=True)

    @pytest.mark.parametrize(
        ("bound", "more"),
        [("MAX_ATTRIBUTES", {"Material": ["Wool"]}), ("MAX_VALUES", {"Brand": ["Bolt"]})],
    )
    def test_refuses_to_add_too_many_to_the_shop(
        self, monkeypatch: pytest.MonkeyPatch, bound: str, more: dict[str, list[str]]
    ) -> None:
        monkeypatch.setattr(attributes, bound, 1)
        product = give(make_product(), Brand=["Acme"])
        with pytest.raises(ValidationError, match="at most 1 "), transaction.atomic():
            set_attributes({product.pk: more}, whole=True)
        assert named(product) == {"Brand": ["Acme"]}
        assert (Attribute.objects.count(), AttributeValue.objects.count()) == (1, 1)


class TestCheckAttributes:
    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ([{"name": " ", "values": ["x"]}], "attributes.0.name"),
            ([{"name": "a" * 51, "values": ["x"]}], "attributes.0.name"),
            ([{"name": "Fit\nCut", "values": ["x"]}], "attributes.0.name"),
            ([{"name": "Fit", "values": [""]}], "attributes.0.values"),
            ([{"name": "Fit", "values": ["a" * 101]}], "attributes.0.values"),
            ([{"name": "Fit", "values": ["a\0"]}], "attributes.0.values"),
            ([{"name": "Fit", "values": ["x"]}, {"name": "fit", "values": ["y"]}], "attributes.1.name"),
            ([{"name": f"A{number}", "values": ["x"]} for number in range(31)], "attributes"),
            ([{"name": "Fit", "values": [str(number) for number in range(101)]}], "attributes"),
        ],
    )
    def test_refuses(self, given: Any, field: str) -> None:
        with pytest.raises(ValidationError) as refused:
            check_attributes(given)
        assert [error.field for error in refused.value.fields] == [field]


class TestServices:
    def test_create_and_update(self) -> None:
        seller = make_seller()
        fields: Any = {
            "category": make_category().slug,
            "name": "Bag",
            "description": "A bag.",
            "price": Decimal(10),
            "stock": 1,
        }
        brand: Any = [{"name": "Brand", "values": ["Acme"]}]
        product = create_product(user=seller, fields=fields | {"attributes": brand}, now=NOW)
        assert named(product) == {"Brand": ["Acme"]}

        def update(**changes: Any) -> None:
            update_product(user=seller, product_pk=product.pk, changes=changes, now=NOW)  # type: ignore[arg-type]

        update(name="Case", price=Decimal(12))
        assert named(product) == {"Brand": ["Acme"]}
        update(attributes=[{"name": "Fit", "values": ["Slim"]}])
        assert named(product) == {"Fit": ["Slim"]}
        update(attributes=[])
        assert named(product) == {}
        with pytest.raises(ValidationError, match="cannot be null"):
            update(attributes=None)

    def test_a_refusal_names_all_fields_and_creates_nothing(self) -> None:
        fields: Any = {
            "category": make_category().slug,
            "name": "",
            "description": "A bag.",
            "price": Decimal(10),
            "stock": 1,
            "attributes": [{"name": "Brand", "values": ["Acme", ""]}],
        }
        with pytest.raises(ValidationError) as refused:
            create_product(user=make_seller(), fields=fields, now=NOW)
        assert {error.field for error in refused.value.fields} == {"name", "attributes.0.values"}
        assert not Attribute.objects.exists()
        assert not Product.objects.exists()

    def test_a_product_is_deleted_with_its_values(self) -> None:
        give(make_product(), Brand=["Acme"]).delete()
        assert not ProductValue.objects.exists()
        assert AttributeValue.objects.exists()


class TestCopies:
    def test_follow_every_write_of_the_product(self) -> None:
        product = give(
            make_product(
                options=["Size"],
                variants=[{"values": ["S"], "price": Decimal(5)}, {"values": ["M"], "price": Decimal(8)}],
            ),
            Brand=["Acme"],
        )
        other = give(make_product(), Brand=["Acme"])

        def copied() -> list[tuple[Any, ...]]:
            rows = ProductValue.objects.filter(product=product)
            assert rows.count() == 3  # of the brand, and of two sizes
            return [*rows.order_by().values_list("final_price", "added_at", "slug").distinct()]

        def check(price: int) -> None:
            product.refresh_from_db()
            assert copied() == [(product.final_price, product.added_at, product.slug)]
            assert product.final_price == price

        check(5)
        reprice(product, "S", price=Decimal(6))
        check(6)
        set_stock(product, 0, "S")
        check(8)
        Product.objects.filter(pk=product.pk).update(added_at=NOW, published_at=NOW)
        check(8)
        assert not [difference for difference in differences_here() if difference.check == "attributes"]
        assert ProductValue.objects.get(product=other).final_price == 10

    def test_the_audit_finds_and_mends_a_wrong_one(self) -> None:
        product = give(make_product(), Brand=["Acme"])
        ProductValue.objects.update(final_price=Decimal(1))
        [difference] = [difference for difference in differences_here() if difference.check == "attributes"]
        assert difference.mend is not None
        difference.mend()
        assert ProductValue.objects.get().final_price == product.final_price


@pytest.mark.usefixtures("_bags")
class TestFilter:
    def test_any_of_one_and_all_of_several(self) -> None:
        assert found(by(colour=["Red"])) == {"red leather", "both"}
        assert found(by(colour=["Red", "White"], material=["Leather"])) == {
            "red leather",
            "white leather",
            "both",
        }
        assert found(by(colour=["red"], material=["canvas"])) == {"both"}

    @pytest.mark.parametrize(
        "filter", [by(size=["S"]), by(colour=["Blue"]), by(colour=[]), by(colour=["Red"], size=["S"])]
    )
    def test_unknown_ones_find_nothing(self, filter: ProductFilter) -> None:
        assert found(filter) == set()
        for order in ("added_at", "discount"):
            listed = narrow_list(products(), resolve(filter), order=order)
            assert not listed.merged
            assert not listed.products.exists()

    def test_an_unknown_value_beside_a_known_one_is_ignored(self) -> None:
        assert found(by(colour=["Blue", "Red"])) == {"red leather", "both"}

    def test_the_same_attribute_twice_needs_both(self) -> None:
        twice = ProductFilter(
            attributes=(
                Asked(attribute="colour", values=("Red",)),
                Asked(attribute="colour", values=("White",)),
            )
        )
        assert found(twice) == {"both"}

    def test_with_other_filters(self) -> None:
        filter = by(colour=["Red", "White"])
        assert found(
            ProductFilter(attributes=filter.attributes, min_price=Decimal(15), categories=["bags"])
        ) == (set())
        assert found(ProductFilter(attributes=filter.attributes, max_price=Decimal(15))) == {
            "red leather",
            "white canvas",
            "both",
        }
        assert found(ProductFilter(attributes=filter.attributes, categories=["bags"])) == {"red leather"}

    def test_resolving_takes_one_statement(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(1):
            resolve(by(colour=["Red", "White"], material=["Leather"]))


@pytest.mark.usefixtures("_bags")
class TestFacets:
    def test_without_a_filter(self, count: Callable[[ProductFilter], Any]) -> None:
        assert count(ProductFilter()) == {
            "colour": {"Red": 2, "White": 3},
            "material": {"Canvas": 2, "Leather": 3},
        }

    def test_each_without_its_own_filter(self, count: Callable[[ProductFilter], Any]) -> None:
        assert count(by(colour=["Red"])) == {
            "colour": {"Red": 2, "White": 3},
            "material": {"Canvas": 1, "Leather": 2},
        }
        assert count(by(colour=["Red", "White"], material=["Canvas"])) == {
            "colour": {"Red": 1, "White": 2},
            "material": {"Canvas": 2, "Leather": 3},
        }

    def test_a_chosen_value_without_products_stays(self, count: Callable[[ProductFilter], Any]) -> None:
        filter = by(colour=["Red"], material=["Canvas"])
        filter = ProductFilter(attributes=filter.attributes, max_price=Decimal(5))
        assert count(filter) == {"colour": {"Red": 0}, "material": {"Canvas": 0}}

    def test_values_without_products_are_left_out(self, count: Callable[[ProductFilter], Any]) -> None:
        give(make_product(), colour=["Blue"]).delete()
        assert count(ProductFilter())["colour"] == {"Red": 2, "White": 3}

    def test_unknown_ones(self, count: Callable[[ProductFilter], Any]) -> None:
        assert count(by(size=["S"])) == {}
        assert count(by(colour=["Blue"])) == {"colour": {"Red": 2, "White": 3}}

    def test_other_facets_count_what_passes(self) -> None:
        for bounded in (False, True):
            filter = ProductFilter(attributes=by(colour=["White"]).attributes, max_price=Decimal(15))
            counted = Facets(found=products(), filter=filter, bounded=bounded).counts
            assert counted.price_range == (Decimal(10), Decimal(20))
            assert (counted.in_stock, sum(counted.categories.values())) == (2, 2)

    def test_of_a_category_and_a_search(self) -> None:
        bags = make_category("More bags")
        give(make_product(name="velvet", category=bags), colour=["Red"])
        assert counts(Facets(found=products(), category=bags.pk)) == {"colour": {"Red": 1}}
        assert counts(Facets(found=search("velvet").counted, bounded=True)) == {"colour": {"Red": 1}}

    def test_attributes_and_values_in_order(self) -> None:
        Attribute.objects.filter(slug="material").update(position=0)
        Attribute.objects.filter(slug="colour").update(position=1)
        assert [*counts(Facets(found=products()))] == ["material", "colour"]

    def test_list_the_most_frequent_and_the_chosen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert MAX_FACET_VALUES > 1
        monkeypatch.setattr("catalog.facets.values.MAX_FACET_VALUES", 1)
        assert counts(Facets(found=products()))["colour"] == {"White": 3}
        assert counts(Facets(found=products(), filter=by(colour=["Red"])))["colour"] == {"Red": 2}

    @pytest.mark.parametrize(
        ("filter", "statements"),
        [(ProductFilter(), 2), (by(colour=["Red"]), 3), (by(colour=["Red"], size=["S"]), 3)],
    )
    def test_take_so_many_statements(
        self, django_assert_num_queries: DjangoAssertNumQueries, filter: ProductFilter, statements: int
    ) -> None:
        facets = Facets(found=products(), filter=resolve(filter))
        with django_assert_num_queries(statements):
            assert facets.attributes == facets.attributes

    def test_stop_counting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("catalog.facets.values.MAX_FACET", 2)
        assert counts(Facets(found=products()))["colour"] == {"Red": 2, "White": 2}
        assert counts(Facets(found=products(), bounded=True))["colour"] == {"Red": 2, "White": 2}
