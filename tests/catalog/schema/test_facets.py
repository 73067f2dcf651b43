"""Facets: counted on request, for one connection, in a constant number of statements."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Favourite
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product, make_user

pytestmark = pytest.mark.django_db

FACETS = """
fragment Facets on ProductConnection {
  facets {
    categories { count category { name slug productCount products(first: 2) { nodes { name category { name } } } } }
    minPrice { amount currency }
    maxPrice { amount }
    inStock
    onSale
  }
}
"""

# Without the connections below the categories.
FLAT = FACETS.replace("products(first: 2) { nodes { name category { name } } }", "")


class TestFacets:
    def test_of_all_products(self, api: GraphQLClient) -> None:
        light, seats = make_category("Light"), make_category("Seats")
        make_product(name="lamp", category=light, price=Decimal(10), discount=Decimal(50))
        make_product(name="chair", category=seats, price=Decimal(30), stock=0)
        query = FACETS + "query($filter: ProductFilter) { products(filter: $filter) { ...Facets } }"
        lamp = {"nodes": [{"name": "lamp", "category": {"name": "Light"}}]}
        chair = {"nodes": [{"name": "chair", "category": {"name": "Seats"}}]}
        of_light = {"name": "Light", "slug": "light", "productCount": 1, "products": lamp}
        of_seats = {"name": "Seats", "slug": "seats", "productCount": 1, "products": chair}
        assert api.run(query)["products"]["facets"] == {
            "categories": [{"count": 1, "category": of_light}, {"count": 1, "category": of_seats}],
            "minPrice": {"amount": "5.00", "currency": "USD"},
            "maxPrice": {"amount": "30.00"},
            "inStock": 1,
            "onSale": 1,
        }
        of_chairs = api.run(query, filter={"categories": ["seats"]})["products"]["facets"]
        assert [facet["count"] for facet in of_chairs["categories"]] == [1, 1]
        assert (of_chairs["minPrice"]["amount"], of_chairs["inStock"], of_chairs["onSale"]) == ("30.00", 0, 0)

    def test_of_no_products(self, api: GraphQLClient) -> None:
        query = FACETS + "{ products { ...Facets } }"
        nothing: dict[str, Any] = {
            "categories": [],
            "minPrice": None,
            "maxPrice": None,
            "inStock": 0,
            "onSale": 0,
        }
        assert api.run(query)["products"]["facets"] == nothing

    def test_of_one_category(self, api: GraphQLClient) -> None:
        make_product(category=make_category("Light"))
        make_product(category=make_category("Seats"))
        found = api.run(
            '{ category(slug: "light") { products { facets { inStock categories { count } } } } }'
        )
        assert found["category"]["products"]["facets"] == {"inStock": 1, "categories": [{"count": 1}]}

    def test_of_favourites(self, signed_in: Callable[..., GraphQLClient]) -> None:
        person = make_user()
        Favourite.objects.create(user=person, product=make_product())
        Favourite.objects.create(user=make_user(), product=make_product())
        found = signed_in(person).run("{ me { favourites { facets { inStock } } } }")
        assert found["me"]["favourites"]["facets"] == {"inStock": 1}

    @pytest.mark.parametrize(
        "query",
        [
            "{ categories { products { facets { inStock } } } }",
            "{ products { nodes { category { products { facets { inStock } } } } } }",
            "{ products { edges { node { category { products { facets { inStock } } } } } } }",
            "{ products { facets { categories { category { products { facets { inStock } } } } } } }",
        ],
    )
    def test_below_a_list_are_refused(self, api: GraphQLClient, query: str) -> None:
        make_product()
        make_product()
        assert api.expect_refusal(query) == "OPERATION_TOO_LARGE"

    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            ("nodes { name }", 1),
            ("facets { inStock }", 2),
            ("facets { minPrice { amount } maxPrice { amount } onSale }", 2),
            ("facets { categories { count category { name } } }", 3),
            # The page, the facet, its categories, their products, and the totals.
            ("facets { categories { category { products { totalCount nodes { category { name } } } } } }", 5),
        ],
    )
    def test_statements_are_those_asked_for(self, api: GraphQLClient, selection: str, expected: int) -> None:
        for count in (3, 27):
            for _ in range(count):
                make_product()
            with CaptureQueriesContext(connection) as captured:
                api.run(f"{{ products(first: 100) {{ {selection} }} }}")
            assert len(captured) == expected

    def test_with_all_that_can_be_asked_for(self, api: GraphQLClient) -> None:
        seller = make_user(first_name="Ada", last_name="Seller")
        for _ in range(3):
            make_product(name="Brass lamp", user=seller, category=make_category())
        fields = "{ ...Facets totalCount nodes { name category { name } seller { name } } }"
        filter = '(filter: { seller: "ada-seller", minPrice: 1, inStock: true, onSale: false })'
        search = f'search(term: "lamp", filter: {{ seller: "ada-seller" }}) {{ ... on ProductConnection {fields} }}'
        # A search reads its names, its words, its candidates, and the sample in two statements.
        for operation, most in ((f"products{filter} {fields}", 7), (search, 9)):
            with CaptureQueriesContext(connection) as captured:
                (found,) = api.run(f"{FLAT} {{ {operation} }}").values()
            assert (found["totalCount"], found["facets"]["inStock"]) == (3, 3)
            assert len(captured) <= most
