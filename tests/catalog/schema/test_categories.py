"""Categories and the connections below them, in a constant number of statements."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product, make_user

pytestmark = pytest.mark.django_db

NESTED = """
{
  categories {
    name
    productCount
    all: products(sort: NAME_ASC) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage }
      nodes { name seller { name } category { productCount products(first: 1) { nodes { name } } } }
    }
    available: products(filter: {inStock: true}, sort: NAME_ASC, first: 1) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage }
      edges { cursor node { name isFavourite } }
    }
    last: products(sort: NAME_ASC, last: 1) { nodes { name } pageInfo { hasNextPage hasPreviousPage } }
  }
}
"""


def statements(browser: GraphQLClient, query: str, **variables: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        browser.run(query, **variables)
    return len(captured)


def fill(count: int) -> None:
    """Make `count` categories with two products each."""
    for _ in range(count):
        category = make_category()
        make_product(category=category)
        make_product(category=category)


class TestCategories:
    def test_by_name_with_counts(self, api: GraphQLClient) -> None:
        make_category("Seats")
        make_product(category=make_category("Light"))
        assert api.run("{ categories { name slug productCount } }") == {
            "categories": [
                {"name": "Light", "slug": "light", "productCount": 1},
                {"name": "Seats", "slug": "seats", "productCount": 0},
            ]
        }


class TestCategory:
    def test_by_slug(self, api: GraphQLClient) -> None:
        make_product(name="lamp", category=make_category("Light"))
        query = "query($slug: String!) { category(slug: $slug) { name products { nodes { name } } } }"
        assert api.run(query, slug="light") == {
            "category": {"name": "Light", "products": {"nodes": [{"name": "lamp"}]}}
        }
        assert api.run(query, slug="dark") == {"category": None}


class TestProductsOfCategories:
    def test_each_alias_with_its_own_arguments(self, api: GraphQLClient) -> None:
        light, seats = make_category("Light"), make_category("Seats")
        make_category("Void")
        for name, category, stock in (("a", light, 0), ("b", light, 1), ("c", light, 1), ("d", seats, 0)):
            make_product(name=name, category=category, stock=stock)
        found = {category["name"]: category for category in api.run(NESTED)["categories"]}
        assert [node["name"] for node in found["Light"]["all"]["nodes"]] == ["a", "b", "c"]
        assert found["Light"]["all"]["totalCount"] == 3
        assert [edge["node"]["name"] for edge in found["Light"]["available"]["edges"]] == ["b"]
        assert found["Light"]["available"]["totalCount"] == 2
        assert found["Light"]["available"]["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}
        assert found["Light"]["last"] == {
            "nodes": [{"name": "c"}],
            "pageInfo": {"hasNextPage": False, "hasPreviousPage": True},
        }
        assert [node["name"] for node in found["Seats"]["all"]["nodes"]] == ["d"]
        assert found["Seats"]["available"]["edges"] == []
        assert found["Void"]["all"]["nodes"] == []
        assert found["Void"]["all"]["totalCount"] == 0

    def test_pages_go_on(self, api: GraphQLClient) -> None:
        light = make_category("Light")
        for name in "abc":
            make_product(name=name, category=light)
        query = """
        query($after: String) {
          categories { products(sort: NAME_ASC, first: 2, after: $after) { nodes { name } pageInfo { endCursor } } }
        }
        """
        [category] = api.run(query)["categories"]
        assert [node["name"] for node in category["products"]["nodes"]] == ["a", "b"]
        [category] = api.run(query, after=category["products"]["pageInfo"]["endCursor"])["categories"]
        assert [node["name"] for node in category["products"]["nodes"]] == ["c"]

    def test_statements_do_not_grow(self, signed_in: Callable[..., GraphQLClient]) -> None:
        browser = signed_in(make_user())
        fill(3)
        few = statements(browser, NESTED)
        fill(27)
        assert statements(browser, NESTED) == few
        assert few <= 12

    @pytest.mark.parametrize(
        "arguments", ["first: 0", "first: 101", "last: -1", 'after: "x"', "first: 1, last: 1"]
    )
    def test_bad_pages(self, api: GraphQLClient, arguments: str) -> None:
        make_product()
        assert (
            api.expect_refusal(f"{{ categories {{ products({arguments}) {{ totalCount }} }} }}")
            == "BAD_USER_INPUT"
        )
