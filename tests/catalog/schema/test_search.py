"""Search over the API: best matches first through all pages, and no match as data."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product, make_user
from tests.hostile import hostile_strings

pytestmark = pytest.mark.django_db

SEARCH = """
query(
  $term: String!, $filter: ProductFilter, $sort: ProductSort! = RELEVANCE
  $first: Int, $after: String, $last: Int, $before: String
) {
  search(term: $term, filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
    __typename
    ... on ProductConnection { ...Page }
    ... on NoProductMatches { code message term suggestions }
    ... on ValidationError { code fields { field message } }
  }
}
fragment Page on ProductConnection {
  nodes { name category { name } seller { name } isFavourite }
  edges { cursor node { name } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  totalCount
  facets { inStock categories { count category { name } } }
}
"""


def search(browser: GraphQLClient, term: str = "lamp", **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = browser.run(SEARCH, term=term, **arguments)["search"]
    return answer


def names(page: dict[str, Any]) -> list[str]:
    assert page["__typename"] == "ProductConnection"
    return [node["name"] for node in page["nodes"]]


def make_lamps() -> None:
    """Make lamps named by their expected rank: name before description, then by sales."""
    category, seller = make_category(), make_user()
    for name, description, sold in (
        ("lamp 3", "-", 1),
        ("5", "a lamp", 2),
        ("lamp 2", "-", 3),
        ("4", "lamp lamp", 3),
        ("lamp 1", "-", 4),
    ):
        make_product(name=name, description=description, category=category, user=seller, sold_count=sold)


EXPECTED = ["lamp 1", "lamp 2", "lamp 3", "4", "5"]


class TestSearch:
    def test_best_match_first_forwards(self, api: GraphQLClient) -> None:
        make_lamps()
        after = None
        for start in (0, 2, 4):
            page = search(api, first=2, after=after)
            assert names(page) == EXPECTED[start : start + 2]
            assert page["pageInfo"]["hasNextPage"] == (start < 4)
            assert page["totalCount"] == 5
            after = page["pageInfo"]["endCursor"]

    def test_best_match_first_backwards(self, api: GraphQLClient) -> None:
        make_lamps()
        before = None
        for end in (5, 3, 1):
            page = search(api, last=2, before=before)
            assert names(page) == EXPECTED[max(end - 2, 0) : end]
            assert page["pageInfo"]["hasPreviousPage"] == (end > 2)
            before = page["pageInfo"]["startCursor"]

    def test_in_another_order(self, api: GraphQLClient) -> None:
        make_lamps()
        first = search(api, sort="NAME_ASC", first=3)
        assert names(first) == ["4", "5", "lamp 1"]
        rest = search(api, sort="NAME_ASC", after=first["pageInfo"]["endCursor"])
        assert names(rest) == ["lamp 2", "lamp 3"]

    def test_a_filter_that_leaves_nothing_is_an_empty_page(self, api: GraphQLClient) -> None:
        make_lamps()
        page = search(api, filter={"inStock": False})
        assert (page["__typename"], page["nodes"], page["totalCount"]) == ("ProductConnection", [], 0)

    def test_nothing_found_is_data(self, api: GraphQLClient) -> None:
        make_product(name="Oak lamp", category=make_category(name="Lighting"))
        for filter in (None, {"inStock": True}):
            assert search(api, "candelabrum", filter=filter) == {
                "__typename": "NoProductMatches",
                "code": "NOT_FOUND",
                "message": 'No product matches "candelabrum".',
                "term": "candelabrum",
                "suggestions": ["Lighting"],
            }

    def test_misspelt_and_filtered_to_nothing(self, api: GraphQLClient) -> None:
        make_product(name="Oak lamp")
        page = search(api, "lanp", filter={"inStock": False})
        assert (page["__typename"], page["nodes"], page["totalCount"]) == ("ProductConnection", [], 0)

    def test_corrections_are_reported_and_left_out_on_request(self, api: GraphQLClient) -> None:
        make_product(name="Oak Lamp")
        query = """query($term: String!, $asTyped: Boolean!) {
            search(term: $term, asTyped: $asTyped) {
                __typename
                ... on ProductConnection { correctedTerm nodes { name } }
            }
        }"""

        def corrected(term: str, *, as_typed: bool = False) -> str | None:
            answer = api.run(query, term=term, asTyped=as_typed)["search"]
            assert names(answer) == ["Oak Lamp"]
            found: str | None = answer["correctedTerm"]
            return found

        assert corrected("oak lanp") == "oak Lamp"
        assert corrected("oak lamp") is corrected("oak lanp", as_typed=True) is None
        assert api.run("{ products { correctedTerm } }") == {"products": {"correctedTerm": None}}

    @pytest.mark.parametrize("term", ["", "   "])
    def test_terms_that_cannot_be(self, api: GraphQLClient, term: str) -> None:
        answer = search(api, term)
        assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
        assert [field["field"] for field in answer["fields"]] == ["term"]

    @pytest.mark.parametrize("arguments", [{"first": 0}, {"first": 101}, {"after": "x"}])
    def test_pages_that_cannot_be(self, api: GraphQLClient, arguments: dict[str, Any]) -> None:
        make_lamps()
        assert api.expect_refusal(SEARCH, term="lamp", **arguments) == "BAD_USER_INPUT"

    @pytest.mark.slow
    def test_hostile_strings_are_searched_for(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_COST_PER_MINUTE = 0
        make_lamps()
        for term in hostile_strings():
            assert search(api, term)["__typename"] in (
                "NoProductMatches",
                "ValidationError",
                "ProductConnection",
            )

    def test_nul_and_broken_surrogates_are_refused(self, api: GraphQLClient) -> None:
        for term in ("a\0b", "\ud800"):
            assert api.expect_refusal(SEARCH, term=term) == "BAD_USER_INPUT"

    def test_statements_do_not_grow(self, api: GraphQLClient) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                search(api)
            return len(captured)

        for _ in range(3):
            make_product(name="lamp")
        few = statements()
        for _ in range(27):
            make_product(name="lamp")
        # The words, the categories, the candidates, the page, the facets and their categories. The candidates give the
        # total.
        assert few == statements() == 6


class TestSearchSuggestions:
    def suggestions(self, browser: GraphQLClient, prefix: str, first: int | None = None) -> list[str]:
        query = "query($prefix: String!, $first: Int) { searchSuggestions(prefix: $prefix, first: $first) }"
        with CaptureQueriesContext(connection) as captured:
            found: list[str] = browser.run(query, prefix=prefix, first=first)["searchSuggestions"]
        assert len(captured) <= 4
        return found

    def test_the_best_sold_first(self, api: GraphQLClient) -> None:
        make_product(name="Lantern", sold_count=1)
        make_product(name="Oak Lamp", sold_count=2)
        make_product(name="Oak lamp, small", description="A lamb.")
        assert self.suggestions(api, "la") == ["Lamp", "Lantern"]
        assert self.suggestions(api, "LÁ", first=1) == ["Lamp"]
        assert self.suggestions(api, "oak la") == ["Oak Lamp"]

    def test_what_all_products_with_the_word_sold_counts(self, api: GraphQLClient) -> None:
        make_product(name="Lantern", sold_count=4)
        for name in ("Oak Lamp", "Steel Lamp", "Glass Lamp"):
            make_product(name=name, sold_count=1)
        make_product(name="Lace")
        make_product(name="Label, blank")
        make_product(name="Label, lined")
        assert self.suggestions(api, "la") == ["Lamp", "Lantern", "Label", "Lace"]

    def test_words_before_stay_as_typed_unless_the_name_has_them(self, api: GraphQLClient) -> None:
        make_product(name="Abstracts in Ceramic")
        assert self.suggestions(api, "abstract cer") == ["abstract Ceramic"]
        assert self.suggestions(api, "ABSTRACTS cer") == ["Abstracts Ceramic"]

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("büch", ["Bücherregal"]),
            ("buch", ["Bücherregal"]),
            ("赤", ["赤いワンピース"]),
            ("usb-c", ["USB-C"]),
            ("usbc", ["USB-C"]),
            ("wh-10", ["WH-1000XM4"]),
            ("sony wh1", ["Sony WH-1000XM4"]),
            ("handb", ["Handbag's"]),
        ],
    )
    def test_spelt_as_in_the_name(self, api: GraphQLClient, prefix: str, expected: list[str]) -> None:
        for name in ("Bücherregal", "赤いワンピース", "Sony WH-1000XM4", "USB-C cable", "Handbag's strap"):
            make_product(name=name)
        assert self.suggestions(api, prefix) == expected

    def test_what_follows_the_word_before_first(self, api: GraphQLClient) -> None:
        make_product(name="SD reader for Canon cameras", sold_count=9)
        make_product(name="SD card")
        make_product(name="Canvas", sold_count=99)
        assert self.suggestions(api, "sd ca") == ["SD card", "SD Canon", "SD cameras"]
        assert self.suggestions(api, "SD reader for can") == ["SD reader for Canon"]

    def test_with_fewer_of_the_words_before_where_none_has_all(self, api: GraphQLClient) -> None:
        make_product(name="Storage Cabinet")
        make_product(name="Cable", sold_count=9)
        assert self.suggestions(api, "bathroom storage ca") == ["bathroom Storage Cabinet"]
        assert self.suggestions(api, "bathroom ca") == ["bathroom Cable", "bathroom Cabinet"]
        assert self.suggestions(api, "a b c d e ca") == ["a b c d e Cable", "a b c d e Cabinet"]

    @pytest.mark.parametrize("prefix", ["", " ", "lamp ", "zz", "%", '"', "a" * 10_000])
    def test_of_nothing(self, api: GraphQLClient, prefix: str) -> None:
        make_product(name="Lamp")
        assert self.suggestions(api, prefix) == []

    @pytest.mark.parametrize("first", [0, -1, 21])
    def test_sizes_that_cannot_be(self, api: GraphQLClient, first: int) -> None:
        assert (
            api.expect_refusal(f'{{ searchSuggestions(prefix: "la", first: {first}) }}') == "BAD_USER_INPUT"
        )

    @pytest.mark.slow
    def test_hostile_strings(self, api: GraphQLClient) -> None:
        make_product(name="Lamp")
        for prefix in hostile_strings():
            self.suggestions(api, prefix)
