"""Attributes over the endpoint."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.attributes import set_attributes
from catalog.models import Attribute, Product
from catalog.types import ProductSort
from tests.catalog.schema.conftest import LIST
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_category, make_product, make_seller

pytestmark = pytest.mark.django_db

CREATE = """
mutation($input: CreateProductInput!) {
  createProduct(input: $input) {
    ... on Product { id attributes { name slug values } }
    ... on ValidationError { fields { field message } }
  }
}
"""
UPDATE = """
mutation($input: UpdateProductInput!) {
  updateProduct(input: $input) {
    ... on Product { name attributes { name values } }
    ... on ValidationError { fields { field } }
  }
}
"""
FACETS = """
query($filter: ProductFilter) {
  products(filter: $filter) { facets { inStock attributes { name slug values { value slug count } } } }
}
"""


def new_product(**fields: Any) -> dict[str, Any]:
    return {
        "category": make_category().slug,
        "name": "Mug",
        "description": "A mug.",
        "price": "5",
        "stock": 1,
        **fields,
    }


def make_mugs(count: int) -> list[Product]:
    """Make mugs that are alike in price by threes. Every second one is red, every third white, all of clay."""
    mugs = [make_product(name=f"Mug {place}", price=5 + place // 3) for place in range(count)]
    for place, mug in enumerate(mugs):
        colours = ["Red"] * (place % 2 == 0) + ["White"] * (place % 3 == 0)
        set_attributes({mug.pk: {"Colour": colours, "Material": ["Clay"]}}, whole=True)
    return mugs


def by(**values: list[str]) -> dict[str, Any]:
    return {"attributes": [{"slug": slug, "values": texts} for slug, texts in values.items()]}


class TestWriting:
    def test_create_and_update(self, signed_in: Callable[..., GraphQLClient]) -> None:
        browser = signed_in(make_seller())
        given = [
            {"name": "Material", "values": ["Clay", "clay"]},
            {"name": "Energy", "values": ["A+", "A++", "a"]},
        ]
        product = browser.run(CREATE, input=new_product(attributes=given))["createProduct"]
        assert product["attributes"] == [
            {"name": "Energy", "slug": "energy", "values": ["a", "A+", "A++"]},
            {"name": "Material", "slug": "material", "values": ["Clay"]},
        ]
        answer = browser.run(UPDATE, input={"id": product["id"], "name": "Cup"})["updateProduct"]
        assert len(answer["attributes"]) == 2
        given = [{"name": "brand", "values": ["Acme"]}]
        answer = browser.run(UPDATE, input={"id": product["id"], "attributes": given})["updateProduct"]
        assert answer == {"name": "Cup", "attributes": [{"name": "brand", "values": ["Acme"]}]}

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ([{"name": "", "values": ["x"]}], "attributes.0.name"),
            ([{"name": "Fit", "values": ["x", " "]}], "attributes.0.values"),
            ([{"name": "Fit", "values": []}, {"name": "FIT", "values": ["x"]}], "attributes.1.name"),
        ],
    )
    def test_refusals_change_nothing(
        self, signed_in: Callable[..., GraphQLClient], given: Any, field: str
    ) -> None:
        seller = make_seller()
        browser = signed_in(seller)
        refused = browser.run(CREATE, input=new_product(attributes=given))["createProduct"]
        assert [error["field"] for error in refused["fields"]] == [field]
        product = make_product(user=seller)
        key = global_id("Product", product.pk)
        refused = browser.run(UPDATE, input={"id": key, "name": "New", "attributes": given})["updateProduct"]
        assert refused == {"fields": [{"field": field}]}
        assert not Attribute.objects.exists()
        assert not Product.objects.filter(name__in=["Mug", "New"]).exists()


class TestLists:
    @pytest.mark.parametrize("sort", ProductSort.__members__)
    @pytest.mark.parametrize("filter", [by(colour=["Red"]), by(colour=["white", "red"], material=["Clay"])])
    def test_all_pages_in_both_directions(
        self, api: GraphQLClient, sort: str, filter: dict[str, Any]
    ) -> None:
        make_mugs(12)
        everything = api.run(LIST, sort=sort, first=100)["products"]["nodes"]
        passing = {node["slug"] for node in api.run(LIST, filter=filter, first=100)["products"]["nodes"]}
        expected = [node["slug"] for node in everything if node["slug"] in passing]
        assert len(expected) == (6 if len(filter["attributes"]) == 1 else 8)
        forwards: list[str] = []
        page: dict[str, Any] = {"pageInfo": {"endCursor": None, "hasNextPage": True}}
        while page["pageInfo"]["hasNextPage"]:
            after = page["pageInfo"]["endCursor"]
            page = api.run(LIST, filter=filter, sort=sort, first=3, after=after)["products"]
            assert page["totalCount"] == len(expected)
            forwards += [node["slug"] for node in page["nodes"]]
        assert forwards == expected
        backwards: list[str] = []
        page = {"pageInfo": {"startCursor": None, "hasPreviousPage": True}}
        while page["pageInfo"]["hasPreviousPage"]:
            before = page["pageInfo"]["startCursor"]
            page = api.run(LIST, filter=filter, sort=sort, last=4, before=before)["products"]
            backwards = [node["slug"] for node in page["nodes"]] + backwards
        assert backwards == expected

    def test_within_a_category_and_a_search(self, api: GraphQLClient) -> None:
        mugs = make_mugs(4)
        category = mugs[0].category.slug
        filter = by(colour=["Red"]) | {"categories": [category]}
        assert [node["slug"] for node in api.run(LIST, filter=filter)["products"]["nodes"]] == ["mug-0"]
        nested = """
        query($slug: String!, $filter: ProductFilter) {
          category(slug: $slug) { products(filter: $filter) { nodes { slug } totalCount } }
        }
        """
        page = api.run(nested, slug=category, filter=by(colour=["Red"]))["category"]["products"]
        assert page == {"nodes": [{"slug": "mug-0"}], "totalCount": 1}
        assert api.run(nested, slug=category, filter=by(colour=["Blue"]))["category"]["products"] == {
            "nodes": [],
            "totalCount": 0,
        }
        search = """
        query($filter: ProductFilter) {
          search(term: "mug", filter: $filter) { ... on ProductConnection { nodes { slug } totalCount } }
        }
        """
        found = api.run(search, filter=by(colour=["White"]))["search"]
        assert {node["slug"] for node in found["nodes"]} == {"mug-0", "mug-3"}
        assert found["totalCount"] == 2

    @pytest.mark.parametrize("filter", [by(size=["S"]), by(colour=["Blue"]), by(colour=[])])
    def test_unknown_ones_find_nothing(self, api: GraphQLClient, filter: dict[str, Any]) -> None:
        make_mugs(2)
        page = api.run(LIST, filter=filter)["products"]
        assert (page["nodes"], page["totalCount"]) == ([], 0)

    def test_an_empty_list_does_not_filter(self, api: GraphQLClient) -> None:
        make_mugs(2)
        assert api.run(LIST, filter={"attributes": []})["products"]["totalCount"] == 2

    @pytest.mark.parametrize(
        "filter",
        [by(**{f"a{number}": ["x"] for number in range(11)}), by(colour=[str(n) for n in range(101)])],
    )
    def test_too_many_are_refused(self, api: GraphQLClient, filter: dict[str, Any]) -> None:
        assert api.expect_refusal(LIST, filter=filter) == "BAD_USER_INPUT"

    def test_products_name_theirs_in_one_statement(self, api: GraphQLClient) -> None:
        query = "{ products { nodes { attributes { name slug values } } } }"
        numbers: list[int] = []
        nodes: list[Any] = []
        for size in (2, 6):
            make_mugs(size)
            with CaptureQueriesContext(connection) as captured:
                nodes = api.run(query)["products"]["nodes"]
            numbers.append(len(captured))
        assert numbers == [2, 2]
        assert nodes[-1]["attributes"] == [
            {"name": "Colour", "slug": "colour", "values": ["Red", "White"]},
            {"name": "Material", "slug": "material", "values": ["Clay"]},
        ]


class TestFacets:
    def test_each_without_its_own_filter(self, api: GraphQLClient) -> None:
        make_mugs(6)
        facets = api.run(FACETS, filter=by(colour=["White"]))["products"]["facets"]
        assert facets == {
            "inStock": 2,
            "attributes": [
                {
                    "name": "Colour",
                    "slug": "colour",
                    "values": [
                        {"value": "Red", "slug": "red", "count": 3},
                        {"value": "White", "slug": "white", "count": 2},
                    ],
                },
                {
                    "name": "Material",
                    "slug": "material",
                    "values": [{"value": "Clay", "slug": "clay", "count": 2}],
                },
            ],
        }

    def test_statements_do_not_depend_on_the_number_of_values(self, api: GraphQLClient) -> None:
        numbers = []
        for size in (1, 20):
            values = [f"{size} {number}" for number in range(size)]
            set_attributes({make_product().pk: {"Colour": values, f"Of {size}": values}}, whole=True)
            with CaptureQueriesContext(connection) as captured:
                api.run(FACETS, filter=by(colour=values))
            numbers.append(len(captured))
        assert numbers[0] == numbers[1]
