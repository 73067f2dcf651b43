from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog import selectors
from catalog.models import Favourite, Product
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_user

pytestmark = pytest.mark.django_db

FAVOURITES = """
    query($first: Int, $after: String) {
        me {
            favourites(first: $first, after: $after) {
                totalCount
                nodes { name isFavourite comments { totalCount } }
                edges { cursor node { category { name } seller { name } } }
                pageInfo { hasNextPage endCursor }
            }
        }
    }
"""


def favour(user: User, *products: Product) -> None:
    for product in products:
        Favourite.objects.create(user=user, product=product)


class TestFavouritesOfUser:
    def page(self, browser: GraphQLClient, **place: Any) -> dict[str, Any]:
        page: dict[str, Any] = browser.run(FAVOURITES, **place)["me"]["favourites"]
        return page

    def test_ones_own_latest_first(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        person, other = make_user(), make_user()
        products = [make_product(name=f"Number {number}") for number in range(3)]
        favour(other, *products)
        favour(person, products[1], products[2], products[0])
        favour(make_user(), products[0])
        browser = signed_in(person)
        page = self.page(browser, first=2)
        assert page["totalCount"] == 3
        assert [node["name"] for node in page["nodes"]] == ["Number 0", "Number 2"]
        assert all(node["isFavourite"] for node in page["nodes"])
        rest = self.page(browser, first=2, after=page["pageInfo"]["endCursor"])
        assert [node["name"] for node in rest["nodes"]] == ["Number 1"]
        assert not rest["pageInfo"]["hasNextPage"]

    def test_none(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        favour(make_user(), make_product())
        page = self.page(signed_in(make_user()))
        assert (page["totalCount"], page["nodes"]) == (0, [])

    def test_many_take_as_many_statements_as_few(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        person = make_user()
        browser = signed_in(person)

        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                self.page(browser, first=50)
            return len(captured)

        favour(person, *(make_product() for _ in range(3)))
        few = statements()
        favour(person, *(make_product() for _ in range(27)))
        assert statements() == few

    def test_one_row_for_each_person_and_product(self) -> None:
        """Two people at once, who share favourites with others."""
        people, products = [make_user() for _ in range(3)], [make_product() for _ in range(2)]
        for person in people:
            favour(person, *products)
        favourites: Any = selectors.favourites()  # annotated
        rows = favourites.filter(fan_id__in=[people[0].pk, people[1].pk])
        assert sorted(rows.values_list("fan_id", "pk")) == sorted(
            (person.pk, product.pk) for person in people[:2] for product in products
        )

    def test_cursor_of_another_list(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        make_product()
        browser = signed_in(make_user())
        cursor = browser.run("{ products { pageInfo { endCursor } } }")["products"]["pageInfo"]["endCursor"]
        assert browser.expect_refusal(FAVOURITES, after=cursor) == "BAD_USER_INPUT"
