"""A seller in a browser, and a list of products with its pages."""

from collections.abc import Callable

import pytest

from accounts.models import User
from tests.conftest import GraphQLClient
from tests.factories import make_seller

LIST = """
query($filter: ProductFilter, $sort: ProductSort! = NEWEST, $first: Int, $after: String, $last: Int, $before: String) {
  products(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
    nodes { slug }
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture
def person() -> User:
    return make_seller()


@pytest.fixture
def seller(person: User, signed_in: Callable[[User], GraphQLClient]) -> GraphQLClient:
    return signed_in(person)
