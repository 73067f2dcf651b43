"""Hostile values in every input of every operation: refused or accepted, but never a fault of ours."""

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from django.core.cache import cache

from tests.conftest import GraphQLClient
from tests.hostile import hostile_strings
from tests.rights.cases import CASES, Case, mutations, name_of
from tests.rights.fields import QUERIES
from tests.rights.shop import SHOPPER, STAFF, Shop, graphql_schema

pytestmark = pytest.mark.slow

VALUES: list[Any] = [
    *(
        "",
        " ",
        "\ufeff",
        "\u202e",
        "a\tb\r\nc",
        "é" * 5000,
        "😀" * 300,
        "x" * 20_000,
        "%00",
        "\\u0000",
        "{{7*7}}",
        "${jndi:a}",
    ),
    *(
        "' OR 1=1 --",
        "<script>",
        "../../etc/passwd",
        "NaN",
        "Infinity",
        "-0",
        "1e400",
        "9" * 400,
        "٣",
        "0x10",
        "1_000",
    ),
    *(
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-02-30T00:00:00Z",
        "T3JkZXI6MQ==",
        "VXNlcjox",
    ),
    *(0, -1, 2**31, -(2**63), 10**30, 1.5, 1e308, True, None, [], [[]], {}, {"a": 1}, ["a"]),
]
KNOWN = {"BAD_USER_INPUT", "OPERATION_TOO_LARGE", "UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED"}


def leaves(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, *path, key)
    else:
        yield path


def replace_value(value: Any, path: tuple[str, ...], hostile: Any) -> Any:
    if not path:
        return hostile
    return {**value, path[0]: replace_value(value[path[0]], path[1:], hostile)}


def check(browser: GraphQLClient, document: str, variables: dict[str, Any]) -> None:
    body = {"query": document, "variables": variables}
    response = browser.post("/graphql/", body, content_type="application/json")
    codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
    assert response.status_code in (200, 400), (document, variables)
    assert codes <= KNOWN, (document, variables, response.json())


@pytest.mark.parametrize("case", [case for case in CASES if case.input], ids=name_of)
def test_mutation(shop: Shop, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    assert case.input
    input = case.input(shop)
    type_ = mutations()[case.mutation].args["input"].type
    document = f"mutation($input: {type_}) {{ {case.mutation}(input: $input) {{ __typename }} }}"
    browser = shop.browsers[STAFF if "roduct" in case.mutation else SHOPPER]
    for path in leaves(input):
        for value in VALUES:
            cache.clear()  # the counters of attempts
            check(browser, document, {"input": replace_value(input, path, value)})
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("name", sorted(name for name, (arguments, _) in QUERIES.items() if name != "me"))
def test_query(shop: Shop, name: str) -> None:
    assert graphql_schema.query_type
    arguments = graphql_schema.query_type.fields[name].args
    declared = ", ".join(f"${argument}: {definition.type}" for argument, definition in arguments.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in arguments)
    given = QUERIES[name][0](shop)
    if not arguments:
        return
    selection = "" if name == "searchSuggestions" else "{ __typename }"
    document = f"query({declared}) {{ {name}({passed}) {selection} }}"
    defaults = {
        argument: d.default_value
        for argument, d in arguments.items()
        if isinstance(d.default_value, int | str)
    }
    for argument in arguments:
        for value in VALUES:
            check(shop.browsers[SHOPPER], document, {**defaults, **given, argument: value})


def test_naughty_strings(shop: Shop) -> None:
    """Each string of the big list in some of the inputs. Search has tests of its own."""
    strings = hostile_strings()
    texts = [
        ("query($a: String!) { products(filter: {categories: [$a], seller: $a}) { totalCount } }", SHOPPER),
        ("query($a: String!) { products(after: $a) { nodes { id } } }", SHOPPER),
        ("query($a: ID!) { node(id: $a) { id } }", SHOPPER),
        ("mutation($a: String!) { updateProfile(input: {name: $a, firstName: $a}) { __typename } }", SHOPPER),
        ("mutation($a: String!) { login(input: {email: $a, password: $a}) { __typename } }", SHOPPER),
        ("mutation($a: String!) { requestPasswordReset(input: {email: $a}) { __typename } }", SHOPPER),
        ("mutation($a: String!) { verifyEmail(input: {token: $a}) { __typename } }", SHOPPER),
    ]
    for number, (document, role) in enumerate(texts):
        for string in islice(strings, number % 3, None, 3):
            cache.clear()
            check(shop.browsers[role], document, {"a": string})


FILTERS: list[dict[str, Any]] = [
    *({"categories": value} for value in ([], [""], ["no-such"], ["a"] * 500)),
    *({"seller": value} for value in ("", "no-such", "x" * 5000)),
    *({bound: value} for bound in ("minPrice", "maxPrice") for value in ("-1", "0", "0.001", "9" * 30)),
    *({"minPrice": "2", "maxPrice": "1"}, {"inStock": False, "onSale": False}),
    *({"minRating": value} for value in (-1, 0, 6, 1e308, -1e308)),
    *({"addedAfter": value} for value in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")),
]
LISTS = """
query($filter: ProductFilter, $sort: ProductSort!) {
  products(filter: $filter, sort: $sort) { ...Page facets { ...Facets } }
  search(term: "lamp", filter: $filter, sort: $sort) { ... on ProductConnection { ...Page facets { ...Facets } } }
  misspelt: search(term: "lmap of wood", filter: $filter, sort: $sort) { __typename }
  categories { products(filter: $filter, sort: $sort) { ...Page } }
}
fragment Page on ProductConnection { totalCount nodes { name } pageInfo { hasNextPage endCursor } }
fragment Facets on ProductFacets { categories { count } minPrice { amount } maxPrice { amount } inStock onSale }
"""


@pytest.mark.parametrize("filter", FILTERS, ids=str)
def test_filters(shop: Shop, filter: dict[str, Any]) -> None:
    """A filter that no product passes gives an empty page everywhere."""
    api = shop.browsers[SHOPPER]
    for sort in ("RELEVANCE", "NEWEST", "TOP_RATED", "PRICE_ASC"):
        answer = api.send(LISTS, filter=filter, sort=sort)
        if "errors" in answer:
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
            continue
        pages = [
            answer["data"]["products"],
            answer["data"]["search"],
            *answer["data"]["categories"][0].values(),
        ]
        assert all(page["totalCount"] == len(page["nodes"]) for page in pages)
        assert len({page["totalCount"] for page in pages}) == 1
