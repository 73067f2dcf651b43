"""Reading comments over the API."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from catalog.models import Product
from orders.models import OrderStatus
from reviews.models import Comment
from tests.conftest import GraphQLClient
from tests.factories import make_comment, make_product, make_user
from tests.reviews.schema.conftest import (
    OF_PRODUCT,
    OF_PRODUCTS,
    SignedIn,
    buy,
    comment_id,
    statements,
)

pytestmark = pytest.mark.django_db


class TestCommentsOfProduct:
    def pages(self, browser: GraphQLClient, product: Product, *, first: int) -> Iterator[dict[str, Any]]:
        after = None
        while True:
            answer = browser.run(OF_PRODUCT, slug=product.slug, first=first, after=after)
            page = answer["product"]["comments"]
            yield page
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def test_newest_first_page_by_page(self, api: GraphQLClient) -> None:
        product, start = make_product(), datetime(2026, 1, 1, tzinfo=UTC)
        # Two comments share each instant, and the unique slug orders them.
        made = [
            make_comment(product=product, now=start + timedelta(microseconds=number // 2))
            for number in range(7)
        ]
        make_comment()
        pages = list(self.pages(api, product, first=3))
        assert [len(page["nodes"]) for page in pages] == [3, 3, 1]
        assert {page["totalCount"] for page in pages} == {7}
        seen = [node["slug"] for page in pages for node in page["nodes"]]
        newest_first = sorted(made, key=lambda comment: (comment.created_at, comment.slug), reverse=True)
        assert seen == [comment.slug for comment in newest_first]
        assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True]
        assert pages[0]["edges"][-1]["cursor"] == pages[0]["pageInfo"]["endCursor"]

    def test_none(self, api: GraphQLClient) -> None:
        [page] = self.pages(api, make_product(), first=3)
        assert page == {
            "totalCount": 0,
            "nodes": [],
            "edges": [],
            "pageInfo": {
                "hasNextPage": False,
                "hasPreviousPage": False,
                "startCursor": None,
                "endCursor": None,
            },
        }

    @pytest.mark.parametrize(
        "bad",
        [{"first": 0}, {"first": -1}, {"first": 101}, {"after": "x"}, {"after": ""}, {"after": "bnVsbA=="}],
    )
    def test_bad_page(self, api: GraphQLClient, bad: dict[str, Any]) -> None:
        assert api.expect_refusal(OF_PRODUCT, slug=make_product().slug, **bad) == "BAD_USER_INPUT"

    def test_hidden_ones_are_for_their_author_and_the_staff(
        self, api: GraphQLClient, signed_in: SignedIn
    ) -> None:
        hidden = make_comment(active=False)
        make_comment(product=hidden.product)
        moderator = make_user(is_staff=True)
        moderator.user_permissions.add(Permission.objects.get(codename="view_comment"))
        for browser, count in (
            (api, 1),
            (signed_in(make_user()), 1),
            (signed_in(make_user(is_staff=True)), 1),
            (signed_in(hidden.user), 2),
            (signed_in(moderator), 2),
        ):
            [page] = self.pages(browser, hidden.product, first=10)
            assert page["totalCount"] == len(page["nodes"]) == count
            mine = [node["slug"] for node in page["nodes"] if node["isMine"]]
            assert mine == (
                [hidden.slug] if browser.session.get("_auth_user_id") == str(hidden.user_id) else []
            )

    @pytest.mark.parametrize(
        ("status", "verified"),
        [
            (OrderStatus.DRAFT, False),
            (OrderStatus.PENDING, False),
            (OrderStatus.PAID, True),
            (OrderStatus.SHIPPED, True),
            (OrderStatus.CANCELLED, False),
            (OrderStatus.REFUNDED, False),
        ],
    )
    def test_verified_purchase(self, api: GraphQLClient, status: OrderStatus, verified: bool) -> None:
        comment = make_comment()
        buy(comment.user, comment.product, status=status)
        buy(comment.user, make_product())
        buy(make_user(), comment.product)
        [page] = self.pages(api, comment.product, first=1)
        assert page["nodes"][0]["verifiedPurchase"] is verified

    def test_many_products_take_as_many_statements_as_few(self, signed_in: SignedIn) -> None:
        browser = signed_in(make_user())

        def fill(products: int) -> None:
            for _ in range(products):
                product = make_product()
                for _ in range(4):
                    buy((comment := make_comment(product=product)).user, comment.product)

        fill(3)
        few = statements(browser, OF_PRODUCTS)
        fill(27)
        assert statements(browser, OF_PRODUCTS) == few
        nodes = browser.run(OF_PRODUCTS)["products"]["nodes"]
        assert len(nodes) == 30
        for node in nodes:
            assert node["latest"]["totalCount"] == 4
            assert len(node["latest"]["nodes"]) == 1
            assert [edge["node"] for edge in node["more"]["edges"]] == [
                {"rating": None, "verifiedPurchase": True, "product": {"name": node["name"]}}
            ] * 3

    def test_below_a_comment(self, api: GraphQLClient) -> None:
        """A connection below the rows of another is read for all rows at once."""
        product = make_product()
        for _ in range(3):
            make_comment(product=product)
        query = f"""{{ product(slug: {json.dumps(product.slug)}) {{
            comments(first: 3) {{ nodes {{ product {{ comments(first: 2) {{ nodes {{ body }} }} }} }} }}
        }} }}"""
        nodes = api.run(query)["product"]["comments"]["nodes"]
        assert [len(node["product"]["comments"]["nodes"]) for node in nodes] == [2, 2, 2]
        three = statements(api, query)
        Comment.objects.all()[0].delete()
        assert statements(api, query) == three


class TestNode:
    QUERY = "query($id: ID!) { node(id: $id) { __typename ... on Comment { body } } }"

    def test_hidden_one_is_there_for_its_author_alone(self, api: GraphQLClient, signed_in: SignedIn) -> None:
        comment = make_comment(body="Mine")
        hidden = make_comment(body="Hidden", active=False)
        answer = {"__typename": "Comment", "body": "Mine"}
        assert api.run(self.QUERY, id=comment_id(comment))["node"] == answer
        assert api.run(self.QUERY, id=comment_id(hidden))["node"] is None
        assert signed_in(hidden.user).run(self.QUERY, id=comment_id(hidden))["node"]["body"] == "Hidden"
