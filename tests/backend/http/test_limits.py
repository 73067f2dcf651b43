"""Limits on one operation. Every operation is answered quickly, even a refused one."""

from collections.abc import Callable
from time import process_time
from typing import Any

import pytest
from django.test import Client
from graphql import get_introspection_query
from pytest_django import Settings

from accounts.models import User
from backend.http.documents import LARGEST_PAGE, MAX_ERRORS, MAX_SIZES, MAX_WEIGHTS, Document, Documents
from backend.http.limits import CONNECTION_COST as C
from backend.http.views import prefers_new
from backend.schema import schema
from packages.fastgraph.rows import MAX_SQL_CHARACTERS
from tests.conftest import GraphQLClient
from tests.factories import make_product

pytestmark = pytest.mark.django_db

TOO_LARGE = "OPERATION_TOO_LARGE"
# Seconds of processor time, which do not depend on how busy the machine is. An explosion takes minutes.
SECONDS = 2.0
INTROSPECTION = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)


def cost(api: GraphQLClient, query: str, **variables: Any) -> int:
    answer = api.send(query, **variables)
    assert "errors" not in answer, answer["errors"]
    requested: int = answer["extensions"]["cost"]["requested"]
    return requested


def codes(answer: dict[str, Any]) -> set[str]:
    """Return the codes of all errors. None may come with data."""
    assert "data" not in answer
    return {error["extensions"]["code"] for error in answer["errors"]}


class TestCost:
    def test_is_told_with_what_it_may_be(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_COST = 3
        assert api.send("{ shop { currency } }")["extensions"] == {"cost": {"requested": 2, "maximum": 3}}

    def test_beyond_the_limit(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_COST = 1
        answer = api.send("{ shop { currency } }")
        assert codes(answer) == {TOO_LARGE}
        assert answer["extensions"] == {"cost": {"requested": 2, "maximum": 1}}

    @pytest.mark.parametrize(
        ("query", "variables", "expected"),
        [
            ("{ products { nodes { name } } }", {}, C + 1 + 20),
            ("{ products(first: 3) { nodes { name } } }", {}, C + 1 + 3),
            ("{ products(last: 4) { nodes { name slug } } }", {}, C + 1 + 4 * 2),
            ("{ products(first: 3) { totalCount edges { node { name } } } }", {}, C + 1 + 1 + 3 * 2 + 1000),
            (
                "{ products(first: 3) { nodes { comments(first: 2) { totalCount } } } }",
                {},
                C + 1 + 3 * (C + 1) + 1000,
            ),
            (
                "{ products(first: 3) { facets { inStock onSale } pageInfo { hasNextPage } } }",
                {},
                1000 + C + 3 + 2,
            ),
            ("query($n: Int) { products(first: $n) { nodes { name } } }", {"n": 5}, C + 1 + 5),
            ("query($n: Int = 6) { products(first: $n) { nodes { name } } }", {}, C + 1 + 6),
            ("query($n: Int = 6) { products(first: $n) { nodes { name } } }", {"n": 5}, C + 1 + 5),
            ("query($n: Int) { products(first: $n) { nodes { name } } }", {"n": None}, C + 1 + 20),
            (
                "{ products(first: 3) { nodes { comments(first: 2) { nodes { body } } } } }",
                {},
                C + 1 + 3 * (C + 1 + 2),
            ),
            ("{ categories { name } }", {}, 1 + 20),
            (
                '{ search(term: "lamp", first: 3) { ... on ProductConnection { nodes { name } } } }',
                {},
                2000 + 1 + 1 + 3,
            ),
            ("{ sitemap { nodes { slug } } }", {}, C + 1 + 1000),
            ("{ sitemap(first: 500) { nodes { slug } } }", {}, C + 1 + 500),
            (
                "{ products(first: 3) { nodes { related { name } } } }",
                {},
                C + 1 + 3 * (1 + 8),
            ),
            (
                "{ products(first: 3) { nodes { related(first: 2) { name } } } }",
                {},
                C + 1 + 3 * (1 + 2),
            ),
            (
                "{ products(first: 3) { nodes { options { name } variants { selectedOptions { name } } } } }",
                {},
                C + 1 + 3 * (1 + 3 + 1 + 20 * (1 + 3)),
            ),
            (
                "{ products(first: 3) { ...P } } fragment P on ProductConnection { nodes { name } }",
                {},
                C + 1 + 3,
            ),
        ],
    )
    def test_counts_rows(
        self, api: GraphQLClient, query: str, variables: dict[str, Any], expected: int
    ) -> None:
        assert cost(api, query, **variables) == expected

    def test_of_the_operation_that_runs(self, api: GraphQLClient) -> None:
        query = "query A { shop { currency } } query B { products(first: 100) { nodes { name } } }"
        body = {"query": query, "operationName": "A"}
        answer = api.post("/graphql/", body, content_type="application/json").json()
        assert answer["extensions"]["cost"]["requested"] == 2

    def test_a_fragment_costs_as_often_as_it_is_spread(self, api: GraphQLClient) -> None:
        query = "{ a: shop { ...S } b: shop { ...S ...S } } fragment S on Shop { currency }"
        assert cost(api, query) == 2 + 1 + 2


class TestLimits:
    """Each limit is reached and then exceeded, in fragments too."""

    @pytest.mark.parametrize(
        ("setting", "allowed", "fits", "beyond"),
        [
            ("STORE_MAX_DEPTH", 2, "{ shop { currency } }", "{ categories { parent { name } } }"),
            ("STORE_MAX_DEPTH", 1, "{ __typename }", "{ ...Q } fragment Q on Query { shop { currency } }"),
            ("STORE_MAX_ALIASES", 1, "{ a: __typename }", "{ a: __typename b: __typename }"),
            ("STORE_MAX_ALIASES", 0, "{ __typename }", "{ ...Q } fragment Q on Query { a: __typename }"),
            ("STORE_MAX_SELECTIONS", 2, "{ shop { currency } }", "{ shop { currency currency } }"),
            ("STORE_MAX_SELECTIONS", 2, "{ shop { currency } }", "{ ... { shop { currency } } }"),
            ("STORE_MAX_DIRECTIVES", 1, "{ __typename @skip(if: false) }", "{ shop @skip(if: 0) { a @b } }"),
            ("STORE_MAX_DIRECTIVES", 0, "{ __typename }", "query @a { __typename }"),
            ("STORE_MAX_DIRECTIVES", 0, "{ __typename }", "{ ...Q } fragment Q on Query @a { __typename }"),
            ("STORE_MAX_MUTATIONS", 1, "mutation { logout }", "mutation { logout b: logout }"),
            (
                "STORE_MAX_MUTATIONS",
                1,
                "mutation { logout }",
                "mutation { ...M } fragment M on Mutation { logout b: logout }",
            ),
            ("STORE_MAX_DOCUMENT_BYTES", 16, "{ __typename } #", "{ __typename } #é"),
        ],
    )
    def test_of_a_document(
        self, api: GraphQLClient, settings: Settings, setting: str, allowed: int, fits: str, beyond: str
    ) -> None:
        setattr(settings, setting, allowed)
        api.run(fits)
        assert api.expect_refusal(beyond) == TOO_LARGE

    def test_a_fragment_is_counted_once_however_often_it_is_spread(
        self, api: GraphQLClient, settings: Settings
    ) -> None:
        settings.STORE_MAX_SELECTIONS = 6
        api.run("{ a: shop { ...S } b: shop { ...S } } fragment S on Shop { currency guestCheckout }")

    def test_of_variables(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_VARIABLE_VALUES = 4
        query = "query($f: ProductFilter) { products(filter: $f) { totalCount } }"
        api.run(query, f={"categories": ["a", "b"]})
        assert api.expect_refusal(query, f={"categories": ["a", "b", "c"]}) == TOO_LARGE

    def test_nothing_of_a_refused_operation_runs(
        self, signed_in: Callable[[User], GraphQLClient], settings: Settings
    ) -> None:
        settings.STORE_MAX_MUTATIONS = 1
        browser = signed_in(User.objects.create_user("ada@example.com", "a password"))
        assert browser.expect_refusal("mutation { logout b: logout }") == TOO_LARGE
        assert browser.run("{ me { email } }") == {"me": {"email": "ada@example.com"}}

    def test_guesses_at_a_password_cannot_hide_behind_aliases(self, api: GraphQLClient) -> None:
        guess = 'login(input: {email: "ada@example.com", password: "%d"}) { __typename }'
        guesses = " ".join(f"a{number}: {guess % number}" for number in range(20))
        assert api.expect_refusal(f"mutation {{ {guesses} }}") == TOO_LARGE


class TestTokens:
    def test_beyond_the_limit(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_SELECTIONS = 2
        assert api.run("{ categories { id } }") == {"categories": []}
        answer = api.send("{ categories { " + "id, " * 30 + "} }")
        assert codes(answer) == {TOO_LARGE}
        assert "variables" in answer["errors"][0]["message"]
        assert codes(answer) == codes(api.send("{ categories { " + "id, " * 30 + "} }")), (
            "also when it is kept"
        )

    def test_as_many_selections_as_there_may_be(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_MAX_ALIASES = settings.STORE_MAX_SELECTIONS
        settings.STORE_MAX_COST = 10**6
        products = (
            'products(first: 10, after: $after, sort: NEWEST, filter: { inStock: true, search: "lamp" })'
        )
        lists = "".join(f"list{number}: {products} {{ nodes {{ id }} }} " for number in range(100))
        answer = api.send(f"query($after: String) {{ {lists} }}")
        assert "tokens" not in str(answer.get("errors"))


class TestIntrospection:
    def test_is_within_the_limits(self, api: GraphQLClient) -> None:
        assert api.run(INTROSPECTION)["__schema"]["queryType"]["name"] == "Query"

    def test_in_circles(self, api: GraphQLClient) -> None:
        circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
        assert codes(api.send(circle)) == {"BAD_USER_INPUT"}

    @pytest.mark.parametrize(
        "document",
        [
            "{ __schema { "
            + "".join(f"a{n}: types {{ fields {{ args {{ name }} }} }} " for n in range(5))
            + "} }",
            "{ __schema { types { " + "".join(f"a{n}: inputFields {{ name }} " for n in range(12)) + "} } }",
            "{ __schema { a: types { ...t } b: types { ...t } c: types { ...t } } }"
            "fragment t on __Type { fields { name } inputFields { name } interfaces { name } enumValues { name } }",
        ],
    )
    def test_again_and_again(self, api: GraphQLClient, document: str) -> None:
        answer = api.send(document)
        assert codes(answer) == {"OPERATION_TOO_LARGE"}
        assert "lists of an introspection" in str(answer["errors"])

    def test_switched_off(self, api: GraphQLClient, settings: Settings) -> None:
        settings.STORE_INTROSPECTION = False
        assert codes(api.send("{ __schema { queryType { name } } } # off")) == {"BAD_USER_INPUT"}
        assert codes(api.send('{ __type(name: "Product") { name } } # off')) == {"BAD_USER_INPUT"}
        assert api.run("{ __typename } # off") == {"__typename": "Query"}

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("{ product { nam } }", {}),
            ("{ prodcts { nodes { id } } }", {}),
            ("{ products(frst: 1) { nodes { id } } }", {}),
            ("{ products(sort: NEWST) { nodes { id } } }", {}),
            ("query($s: ProductSrt) { products(sort: $s) { nodes { id } } }", {}),
            ("query($s: ProductSort!) { products(sort: $s) { nodes { id } } }", {"s": "NEWST"}),
            ("query($f: ProductFilter) { products(filter: $f) { nodes { id } } }", {"f": {"inStok": True}}),
        ],
    )
    def test_no_name_is_suggested_once_it_is_switched_off(
        self, api: GraphQLClient, settings: Settings, query: str, variables: dict[str, Any]
    ) -> None:
        assert "Did you mean" in str(api.send(query, **variables))
        settings.STORE_INTROSPECTION = False
        answer = api.send(query, **variables)
        assert codes(answer) == {"BAD_USER_INPUT"}
        assert "Did you mean" not in str(answer)


def doubling(number: int) -> str:
    """Build fragments that each spread the next one twice: 2ⁿ fields."""
    spreads = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(number))
    return f"{{ ...f0 }} {spreads} fragment f{number} on Query {{ shop {{ currency }} }}"


def repeat_fields(field: str, number: int) -> str:
    return "{" + "".join(field.replace("#", str(place)) for place in range(number)) + "}"


class TestHostileDocuments:
    """Each is refused within two seconds, and none is reported as a fault."""

    @pytest.mark.parametrize(
        "document",
        [
            pytest.param(doubling(16), id="doubling fragments"),
            pytest.param(doubling(130), id="2^130 fields"),
            pytest.param(
                "{ ...a } fragment a on Query { ...b ...b } fragment b on Query { ...a ...a }", id="a circle"
            ),
            pytest.param(repeat_fields("a#: __typename ", 3000), id="aliases"),
            pytest.param(repeat_fields("__typename ", 2000), id="one field again and again"),
            pytest.param(repeat_fields('product(slug: "#") { name } ', 140), id="fields in conflict"),
            pytest.param("{ a" * 5000 + " }" * 5000, id="depth"),
            pytest.param(
                "{ products(filter: " + "[" * 5000 + "]" * 5000 + ") { totalCount } }", id="a deep list"
            ),
            pytest.param("{ ...a" + "{ ... on Query" * 3000, id="cut off"),
            pytest.param("#" + "x" * 900_000 + "\n{ __typename }", id="a comment"),
            pytest.param("{ __typename" + " @skip(if: false)" * 1000 + " }", id="directives"),
            pytest.param("{ __typename" + " @a" * 10 + " }", id="unknown directives"),
            pytest.param(
                "query(" + "".join(f"$a{n}: Int " for n in range(1800)) + ") { __typename }", id="unused"
            ),
            pytest.param("{ shop @a " + "@a" * 9900 + " { currency } }", id="twenty thousand tokens"),
            pytest.param("{ a(b: [" + "1 " * 9900 + "]) }", id="a long list"),
            pytest.param("{ products(first: " + "9" * 5000 + ") { totalCount } }", id="a huge number"),
            pytest.param(
                "{ nothing { at { all(first: 3) } } ...Nothing ...on Nobody { a } }", id="no such fields"
            ),
            pytest.param("type Query { a: Int } { __typename }", id="a definition of types"),
            pytest.param("subscription { a }", id="a subscription"),
            pytest.param("fragment a on Query { __typename }", id="nothing to run"),
            pytest.param(repeat_fields('a#: search(term: "a") { __typename } ', 8), id="searches"),
            pytest.param(
                "{ products(first: 100) { nodes { category { products(first: 100) { nodes { name slug } } } } } }",
                id="pages within pages",
            ),
        ],
    )
    def test_is_refused_soon(self, api: GraphQLClient, document: str) -> None:
        began = process_time()
        answer = api.send(document)
        assert process_time() - began < SECONDS
        assert codes(answer) <= {TOO_LARGE, "BAD_USER_INPUT"}
        assert len(answer["errors"]) <= MAX_ERRORS + 1

    @pytest.mark.parametrize("number", [900, 50_000])
    def test_huge_filters(self, api: GraphQLClient, number: int) -> None:
        make_product()
        query = "query($c: [String!]) { products(filter: {categories: $c}) { totalCount } }"
        began = process_time()
        answer = api.send(query, c=["lamps"] * number)
        assert process_time() - began < SECONDS
        if number > 1000:
            assert codes(answer) == {TOO_LARGE}
        else:
            assert answer["data"] == {"products": {"totalCount": 0}}


class TestDocuments:
    def test_the_same_text_is_parsed_once(self) -> None:
        documents = Documents(number=2, characters=100)
        assert documents.get("{ a }", schema) is documents.get("{ a }", schema)

    def test_what_was_asked_for_last_is_kept(self) -> None:
        documents = Documents(number=2, characters=100)
        first, _ = (documents.get(text, schema) for text in ("{ a }", "{ b }"))
        documents.get("{ a }", schema)
        documents.get("{ c }", schema)
        assert list(documents.by_text) == ["{ a }", "{ c }"]
        assert documents.get("{ a }", schema) is first

    def test_the_characters_are_bounded(self) -> None:
        documents = Documents(number=100, characters=12)
        for text in ("{ a }", "{ b }", "{ c }"):
            documents.get(text, schema)
        assert (list(documents.by_text), documents.held) == (["{ b }", "{ c }"], 10)

    def test_errors_are_kept_too(self, api: GraphQLClient) -> None:
        assert [api.expect_refusal("{ nothing }") for _ in range(2)] == ["BAD_USER_INPUT"] * 2
        assert [api.expect_refusal("{ nothing") for _ in range(2)] == ["BAD_USER_INPUT"] * 2


class TestHeld:
    """The cache of documents is bounded by everything that it holds."""

    def document(self, text: str) -> Document:
        return Documents(number=1, characters=20_000).get(text, schema)

    def test_of_weights(self) -> None:
        text = "query($n: Int) { products(first: $n) { nodes { name } } }"
        document = self.document(text)
        operation = document.operation(None)
        for size in range(-100, 300):
            document.weight(operation, {"n": size * 10**1000})
            document.weight(operation, {"n": size})
        assert len(document.weights) <= MAX_WEIGHTS
        assert max(number for key in document.weights for number in key[2:]) <= LARGEST_PAGE  # type: ignore[index]

    def test_of_a_document_with_many_page_sizes(self, api: GraphQLClient) -> None:
        names = [f"n{number}" for number in range(MAX_SIZES + 1)]
        variables = ", ".join(f"${name}: Int" for name in names)
        fields = " ".join(f"{name}: products(first: ${name}) {{ nodes {{ name }} }}" for name in names)
        document = self.document(f"query({variables}) {{ {fields} }}")
        weights = [
            document.weight(document.operation(None), dict.fromkeys(names, size)) for size in (1, 2, 2)
        ]
        assert [weight.cost for weight in weights] == [len(names) * (C + 1 + size) for size in (1, 2, 2)]
        assert len(document.weights) <= 1  # the first weight, when the variables were not known yet

    def test_of_readings(self, api: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
        documents = Documents(number=1, characters=20_000)
        monkeypatch.setattr("backend.schema.documents", documents)
        text = "query($n: Int) { products(first: $n) { nodes { name comments { nodes { body } } } } }"
        for size in range(1, 101):
            assert api.run(text, n=size) == {"products": {"nodes": []}}
        [document] = documents.by_text.values()
        readings = document.readings
        assert 0 < readings.characters <= MAX_SQL_CHARACTERS
        assert readings.characters == sum(reading.characters for reading in readings.by_key.values())

    def test_of_accept(self) -> None:
        prefers_new.cache_clear()
        assert Client().get("/graphql/", headers={"Accept": "a" * 501}).json()
        assert prefers_new.cache_info().currsize == 0
