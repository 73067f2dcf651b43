"""Related products over the API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db

RELATED = (
    "query($slug: String!, $first: Int! = 8) { product(slug: $slug) { related(first: $first) { slug } } }"
)
NESTED = """
{ products(first: 50) { nodes { slug related(first: 4) { slug category { name } image { url } } } } }
"""


def make_sold(count: int, **fields: Any) -> Product:
    product = make_product(**fields)
    Product.objects.filter(pk=product.pk).update(sold_count=count)
    return product


def slugs(api: GraphQLClient, slug: str, *, first: int = 8) -> list[str]:
    return [node["slug"] for node in api.run(RELATED, slug=slug, first=first)["product"]["related"]]


class TestRelated:
    def test_the_category_comes_first_in_it_the_most_alike_and_then_the_best_sold(
        self, api: GraphQLClient
    ) -> None:
        home, other = make_category(), make_category()
        make_product(name="Brass desk lamp", category=home)
        make_sold(1, name="Walnut shelf", category=home)
        make_sold(2, name="Oak shelf", category=home)
        make_sold(0, name="Floor lamps", category=home)
        make_sold(9, name="Brass hook", category=home)
        make_sold(8, name="Brass desk lamp, large", category=other)
        make_sold(7, name="Umbrella", category=other)
        assert slugs(api, "brass-desk-lamp") == [
            *("floor-lamps", "brass-hook", "oak-shelf", "walnut-shelf"),
            *("brass-desk-lamp-large", "umbrella"),
        ]
        assert slugs(api, "brass-desk-lamp", first=2) == ["floor-lamps", "brass-hook"]

    def test_a_product_alone_has_none(self, api: GraphQLClient) -> None:
        make_product(name="Lamp")
        assert slugs(api, "lamp") == []

    @pytest.mark.parametrize("first", [0, -1, 21])
    def test_a_number_beyond_is_refused(self, api: GraphQLClient, first: int) -> None:
        make_product(name="Lamp")
        assert api.expect_refusal(RELATED, slug="lamp", first=first) == "BAD_USER_INPUT"

    def test_below_a_list_it_is_the_same_in_as_many_statements(self, api: GraphQLClient) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                nodes = api.run(NESTED)["products"]["nodes"]
            for node in nodes:
                assert [found["slug"] for found in node["related"]] == slugs(api, node["slug"], first=4)
            return len(captured)

        categories = [make_category() for _ in range(3)]
        for number in range(6):
            make_sold(number % 3, category=categories[number % 3])
        few = statements()
        for number in range(30):
            make_sold(number % 5, category=categories[number % 3])
        make_product()
        assert statements() == few
