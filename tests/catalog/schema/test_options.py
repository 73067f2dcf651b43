"""Filters and facets by the options of variants over the endpoint."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from catalog.types import ProductSort
from tests.catalog.schema.conftest import LIST
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db

FACETS = """
query($filter: ProductFilter) {
  products(filter: $filter) {
    totalCount
    nodes { name }
    facets { inStock attributes { slug } options { name slug values { value slug count } } }
  }
}
"""


def by(in_stock: bool | None = None, **values: list[str]) -> dict[str, Any]:
    return {
        "options": [{"name": name, "values": texts} for name, texts in values.items()],
        "inStock": in_stock,
    }


def make_shirts(count: int) -> list[Product]:
    """Make shirts that are alike in price by threes. Every second one is blue in S, the others only in M."""
    return [
        make_product(
            name=f"Shirt {place}",
            price=5 + place // 3,
            options=["Size", "Colour"],
            variants=[
                {"values": ["S", "Red" if place % 2 else "Blue"], "stock": place % 4},
                {"values": ["M", "Blue"]},
            ],
        )
        for place in range(count)
    ]


class TestLists:
    @pytest.mark.parametrize("sort", ProductSort.__members__)
    @pytest.mark.parametrize(
        ("filter", "size"), [(by(size=["s"], colour=["blue"]), 6), (by(True, size=["S"], colour=["Blue"]), 3)]
    )
    def test_all_pages_in_both_directions(
        self, api: GraphQLClient, sort: str, filter: dict[str, Any], size: int
    ) -> None:
        make_shirts(12)
        everything = api.run(LIST, sort=sort, first=100)["products"]["nodes"]
        passing = {node["slug"] for node in api.run(LIST, filter=filter, first=100)["products"]["nodes"]}
        expected = [node["slug"] for node in everything if node["slug"] in passing]
        assert len(expected) == size
        forwards: list[str] = []
        page: dict[str, Any] = {"pageInfo": {"endCursor": None, "hasNextPage": True}}
        while page["pageInfo"]["hasNextPage"]:
            after = page["pageInfo"]["endCursor"]
            page = api.run(LIST, filter=filter, sort=sort, first=2, after=after)["products"]
            assert page["totalCount"] == size
            forwards += [node["slug"] for node in page["nodes"]]
        assert forwards == expected
        backwards: list[str] = []
        page = {"pageInfo": {"startCursor": None, "hasPreviousPage": True}}
        while page["pageInfo"]["hasPreviousPage"]:
            before = page["pageInfo"]["startCursor"]
            page = api.run(LIST, filter=filter, sort=sort, last=4, before=before)["products"]
            backwards = [node["slug"] for node in page["nodes"]] + backwards
        assert backwards == expected

    def test_below_a_category_and_in_a_search(self, api: GraphQLClient) -> None:
        make_shirts(4)
        answer = api.run(
            """query($filter: ProductFilter) {
              search(term: "shirt", filter: $filter) { ... on ProductConnection { nodes { name } } }
            }""",
            filter=by(size=["S"], colour=["Blue"]),
        )
        assert {node["name"] for node in answer["search"]["nodes"]} == {"Shirt 0", "Shirt 2"}

    @pytest.mark.parametrize(
        ("filter", "message"),
        [
            (by(a=["x"], b=["x"], c=["x"], d=["x"]), "Filter by at most 3 options."),
            (by(a=["x"] * 101), "Filter by at most 100 values of options."),
        ],
    )
    def test_a_filter_has_a_bound(self, api: GraphQLClient, filter: dict[str, Any], message: str) -> None:
        answer = api.send(LIST, filter=filter)
        [error] = answer["errors"]
        assert (error["extensions"]["code"], error["message"]) == ("BAD_USER_INPUT", message)

    def test_few_rows_and_many_take_the_same_statements(self, api: GraphQLClient) -> None:
        numbers = []
        for size in (2, 20):
            make_shirts(size)
            with CaptureQueriesContext(connection) as captured:
                api.run(FACETS, filter=by(True, size=["S"], colour=["Blue", "Red"]))
            numbers.append(len(captured))
        assert numbers[0] == numbers[1]


class TestFacets:
    def test_options_with_their_values(self, api: GraphQLClient) -> None:
        category = make_category()
        make_product(
            name="Shirt",
            category=category,
            options=["Size", "Colour"],
            variants=[{"values": ["S", "Red"]}, {"values": ["M", "Blue"], "stock": 0}],
        )
        make_product(name="Mug", category=category)
        found = api.run(FACETS)["products"]["facets"]
        assert found["attributes"] == []
        assert found["options"] == [
            {
                "name": "Colour",
                "slug": "colour",
                "values": [
                    {"value": "Blue", "slug": "blue", "count": 1},
                    {"value": "Red", "slug": "red", "count": 1},
                ],
            },
            {
                "name": "Size",
                "slug": "size",
                "values": [
                    {"value": "S", "slug": "s", "count": 1},
                    {"value": "M", "slug": "m", "count": 1},
                ],
            },
        ]
        nothing = api.run(FACETS, filter=by(size=["S"], colour=["Blue"]))["products"]
        assert (nothing["totalCount"], nothing["nodes"], nothing["facets"]["inStock"]) == (0, [], 0)
        assert [[each["count"] for each in facet["values"]] for facet in nothing["facets"]["options"]] == [
            [0, 1],
            [0, 1],
        ]
        sold_out = api.run(FACETS, filter=by(True, colour=["Blue"]))["products"]
        assert (sold_out["totalCount"], sold_out["facets"]["inStock"]) == (0, 0)
