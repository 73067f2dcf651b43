import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.models import Product
from orders.models import Order, OrderItem, OrderStatus, Shipping
from reviews.models import Comment, Report
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_comment, make_product, make_user
from tests.hostile import hostile_strings
from tests.reviews.sums import assert_sums

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], GraphQLClient]

COMMENT = """
    fragment Everything on Comment {
        id slug author { name slug } product { slug name rating { average count histogram } } body rating
        verifiedPurchase active isMine createdAt updatedAt
    }
"""
ANSWER = """
    __typename
    ... on Comment { ...Everything }
    ... on ValidationError { code fields { field message } }
    ... on NotFound { code message }
"""
CREATE = f"mutation($input: CreateCommentInput!) {{ createComment(input: $input) {{ {ANSWER} }} }} {COMMENT}"
UPDATE = f"mutation($input: UpdateCommentInput!) {{ updateComment(input: $input) {{ {ANSWER} }} }} {COMMENT}"
REPORT = f"mutation($input: ReportCommentInput!) {{ reportComment(input: $input) {{ {ANSWER} }} }} {COMMENT}"
# Replaces COMMENT where hundreds of texts are sent.
SLIM = "fragment Everything on Comment { slug body }"
DELETE = """
    mutation($input: DeleteCommentInput!) {
        deleteComment(input: $input) {
            __typename
            ... on Deleted { id product { id rating { average count histogram } comments { totalCount } } }
            ... on NotFound { code message }
        }
    }
"""
OF_PRODUCT = f"""
    query($slug: String!, $first: Int, $after: String) {{
        product(slug: $slug) {{
            comments(first: $first, after: $after) {{
                totalCount nodes {{ ...Everything }} edges {{ cursor node {{ body }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            }}
        }}
    }} {COMMENT}
"""
OF_PRODUCTS = """
    {
        products(first: 50) {
            nodes {
                name
                latest: comments(first: 1) { totalCount nodes { body isMine author { name } } }
                more: comments(first: 3) {
                    edges { cursor node { rating verifiedPurchase product { name } } }
                }
            }
        }
    }
"""


def comment_id(comment: Comment) -> str:
    return global_id("Comment", comment.pk)


def product_id(product: Product) -> str:
    return global_id("Product", product.pk)


def wrong_fields(answer: dict[str, Any]) -> list[str]:
    assert answer["__typename"] == "ValidationError"
    assert answer["code"] == "INVALID"
    return [error["field"] for error in answer["fields"]]


def statements(browser: GraphQLClient, query: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        browser.run(query)
    return len(captured)


def buy(user: User, product: Product, *, status: OrderStatus = OrderStatus.SHIPPED) -> None:
    order = Order.objects.create(
        user=user,
        status=status,
        currency="USD",
        amount=product.final_price,
        shipping=Shipping.objects.create(country="DE"),
        email="ada@example.com",
        paid_at=timezone.now(),
    )
    OrderItem.objects.create(
        order=order, product=product, name=product.name, quantity=1, unit_price=product.final_price
    )


class TestCreateComment:
    def test_answers_with_all_of_it(self, signed_in: SignedIn) -> None:
        author, product = make_user(), make_product()
        data = signed_in(author).run(
            CREATE, input={"productId": product_id(product), "body": "Very good.", "rating": 4}
        )
        comment = Comment.objects.get()
        assert data["createComment"] == {
            "__typename": "Comment",
            "id": comment_id(comment),
            "slug": "very-good",
            "author": {"name": "Ada Lovelace", "slug": author.profile.slug},
            "product": {
                "slug": product.slug,
                "name": product.name,
                "rating": {"average": 4.0, "count": 1, "histogram": [0, 0, 0, 1, 0]},
            },
            "body": "Very good.",
            "rating": 4,
            "verifiedPurchase": False,
            "active": True,
            "isMine": True,
            "createdAt": comment.created_at.isoformat(),
            "updatedAt": comment.created_at.isoformat(),
        }
        assert_sums(product, [0, 0, 0, 1, 0])

    @pytest.mark.parametrize("rating", [{}, {"rating": None}])
    def test_without_a_rating(self, signed_in: SignedIn, rating: dict[str, None]) -> None:
        product = make_product()
        data = signed_in(make_user()).run(
            CREATE, input={"productId": product_id(product), "body": "Fine", **rating}
        )
        assert data["createComment"]["rating"] is None
        assert_sums(product, [0, 0, 0, 0, 0])

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"body": ""}, "body"),
            ({"body": " \n "}, "body"),
            ({"body": "x" * 5_001}, "body"),
            ({"rating": 0}, "rating"),
            ({"rating": 6}, "rating"),
            ({"rating": -1}, "rating"),
            ({"rating": 2**31 - 1}, "rating"),
        ],
    )
    def test_bad_input(self, signed_in: SignedIn, change: dict[str, Any], field: str) -> None:
        product = make_product()
        input = {"productId": product_id(product), "body": "Good", "rating": 5, **change}
        assert wrong_fields(signed_in(make_user()).run(CREATE, input=input)["createComment"]) == [field]
        assert not Comment.objects.exists()
        assert_sums(product, [0, 0, 0, 0, 0])

    def test_second_rating_says_so(self, signed_in: SignedIn) -> None:
        rated = make_comment(rating=5)
        answer = signed_in(rated.user).run(
            CREATE, input={"productId": product_id(rated.product), "body": "Bad", "rating": 1}
        )["createComment"]
        assert answer["fields"] == [
            {"field": "rating", "message": "You have already rated this product. Please change that rating."}
        ]
        assert Comment.objects.get() == rated
        assert_sums(rated.product, [0, 0, 0, 0, 1])

    def test_guest(self, api: GraphQLClient) -> None:
        product = make_product()
        code = api.expect_refusal(
            CREATE, input={"productId": product_id(product), "body": "Good", "rating": 5}
        )
        assert code == "UNAUTHENTICATED"
        assert not Comment.objects.exists()
        assert_sums(product, [0, 0, 0, 0, 0])

    def test_product_that_does_not_exist(self, signed_in: SignedIn) -> None:
        answer = signed_in(make_user()).run(
            CREATE, input={"productId": global_id("Product", 2**62), "body": "Good", "rating": 5}
        )["createComment"]
        assert answer == {"__typename": "NotFound", "code": "NOT_FOUND", "message": "No such product."}
        assert not Comment.objects.exists()

    @pytest.mark.parametrize(
        "id", ["", "x", global_id("Category", 1), global_id("Product", "x"), global_id("Product", 10**30)]
    )
    def test_id_of_something_else(self, signed_in: SignedIn, id: str) -> None:
        code = signed_in(make_user()).expect_refusal(CREATE, input={"productId": id, "body": "Good"})
        assert code == "BAD_USER_INPUT"
        assert not Comment.objects.exists()

    @pytest.mark.slow
    def test_hostile_strings_are_kept_or_refused(self, signed_in: SignedIn) -> None:
        product, browser = make_product(), signed_in(make_user(email_verified=True))
        for text in hostile_strings():
            input = {"productId": product_id(product), "body": text}
            answer = browser.run(CREATE.replace(COMMENT, SLIM), input=input)["createComment"]
            if answer["__typename"] == "Comment":
                assert answer["body"] == text
                assert Comment.objects.filter(slug=answer["slug"], body=text).exists()
            else:
                assert wrong_fields(answer) == ["body"]
                assert not text.strip()

    def test_any_number_takes_as_many_statements(self, signed_in: SignedIn) -> None:
        product, browser = make_product(), signed_in(make_user())
        counts = set()
        for number in range(4):
            with CaptureQueriesContext(connection) as captured:
                browser.run(CREATE, input={"productId": product_id(product), "body": f"Comment {number}"})
            counts.add(len(captured))
        assert len(counts) == 1


class TestUpdateComment:
    def test_changes_what_is_given(self, signed_in: SignedIn) -> None:
        comment = make_comment(rating=2, body="Old", now=datetime(2026, 1, 1, tzinfo=UTC))
        answer = signed_in(comment.user).run(UPDATE, input={"id": comment_id(comment), "body": "New"})
        assert answer["updateComment"]["body"] == "New"
        assert answer["updateComment"]["rating"] == 2
        assert answer["updateComment"]["createdAt"] == "2026-01-01T00:00:00+00:00"
        assert answer["updateComment"]["updatedAt"] > "2026-01-02"
        assert_sums(comment.product, [0, 1, 0, 0, 0])

    def test_null_takes_the_rating_away(self, signed_in: SignedIn) -> None:
        comment = make_comment(rating=2, body="Kept")
        answer = signed_in(comment.user).run(UPDATE, input={"id": comment_id(comment), "rating": None})
        assert answer["updateComment"]["rating"] is None
        assert answer["updateComment"]["body"] == "Kept"
        assert answer["updateComment"]["product"]["rating"] == {
            "average": None,
            "count": 0,
            "histogram": [0, 0, 0, 0, 0],
        }
        assert_sums(comment.product, [0, 0, 0, 0, 0])

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"body": None}, "body"),
            ({"body": ""}, "body"),
            ({"body": "\t"}, "body"),
            ({"body": "x" * 5_001}, "body"),
            ({"rating": 0}, "rating"),
            ({"rating": 6}, "rating"),
        ],
    )
    def test_bad_input(self, signed_in: SignedIn, change: dict[str, Any], field: str) -> None:
        comment = make_comment(rating=2, body="Kept")
        answer = signed_in(comment.user).run(UPDATE, input={"id": comment_id(comment), **change})
        assert wrong_fields(answer["updateComment"]) == [field]
        kept = Comment.objects.get()
        assert (kept.body, kept.rating, kept.updated_at) == ("Kept", 2, comment.updated_at)
        assert_sums(comment.product, [0, 1, 0, 0, 0])

    def test_second_rating_says_so(self, signed_in: SignedIn) -> None:
        rated = make_comment(rating=5)
        other = make_comment(user=rated.user, product=rated.product)
        answer = signed_in(rated.user).run(UPDATE, input={"id": comment_id(other), "rating": 1})
        assert wrong_fields(answer["updateComment"]) == ["rating"]
        assert_sums(rated.product, [0, 0, 0, 0, 1])

    def test_hidden_one_of_ones_own(self, signed_in: SignedIn) -> None:
        comment = make_comment(rating=5, active=False)
        answer = signed_in(comment.user).run(UPDATE, input={"id": comment_id(comment), "body": "Milder"})
        assert (answer["updateComment"]["body"], answer["updateComment"]["active"]) == ("Milder", False)
        assert_sums(comment.product, [0, 0, 0, 0, 0])

    def test_guest(self, api: GraphQLClient) -> None:
        comment = make_comment(body="Kept")
        assert (
            api.expect_refusal(UPDATE, input={"id": comment_id(comment), "body": "New"}) == "UNAUTHENTICATED"
        )
        assert Comment.objects.get().body == "Kept"

    @pytest.mark.parametrize("rights", [{}, {"is_staff": True, "is_superuser": True}])
    def test_anothers_comment(self, signed_in: SignedIn, rights: dict[str, bool]) -> None:
        comment = make_comment(body="Kept")
        browser = signed_in(make_user(**rights))
        answer = browser.run(UPDATE, input={"id": comment_id(comment), "body": "New", "rating": 1})
        assert answer["updateComment"] == {
            "__typename": "NotFound",
            "code": "NOT_FOUND",
            "message": "No such comment.",
        }
        assert Comment.objects.get().body == "Kept"
        assert_sums(comment.product, [0, 0, 0, 0, 0])

    def test_id_of_something_else(self, signed_in: SignedIn) -> None:
        comment = make_comment(body="Kept")
        browser = signed_in(comment.user)
        for id in ("", product_id(comment.product), global_id("Comment", -1), global_id("Comment", "²")):
            assert browser.expect_refusal(UPDATE, input={"id": id, "body": "New"}) == "BAD_USER_INPUT"
        assert Comment.objects.get().body == "Kept"

    @pytest.mark.slow
    def test_hostile_strings_are_kept_or_refused(self, signed_in: SignedIn) -> None:
        comment = make_comment()
        browser = signed_in(comment.user)
        for text in hostile_strings():
            input = {"id": comment_id(comment), "body": text}
            answer = browser.run(UPDATE.replace(COMMENT, SLIM), input=input)["updateComment"]
            if answer["__typename"] == "Comment":
                assert answer["body"] == text == Comment.objects.get().body
            else:
                assert wrong_fields(answer) == ["body"]
                assert not text.strip()


class TestDeleteComment:
    def test_answers_with_the_id_and_the_product_without_its_rating(self, signed_in: SignedIn) -> None:
        comment = make_comment(rating=3)
        make_comment(product=comment.product, rating=5)
        answer = signed_in(comment.user).run(DELETE, input={"id": comment_id(comment)})
        assert answer["deleteComment"] == {
            "__typename": "Deleted",
            "id": comment_id(comment),
            "product": {
                "id": product_id(comment.product),
                "rating": {"average": 5.0, "count": 1, "histogram": [0, 0, 0, 0, 1]},
                "comments": {"totalCount": 1},
            },
        }
        assert not Comment.objects.filter(user=comment.user).exists()
        assert_sums(comment.product, [0, 0, 0, 0, 1])

    def test_reads_the_product_only_for_those_who_select_it(self, signed_in: SignedIn) -> None:
        first = make_comment(rating=3)
        second = make_comment(user=first.user, product=first.product)
        browser = signed_in(first.user)

        def taken(comment: Comment, selected: str) -> int:
            document = (
                f'mutation {{ deleteComment(input: {{id: "{comment_id(comment)}"}}) {{ {selected} }} }}'
            )
            return statements(browser, document)

        without = taken(first, "... on Deleted { id }")
        assert taken(second, "... on Deleted { id product { rating { count } } }") <= without + 1

    def test_guest(self, api: GraphQLClient) -> None:
        comment = make_comment(rating=3)
        assert api.expect_refusal(DELETE, input={"id": comment_id(comment)}) == "UNAUTHENTICATED"
        assert_sums(comment.product, [0, 0, 1, 0, 0])

    def test_anothers_comment_and_one_that_does_not_exist(self, signed_in: SignedIn) -> None:
        comment = make_comment(rating=3)
        browser = signed_in(make_user())
        for id in (comment_id(comment), global_id("Comment", 2**63 - 1)):
            answer = browser.run(DELETE, input={"id": id})["deleteComment"]
            assert answer == {"__typename": "NotFound", "code": "NOT_FOUND", "message": "No such comment."}
        assert_sums(comment.product, [0, 0, 1, 0, 0])

    def test_id_of_something_else(self, signed_in: SignedIn) -> None:
        comment = make_comment()
        code = signed_in(comment.user).expect_refusal(DELETE, input={"id": global_id("Report", comment.pk)})
        assert code == "BAD_USER_INPUT"
        assert Comment.objects.exists()


class TestReportComment:
    def test_answers_with_the_comment_each_time(self, signed_in: SignedIn) -> None:
        comment = make_comment()
        browser = signed_in(make_user())
        for reason in ("Spam", "Still spam"):
            answer = browser.run(REPORT, input={"id": comment_id(comment), "reason": reason})
            assert answer["reportComment"]["id"] == comment_id(comment)
            assert answer["reportComment"]["isMine"] is False
        assert Report.objects.get().reason == "Spam"

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
    def test_bad_reason(self, signed_in: SignedIn, reason: str) -> None:
        comment = make_comment()
        answer = signed_in(make_user()).run(REPORT, input={"id": comment_id(comment), "reason": reason})
        assert wrong_fields(answer["reportComment"]) == ["reason"]
        assert not Report.objects.exists()

    def test_hidden_comment_of_another(self, signed_in: SignedIn) -> None:
        comment = make_comment(active=False)
        answer = signed_in(make_user()).run(REPORT, input={"id": comment_id(comment), "reason": "Spam"})
        assert answer["reportComment"]["__typename"] == "NotFound"
        assert not Report.objects.exists()

    def test_guest(self, api: GraphQLClient) -> None:
        comment = make_comment()
        assert (
            api.expect_refusal(REPORT, input={"id": comment_id(comment), "reason": "Spam"})
            == "UNAUTHENTICATED"
        )
        assert not Report.objects.exists()

    @pytest.mark.slow
    def test_hostile_strings_are_kept_or_refused(self, signed_in: SignedIn) -> None:
        comment = make_comment()
        browser = signed_in(make_user())
        for text in hostile_strings():
            Report.objects.all().delete()
            input = {"id": comment_id(comment), "reason": text}
            answer = browser.run(REPORT.replace(COMMENT, SLIM), input=input)["reportComment"]
            if answer["__typename"] == "Comment":
                assert Report.objects.get().reason == text
            else:
                assert wrong_fields(answer) == ["reason"]
                assert not text.strip() or len(text) > 500


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
