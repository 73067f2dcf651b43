"""Writing, changing and deleting comments over the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.models import Comment
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_comment, make_product, make_user
from tests.hostile import hostile_strings
from tests.reviews.schema.conftest import (
    COMMENT,
    CREATE,
    DELETE,
    SLIM,
    UPDATE,
    SignedIn,
    comment_id,
    product_id,
    statements,
    wrong_fields,
)
from tests.reviews.sums import assert_sums

pytestmark = pytest.mark.django_db


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
