"""The options of variants: how lists are filtered by them, and how their values are counted."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog import attributes
from catalog.attributes import set_attributes
from catalog.facets import Facets
from catalog.fields import ProductFields
from catalog.models import Attribute, AttributeValue, Product, ProductValue, ProductVariant
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
from catalog.services import update_product
from core.errors import ValidationError
from core.housekeeping import find_heaps, prune
from orders.audit import differences_here
from tests.factories import make_category, make_product, make_seller, set_stock

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)
Count = Callable[[ProductFilter], dict[str, dict[str, int]]]


def make(name: str, options: Sequence[str], *variants: str, **fields: Any) -> Product:
    """Make a product with variants such as "S Red"; a minus before it says that it is sold out."""
    listed = [
        {"values": each.removeprefix("-").split(), "stock": 0 if each.startswith("-") else 5}
        for each in variants
    ]
    return make_product(name=name, options=options, variants=listed, **fields)


def by(in_stock: bool | None = None, **values: Sequence[str]) -> ProductFilter:
    return ProductFilter(
        options=tuple(Asked(attribute=name, values=tuple(texts)) for name, texts in values.items()),
        in_stock=in_stock,
    )


def found(filter: ProductFilter) -> set[str]:
    """Return the names of the products that pass, after checking that all ways to look for them agree."""
    resolved = resolve(filter)
    ways = [
        narrow(products(), filter),
        narrow(products(), resolved),
        products().filter(pk__in=seek(products(), resolved)),
    ]
    ways += [narrow(products(), resolved, order=order) for order in ("added_at", "discount")]
    names, *others = ({product.name for product in way} for way in ways)
    assert others == [names] * len(others)
    for order in ("added_at", "discount"):
        listed = narrow_list(products(), resolved, order=order)
        passing = listed.products
        if listed.copies is not None:
            rows = listed.copies.filter(**{f"{listed.column}__in": listed.merged})
            passing = products().filter(pk__in=rows.values("product"))
        assert {product.name for product in passing} == names
    return names


def counts(facets: Facets) -> dict[str, dict[str, int]]:
    return {each.slug: {value.name: value.count for value in each.values} for each in facets.options}


def change(product: Product, **changes: Any) -> None:
    update_product(user=product.user, product_pk=product.pk, changes=cast(ProductFields, changes), now=NOW)


def values_of(product: Product) -> set[str]:
    rows = ProductValue.objects.filter(product=product).select_related("value__attribute")
    assert not [difference for difference in differences_here() if difference.check == "attributes"]
    return {str(row.value) for row in rows}


@pytest.fixture(params=[False, True], ids=["shop", "bounded"])
def count(request: pytest.FixtureRequest) -> Count:
    return lambda filter: counts(Facets(found=products(), filter=filter, bounded=request.param))


@pytest.fixture
def shirt() -> Product:
    return make("shirt", ["Size", "Colour"], "S Red", "M Blue", "-L Blue", user=make_seller())


@pytest.fixture
def _shop(shirt: Product) -> None:
    make("tee", ["colour", "SIZE"], "blue S", "-white M")
    make("mug", ["Colour"], "Blue", "Red")
    make_product(name="lamp")


@pytest.mark.usefixtures("_shop")
class TestFilter:
    @pytest.mark.parametrize(
        ("filter", "expected"),
        [
            (by(size=["S"]), {"shirt", "tee"}),
            (by(colour=["Blue"]), {"shirt", "tee", "mug"}),
            # One variant must match all: the shirt is red in S, and blue in M.
            (by(size=["S"], colour=["Blue"]), {"tee"}),
            (by(size=["S", "M"], colour=["Blue"]), {"shirt", "tee"}),
            (by(size=["L"], colour=["Red"]), set()),
            (by(SIZE=["s"], Colour=["BLUE"]), {"tee"}),
            (by(size=["XL"]), set()),
            (by(size=["XL", "S"]), {"shirt", "tee"}),
            (by(size=[]), set()),
            (by(weight=["S"]), set()),
            (by(), {"shirt", "tee", "mug", "lamp"}),
            # The one that is in stock must be the one that matches.
            (by(True, size=["L"]), set()),
            (by(True, size=["M"]), {"shirt"}),
            (by(True, size=["M", "S"], colour=["White", "Red"]), {"shirt"}),
            (by(False, size=["L"]), set()),
            (by(True), {"shirt", "tee", "mug", "lamp"}),
        ],
    )
    def test_one_variant_must_match_all(self, filter: ProductFilter, expected: set[str]) -> None:
        assert found(filter) == expected

    def test_a_sale_changes_what_is_in_stock(self, shirt: Product) -> None:
        set_stock(shirt, 0, "M", "Blue")
        assert found(by(True, colour=["Blue"])) == {"tee", "mug"}

    def test_with_attributes_and_other_filters(self, shirt: Product) -> None:
        set_attributes({shirt.pk: {"Size": ["Slim"], "Brand": ["Acme"]}}, whole=True)
        both = ProductFilter(
            options=by(size=["S"]).options, attributes=(Asked(attribute="brand", values=("Acme",)),)
        )
        assert found(both) == {"shirt"}
        # The attribute "Size" is another one than the option.
        assert found(ProductFilter(attributes=(Asked(attribute="size", values=("S",)),))) == set()
        assert found(by(size=["Slim"])) == set()
        assert found(ProductFilter(options=by(size=["S"]).options, min_price=Decimal(99))) == set()

    def test_two_options_with_the_same_value(self) -> None:
        make("flag", ["Front", "Back"], "Red White", "White Green")
        assert found(by(front=["Red"])) == {"flag"}
        assert found(by(back=["Red"])) == set()
        assert found(by(front=["White"], back=["White"])) == set()

    def test_the_same_option_twice_finds_what_has_both_in_one_variant(self) -> None:
        twice = (Asked(attribute="size", values=("S",)), Asked(attribute="size", values=("M",)))
        assert found(ProductFilter(options=twice)) == set()

    def test_drafts_are_not_found(self) -> None:
        make("draft", ["Size"], "S", published_at=None)
        assert "draft" not in found(by(size=["S"]))

    def test_resolving_takes_one_statement(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        filter = ProductFilter(
            options=by(size=["S"], colour=["Red"]).options,
            attributes=(Asked(attribute="brand", values=("Acme",)),),
        )
        with django_assert_num_queries(1):
            resolve(filter)


class TestWrites:
    def test_values_follow_the_variants(self, shirt: Product) -> None:
        assert values_of(shirt) == {"Size: S", "Size: M", "Size: L", "Colour: Red", "Colour: Blue"}
        small, medium, _ = shirt.variants.all()
        change(shirt, variants=[{"id": small.pk}, {"id": medium.pk, "option_values": ["M", "Green"]}])
        assert values_of(shirt) == {"Size: S", "Size: M", "Colour: Red", "Colour: Green"}
        assert found(by(size=["L"])) == found(by(colour=["Blue"])) == set()
        change(shirt, options=[], variants=[{"id": small.pk, "option_values": []}])
        assert values_of(shirt) == set()

    def test_values_follow_the_names(self, shirt: Product) -> None:
        change(shirt, options=["Width", "Colour"])
        assert found(by(width=["S"], colour=["Red"])) == {"shirt"}
        assert found(by(size=["S"])) == set()
        assert "Width: S" in values_of(shirt)

    def test_names_that_are_swapped(self, shirt: Product) -> None:
        change(shirt, options=["Colour", "Size"])
        assert found(by(colour=["S"], size=["Red"])) == {"shirt"}
        assert found(by(size=["S"])) == set()
        assert len(values_of(shirt)) == 5

    def test_attributes_stay_their_own(self, shirt: Product) -> None:
        set_attributes({shirt.pk: {"Size": ["S"]}}, whole=True)
        assert attributes_of({shirt.pk})[shirt.pk] == {("Size", "size"): ["S"]}
        set_attributes({shirt.pk: {}}, whole=True)
        assert attributes_of({shirt.pk})[shirt.pk] == {}
        assert len(values_of(shirt)) == 5

    def test_spellings_are_one(self) -> None:
        make("a", ["Größe"], "Rot")
        make("b", ["grösse"], "ROT", "Blau")
        assert found(by(GRÖSSE=["rot"])) == {"a", "b"}
        assert (Attribute.objects.count(), AttributeValue.objects.count()) == (1, 2)

    @pytest.mark.parametrize("bound", ["MAX_OPTIONS_OF_SHOP", "MAX_OPTION_VALUES"])
    def test_too_many_in_the_shop(self, monkeypatch: pytest.MonkeyPatch, shirt: Product, bound: str) -> None:
        monkeypatch.setattr(attributes, bound, 2)
        before = [*ProductVariant.objects.values()], values_of(shirt), [*Product.objects.values()]
        with pytest.raises(ValidationError, match="at most 2 "):
            change(shirt, options=["Width", "Length"])
        assert ([*ProductVariant.objects.values()], values_of(shirt), [*Product.objects.values()]) == before

    def test_the_audit_finds_and_mends_wrong_ones(self, shirt: Product) -> None:
        right = values_of(shirt)
        other = AttributeValue.objects.create(attribute=Attribute.objects.get(slug="size"), name="XL")
        damages: list[Callable[[], object]] = [
            lambda: ProductValue.objects.filter(product=shirt).first().delete(),  # type: ignore[union-attr]
            lambda: ProductVariant.objects.filter(option_1="S").update(value_1=None),
            lambda: ProductVariant.objects.filter(option_1="S").update(value_3=other),
            lambda: ProductValue.objects.filter(product=shirt, value__name="S").update(value=other),
        ]
        for damage in damages:
            damage()
            wrong = [each for each in differences_here() if each.check == "attributes"]
            assert [each.subject for each in wrong] == [f"product {shirt.pk}"]
            for each in wrong:
                assert each.mend
                each.mend()
            assert values_of(shirt) == right

    def test_a_write_takes_as_many_statements_for_many_variants(self) -> None:
        numbers = []
        for size in (2, 40):
            product = make("p", ["Number"], *(f"{size}-{place}" for place in range(size)), user=make_seller())
            listed = [
                {"id": variant.pk, "option_values": [f"n{variant.title}"]}
                for variant in product.variants.all()
            ]
            with CaptureQueriesContext(connection) as captured:
                change(product, variants=listed)
            numbers.append(len(captured))
        assert numbers[0] == numbers[1]

    def test_the_migration_makes_the_same_rows(self, shirt: Product) -> None:
        make("tee", ["colour", "SIZE"], "blue S", "-white M")
        make_product()

        def rows() -> set[Any]:
            found = ProductValue.objects.values_list(
                "product__name", "value__slug", "final_price", "added_at"
            )
            variants = ProductVariant.objects.values_list("pk", "value_1__slug", "value_2__slug", "value_3")
            return {*found, *variants}

        before = rows()
        migration = import_module("catalog.migrations.0013_option_values")
        migration.empty(apps, None)
        ProductVariant.objects.update(value_1=None, value_2=None)
        assert not ProductValue.objects.exists()
        migration.fill(apps, SimpleNamespace(connection=connection))
        assert rows() == before
        assert not [difference for difference in differences_here() if difference.check == "attributes"]


@pytest.mark.usefixtures("_shop")
class TestFacets:
    def test_without_a_filter(self, count: Count) -> None:
        assert count(ProductFilter()) == {
            "colour": {"Blue": 3, "Red": 2, "white": 1},
            "size": {"S": 2, "M": 2, "L": 1},
        }

    def test_count_the_variants_that_match_all(self, count: Count) -> None:
        # Red is left in the size S alone. Each ignores its own choice.
        assert count(by(size=["S"])) == {
            "colour": {"Blue": 1, "Red": 1},
            "size": {"S": 2, "M": 2, "L": 1},
        }
        assert count(by(size=["S"], colour=["Blue"])) == {
            "colour": {"Blue": 1, "Red": 1},
            "size": {"S": 1, "M": 1, "L": 1},
        }

    def test_count_what_is_in_stock(self, count: Count) -> None:
        assert count(by(True)) == {"colour": {"Blue": 3, "Red": 2}, "size": {"S": 2, "M": 1}}
        assert count(by(True, size=["L"])) == {"size": {"S": 2, "M": 1, "L": 0}}

    def test_unknown_ones(self, count: Count) -> None:
        assert count(by(weight=["1"])) == {}
        assert count(by(size=["XL"])) == {"size": {"S": 2, "M": 2, "L": 1}}

    def test_those_with_the_whole_filter_are_counted_only_if_there_are_others(self) -> None:
        """To find the products with all chosen options takes most of the time, and most shops have no third one."""
        facets = Facets(found=products(), filter=resolve(by(size=["S"], colour=["Blue"])))
        with CaptureQueriesContext(connection) as queries:
            assert {each.slug for each in facets.options} == {"size", "colour"}
        assert queries[-2]["sql"].count("UNION ALL") == 1
        make("hat", ["Fit"], "Slim")
        facets = Facets(found=products(), filter=resolve(by(size=["S"], colour=["Blue"])))
        with CaptureQueriesContext(connection) as queries:
            assert {each.slug for each in facets.options} == {"size", "colour"}
        assert queries[-2]["sql"].count("UNION ALL") == 2

    @pytest.mark.parametrize("bounded", [False, True])
    def test_other_facets_count_what_passes(self, bounded: bool) -> None:
        counted = Facets(found=products(), filter=by(size=["S", "L"]), bounded=bounded).counts
        assert (counted.in_stock, sum(counted.categories.values())) == (2, 2)
        # Neither white in M nor blue in L is in stock: to choose the stock would leave nothing.
        for in_stock in (None, True):
            filter = by(in_stock, size=["L", "M"], colour=["White"])
            counted = Facets(found=products(), filter=filter, bounded=bounded).counts
            assert (counted.in_stock, sum(counted.categories.values())) == (0, 0 if in_stock else 1)

    def test_are_not_those_of_attributes(self, shirt: Product) -> None:
        set_attributes({shirt.pk: {"Size": ["Slim"]}}, whole=True)
        facets = Facets(found=products(), filter=resolve(by(size=["S"])))
        assert [(each.slug, [value.name for value in each.values]) for each in facets.attributes] == [
            ("size", ["Slim"])
        ]
        assert "Slim" not in counts(facets)["size"]

    def test_of_a_category_and_a_search(self) -> None:
        caps = make_category("Caps")
        make("velvet", ["Size"], "S", category=caps)
        assert counts(Facets(found=products(), category=caps.pk)) == {"size": {"S": 1}}
        assert counts(Facets(found=search("velvet").counted, bounded=True)) == {"size": {"S": 1}}

    @pytest.mark.parametrize(
        ("filter", "statements"),
        [(ProductFilter(), 2), (by(size=["S"]), 3), (by(True, size=["S"], colour=["Red"]), 3)],
    )
    def test_take_two_statements_and_one_beside_a_choice(
        self, django_assert_num_queries: DjangoAssertNumQueries, filter: ProductFilter, statements: int
    ) -> None:
        facets = Facets(found=products(), filter=resolve(filter))
        with django_assert_num_queries(statements):
            assert facets.options == facets.options


class TestHousekeeping:
    def test_deletes_what_no_variant_has_any_more(self) -> None:
        """Other values and options stay, and so do the attributes that no product has."""
        shirt = make("shirt", ["Size", "Colour"], "S Red", "M Red")
        kept = make("cap", ["Size"], "S")
        with transaction.atomic():
            set_attributes({kept.pk: {"Brand": ["Acme"]}}, whole=True)
            set_attributes({kept.pk: {}}, whole=True)
        shirt.delete()
        for heap in find_heaps(timezone.now()):
            list(prune(heap))
        names = AttributeValue.objects.order_by("name").values_list("attribute__name", "name")
        assert [*names] == [("Brand", "Acme"), ("Size", "S")]
        assert {*Attribute.objects.values_list("name", flat=True)} == {"Brand", "Size"}

    def test_a_value_that_comes_back_is_made_again(self) -> None:
        make("shirt", ["Size"], "S").delete()
        for heap in find_heaps(timezone.now()):
            list(prune(heap))
        make("cap", ["Size"], "S")
        assert counts(Facets(found=products())) == {"size": {"S": 1}}
