"""Products are found by the values of their attributes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from catalog.attributes import set_attributes
from catalog.fields import ProductFields
from catalog.models import AttributeValue, Product
from catalog.search import NoProductMatches, search
from catalog.search.index import reindex
from catalog.services import update_product
from tests.catalog.searching import search_names
from tests.factories import make_product, make_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def dress() -> Product:
    dress = make_product(name="Summer dress", description="-")
    set_attributes({dress.pk: {"Colour": ["Crimson", "Ivory"], "Fabric": ["Brushed cotton"]}}, whole=True)
    return dress


def finds_nothing(term: str) -> bool:
    try:
        search(term)
    except NoProductMatches:
        return True
    return False


@pytest.mark.parametrize(
    "term", ["crimson", "crimson dress", "Cottons", "brushed cotton", "dress ivory cotton"]
)
def test_find_their_products(dress: Product, term: str) -> None:
    make_product(name="Bag", description="-")
    assert search_names(term) == ["Summer dress"]
    assert search(term).read_corrected_term() is None


def test_words_of_the_product_go_first(dress: Product) -> None:
    make_product(name="Jumper", description="Of the best cotton.")
    make_product(name="Cotton", description="-")
    assert search_names("cotton") == ["Cotton", "Jumper", "Summer dress"]


def test_all_words_before_some(dress: Product) -> None:
    make_product(name="Crimson dressing gown", description="-")
    assert search_names("crimson dress")[0] == "Summer dress"


def test_are_renamed_by_writing_no_product(dress: Product) -> None:
    with CaptureQueriesContext(connection) as captured:
        AttributeValue.objects.filter(name="Crimson").update(name="Vermilion")
    assert not [query for query in captured if "catalog_product" in query["sql"]]
    assert search_names("vermilion") == ["Summer dress"]
    assert finds_nothing("crimson")


def test_follow_the_product(dress: Product) -> None:
    set_attributes({dress.pk: {"Colour": ["Ivory"]}}, whole=False)
    assert finds_nothing("crimson")
    assert search_names("ivory") == search_names("cotton") == ["Summer dress"]
    set_attributes({dress.pk: {}}, whole=True)
    assert finds_nothing("ivory")
    assert finds_nothing("cotton")


def test_that_are_deleted_find_nothing(dress: Product) -> None:
    AttributeValue.objects.get(name="Crimson").delete()
    assert finds_nothing("crimson")
    assert search_names("ivory") == ["Summer dress"]


def test_are_those_of_each_product(dress: Product) -> None:
    bag, hat = make_product(name="Bag", description="-"), make_product(name="Hat", description="-")
    set_attributes({bag.pk: {"Colour": ["Crimson"]}, hat.pk: {"Colour": ["Ivory"]}}, whole=True)
    assert set(search_names("crimson")) == {"Bag", "Summer dress"}
    assert search_names("crimson bag") == ["Bag", "Summer dress"]
    dress.delete()
    assert search_names("ivory") == ["Hat"]


def test_stay_where_the_product_is_written(dress: Product) -> None:
    dress.name = "Winter dress"
    dress.save(update_fields=["name", "search_text"])
    assert search_names("crimson winter") == ["Winter dress"]


def test_are_read_with_the_categories(
    dress: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        search("crimson dress")


def test_that_are_many_are_cut(dress: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.search.filing.MAX_VALUES", 1)
    other = make_product(name="Bag", description="-")
    set_attributes({other.pk: {"Colour": ["Pale ivory"]}}, whole=True)
    assert search_names("ivory") == ["Summer dress"]


def test_texts_are_mended_by_reindexing(dress: Product) -> None:
    Product.objects.update(value_text="")
    assert finds_nothing("crimson")
    assert [*reindex(connection)] == [1]
    assert search_names("crimson") == ["Summer dress"]


def test_of_options_find_their_products(dress: Product) -> None:
    seller = make_seller()
    shirt = make_product(
        name="Shirt",
        user=seller,
        description="-",
        options=["Size", "Colour"],
        variants=[{"values": ["S", "Teal"]}, {"values": ["S", "Olive"]}],
    )
    assert search_names("teal shirt")[0] == "Shirt"
    assert search_names("olive") == ["Shirt"]
    olive = shirt.variants.get(option_2="Olive")
    changes: ProductFields = {"variants": [{"id": olive.pk, "option_values": ["S", "Olive"]}]}
    update_product(user=seller, product_pk=shirt.pk, changes=changes, now=shirt.updated_at)
    assert finds_nothing("teal")
    assert search_names("olive") == ["Shirt"]
