"""The sitemap: slugs and times of all products, in large pages."""

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Product
from tests.conftest import GraphQLClient
from tests.factories import make_category, make_product, make_user

pytestmark = pytest.mark.django_db

SITEMAP = """
query($first: Int! = 1000, $after: String) {
  sitemap(first: $first, after: $after) {
    nodes { slug updatedAt }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    totalCount
  }
}
"""


def make_products(count: int) -> list[tuple[str, str]]:
    """Make products, and return their slugs and times, by slug."""
    category, user = make_category(), make_user()
    products = [make_product(category=category, user=user) for _ in range(count)]
    return sorted((product.slug, product.updated_at.isoformat()) for product in products)


class TestSitemap:
    def test_pages_by_slug_through_all(self, api: GraphQLClient) -> None:
        products = make_products(7)
        found: list[tuple[str, str]] = []
        page = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            answer = api.run(SITEMAP, first=3, after=page["endCursor"])["sitemap"]
            found += [(node["slug"], node["updatedAt"]) for node in answer["nodes"]]
            page = answer["pageInfo"]
            assert answer["totalCount"] == 7
        assert found == products

    def test_more_than_other_lists_in_one_statement_of_two_columns(
        self, api: GraphQLClient, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        [(slug, _)] = make_products(1)
        product = Product.objects.get()
        Product.objects.bulk_create(
            Product(
                **{
                    name: getattr(product, name)
                    for name in ("category", "user", "name", "description", "price")
                },
                slug=f"{slug}-{number}",
            )
            for number in range(120)
        )
        query = "{ sitemap { nodes { slug updatedAt } } }"
        with django_assert_num_queries(1) as captured:
            assert len(api.run(query)["sitemap"]["nodes"]) == 121
        columns = captured[0]["sql"].partition(" FROM ")[0]
        assert columns.count(",") == 1
        assert "slug" in columns
        assert "updated_at" in columns

    @pytest.mark.parametrize(
        "variables", [{"first": 0}, {"first": 1001}, {"after": "none"}, {"after": "WyJcdTAwMDAiXQ=="}]
    )
    def test_what_no_page_can_be(self, api: GraphQLClient, variables: dict[str, object]) -> None:
        assert api.expect_refusal(SITEMAP, **variables) == "BAD_USER_INPUT"
