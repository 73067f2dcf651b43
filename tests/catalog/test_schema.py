import pytest

from tests.conftest import GraphQLClient
from tests.factories import make_product

pytestmark = pytest.mark.django_db


class TestProduct:
    def test_by_slug(self, api: GraphQLClient) -> None:
        product = make_product(name="Oak lamp")
        answer = api.run("query($slug: String!) { product(slug: $slug) { name stock } }", slug=product.slug)
        assert answer == {"product": {"name": "Oak lamp", "stock": 10}}
