"""Categories and the connections below them, in a constant number of statements."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.categories import create_category
from catalog.models import Category
from catalog.types import categories
from core.images import store_upload
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_picture, make_product, make_user

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
    def test_level_by_level_and_siblings_in_their_order(self, api: GraphQLClient) -> None:
        last = make_category("Aprons", position=1)
        top = make_category("Ties")
        make_category("second", parent=top, position=2)
        make_category("First", parent=top, position=1)
        make_category("a third", parent=top, position=2, description="Of silk.")
        make_category("b", parent=last)
        names = [category["name"] for category in api.run("{ categories { name } }")["categories"]]
        assert names == ["Ties", "Aprons", "b", "First", "a third", "second"]

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


TREE = """
{
  categories {
    name productCount
    parent { name parent { name } children { name } }
    children { name productCount children { name } }
    ancestors { name productCount }
    products(sort: NAME_ASC, first: 2) { totalCount nodes { name category { parent { name } ancestors { name } } } }
  }
}
"""


class TestTree:
    def test_parents_children_and_ancestors(self, api: GraphQLClient) -> None:
        clothes = make_category("Clothes")
        shirts = make_category("Shirts", parent=clothes)
        make_category("Ties", parent=clothes, position=0)
        make_category("Long", parent=shirts)
        query = """
        query($slug: String!) {
          category(slug: $slug) { parent { name } children { name } ancestors { name } }
        }
        """
        assert api.run(query, slug="clothes")["category"] == {
            "parent": None,
            "children": [{"name": "Shirts"}, {"name": "Ties"}],
            "ancestors": [],
        }
        assert api.run(query, slug="long")["category"] == {
            "parent": {"name": "Shirts"},
            "children": [],
            "ancestors": [{"name": "Clothes"}, {"name": "Shirts"}],
        }

    def test_breadcrumbs_of_products(self, api: GraphQLClient) -> None:
        clothes = make_category("Clothes")
        make_product(name="lamp", category=make_category("Light"))
        make_product(name="shirt", category=make_category("Shirts", parent=clothes))
        query = "{ products(sort: NAME_ASC) { nodes { category { name ancestors { name } } } } }"
        assert [node["category"] for node in api.run(query)["products"]["nodes"]] == [
            {"name": "Light", "ancestors": []},
            {"name": "Shirts", "ancestors": [{"name": "Clothes"}]},
        ]

    def test_statements_do_not_grow(self, api: GraphQLClient) -> None:
        def grow(count: int) -> None:
            for _ in range(count):
                top = make_category()
                middle = make_category(parent=top)
                for category in (top, middle, make_category(parent=middle)):
                    make_product(category=category)

        grow(2)
        few = statements(api, TREE)
        grow(10)
        assert statements(api, TREE) == few
        assert few <= 12

    def test_siblings_of_siblings_are_bounded(
        self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Going up and down again multiplies the answer: 4 × 4 × 4 children."""
        top = make_category()
        for _ in range(4):
            make_category(parent=top)
        query = (
            "{ category(slug: $slug) { children { parent { children { parent { children { id } } } } } } }"
        )
        query = f"query($slug: String!) {query}"
        monkeypatch.setattr(categories, "MAX_CHILDREN", 4 + 16 + 64)
        api.run(query, slug=top.slug)
        monkeypatch.setattr(categories, "MAX_CHILDREN", 4 + 16 + 63)
        assert api.expect_refusal(query, slug=top.slug) == "OPERATION_TOO_LARGE"


class TestBranch:
    """A category's products include those below, in the page, in the counts and in the facets."""

    @pytest.fixture(autouse=True)
    def _tree(self) -> None:
        clothes = make_category("Clothes")
        shirts = make_category("Shirts", parent=clothes)
        long = make_category("Long", parent=shirts)
        light = make_category("Light")
        make_category("Empty", parent=light)
        for index, category in enumerate((clothes, shirts, long, long, light)):
            for number in range(2):
                make_product(
                    name=f"{index}{number}", category=category, stock=number, price=Decimal(index + 1)
                )

    @pytest.mark.parametrize(
        ("slug", "expected"),
        [
            ("clothes", ["00", "01", "10", "11", "20", "21", "30", "31"]),
            ("shirts", ["10", "11", "20", "21", "30", "31"]),
            ("long", ["20", "21", "30", "31"]),
            ("light", ["40", "41"]),
            ("empty", []),
        ],
    )
    def test_pages_and_counts_agree(self, api: GraphQLClient, slug: str, expected: list[str]) -> None:
        query = """
        query($slug: String!, $after: String, $inside: String) {
          category(slug: $slug) {
            productCount
            products(first: 3, sort: NAME_ASC, after: $inside) {
              totalCount nodes { name } pageInfo { endCursor hasNextPage }
              facets { inStock minPrice { amount } maxPrice { amount } }
            }
          }
          products(first: 3, sort: NAME_ASC, after: $after, filter: {categories: [$slug]}) {
            totalCount nodes { name } pageInfo { endCursor hasNextPage }
            facets { inStock minPrice { amount } maxPrice { amount } categories { category { slug } count } }
          }
          all: products { facets { categories { category { slug } count } } }
        }
        """
        names: list[str] = []
        cursors: dict[str, Any] = {"after": None, "inside": None}
        while True:
            answer = api.run(query, slug=slug, **cursors)
            inside, page = answer["category"]["products"], answer["products"]
            assert inside["nodes"] == page["nodes"]
            assert inside["pageInfo"] == page["pageInfo"]
            names += [node["name"] for node in page["nodes"]]
            counts = {facet["category"]["slug"]: facet["count"] for facet in page["facets"].pop("categories")}
            everything = {
                facet["category"]["slug"]: facet["count"] for facet in answer["all"]["facets"]["categories"]
            }
            assert counts == everything
            assert counts.get(slug, 0) == len(expected)
            assert inside["facets"] == page["facets"]
            assert page["facets"]["inStock"] == len(expected) // 2
            assert (
                answer["category"]["productCount"]
                == inside["totalCount"]
                == page["totalCount"]
                == len(expected)
            )
            if not page["pageInfo"]["hasNextPage"]:
                break
            cursors = {"after": page["pageInfo"]["endCursor"], "inside": inside["pageInfo"]["endCursor"]}
        assert names == expected

    def test_pages_backwards(self, api: GraphQLClient) -> None:
        query = """
        query($before: String) {
          products(last: 5, sort: NAME_ASC, before: $before, filter: {categories: ["clothes"]}) {
            nodes { name } pageInfo { startCursor hasPreviousPage }
          }
        }
        """
        page = api.run(query)["products"]
        assert [node["name"] for node in page["nodes"]] == ["11", "20", "21", "30", "31"]
        page = api.run(query, before=page["pageInfo"]["startCursor"])["products"]
        assert [node["name"] for node in page["nodes"]] == ["00", "01", "10"]
        assert not page["pageInfo"]["hasPreviousPage"]

    def test_two_filters_of_one_branch(self, api: GraphQLClient) -> None:
        query = """
        query($slugs: [String!]) {
          products(sort: NAME_ASC, filter: {categories: $slugs, inStock: true}) { totalCount nodes { name } }
        }
        """
        page = api.run(query, slugs=["shirts", "long", "light", "no-such"])["products"]
        assert [node["name"] for node in page["nodes"]] == ["11", "21", "31", "41"]
        assert page["totalCount"] == 4

    def test_each_category_of_a_list_has_its_own_page(self, api: GraphQLClient) -> None:
        query = "{ categories { slug products(sort: NAME_ASC, first: 3) { totalCount nodes { name } } } }"
        found = {category["slug"]: category["products"] for category in api.run(query)["categories"]}
        assert {slug: [node["name"] for node in page["nodes"]] for slug, page in found.items()} == {
            "clothes": ["00", "01", "10"],
            "shirts": ["10", "11", "20"],
            "long": ["20", "21", "30"],
            "light": ["40", "41"],
            "empty": [],
        }
        assert [found[slug]["totalCount"] for slug in ("clothes", "shirts", "long")] == [8, 6, 4]

    def test_search_and_its_facets(self, api: GraphQLClient) -> None:
        query = """
        {
          search(term: "thing", filter: {categories: ["shirts"]}) {
            ... on ProductConnection {
              totalCount facets { categories { category { slug } count } }
            }
          }
        }
        """
        found = api.run(query)["search"]
        assert found["totalCount"] == 6
        counts = {facet["category"]["slug"]: facet["count"] for facet in found["facets"]["categories"]}
        assert counts == {"clothes": 8, "shirts": 6, "long": 4, "light": 2}

    def test_facets_of_a_category_stay_inside(self, api: GraphQLClient) -> None:
        query = """
        { category(slug: "shirts") { products { facets { categories { category { slug } count } } } } }
        """
        facets = api.run(query)["category"]["products"]["facets"]["categories"]
        assert [(facet["category"]["slug"], facet["count"]) for facet in facets] == [
            ("shirts", 6),
            ("long", 4),
        ]


class TestDescription:
    def test_picture_and_words_for_search_engines(self, api: GraphQLClient) -> None:
        query = """
        query($slug: String!) {
          category(slug: $slug) { description image { width height } seo { title description } }
        }
        """
        make_category("Plain")
        assert api.run(query, slug="plain")["category"] == {
            "description": "",
            "image": None,
            "seo": {"title": "Plain", "description": ""},
        }
        with store_upload(make_picture(), folder="categories", field="image") as picture:
            create_category(
                Category(name="Light", description="Lamps \n and candles. " * 20), picture=picture
            )
        light = api.run(query, slug="light")["category"]
        assert light["image"] == {"width": 60, "height": 40}
        assert light["seo"]["title"] == "Light"
        sentences = "Lamps and candles. " * 8
        assert light["seo"]["description"] == f"{sentences}Lamps…"
        Category.objects.update(seo_title="Lights", seo_description="All lamps.")
        assert api.run(query, slug="light")["category"]["seo"] == {
            "title": "Lights",
            "description": "All lamps.",
        }
