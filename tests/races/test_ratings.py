"""Many people rate, edit and delete at once. The sums match the rows, and a person rates once."""

from collections.abc import Callable
from functools import partial
from itertools import product as pairs

import pytest
from django.utils import timezone

from catalog.services import delete_product
from core.errors import NotFound, ValidationError
from reviews.models import Comment, Report
from reviews.services import (
    create_comment,
    delete_comment,
    report_comment,
    set_active,
    update_comment,
)
from tests.factories import make_comment, make_product, make_staff, make_user
from tests.races.conftest import at_once
from tests.reviews.sums import assert_sums

pytestmark = pytest.mark.django_db(transaction=True)


def outcome(action: Callable[[], object]) -> str:
    """Return `done`, or the name of the refusal."""
    try:
        action()
    except (NotFound, ValidationError) as error:
        return type(error).__name__
    return "done"


class TestCreateComment:
    def test_eight_people_rate_one_product(self) -> None:
        product = make_product()
        people = [make_user() for _ in range(8)]
        rate = partial(create_comment, product_pk=product.pk, body="Good", now=timezone.now())
        at_once(*(partial(rate, user=person, rating=index % 5 + 1) for index, person in enumerate(people)))
        assert_sums(product, [2, 2, 2, 1, 1])

    def test_one_person_rates_eight_times(self) -> None:
        product, person = make_product(), make_user(email_verified=True)
        rate = partial(create_comment, user=person, product_pk=product.pk, now=timezone.now(), rating=3)
        outcomes = at_once(*(partial(outcome, partial(rate, body=f"Number {index}")) for index in range(8)))
        assert sorted(outcomes) == ["ValidationError"] * 7 + ["done"]
        assert Comment.objects.count() == 1
        assert_sums(product, [0, 0, 1, 0, 0])


class TestUpdateComment:
    def test_eight_ratings_of_one_comment(self) -> None:
        comment = make_comment(rating=5)
        change = partial(update_comment, user=comment.user, comment_pk=comment.pk, now=timezone.now())
        at_once(*(partial(change, changes={"rating": index % 4 + 1}) for index in range(8)))
        comment.refresh_from_db()
        assert comment.rating is not None
        assert_sums(comment.product, [int(rating == comment.rating) for rating in range(1, 6)])

    def test_one_person_rates_in_a_new_comment_and_in_an_old_one(self) -> None:
        """One waits for the other at the product's lock, and then sees its rating."""
        old = make_comment()
        now = timezone.now()
        change = partial(update_comment, user=old.user, comment_pk=old.pk, changes={"rating": 1}, now=now)
        add = partial(create_comment, user=old.user, product_pk=old.product_id, body="New", rating=2, now=now)
        outcomes = at_once(*(partial(outcome, action) for action in (change, add, add, add)))
        rating = Comment.objects.get(rating__isnull=False).rating
        assert outcomes.count("done") == 1
        assert_sums(old.product, [int(rating == 1), int(rating == 2), 0, 0, 0])


class TestDeleteComment:
    def test_edited_switched_and_deleted_at_once(self) -> None:
        product = make_product()
        now = timezone.now()
        comments = [make_comment(product=product, rating=5) for _ in range(3)]
        for comment, active in pairs(comments, (False, True)):
            delete = partial(delete_comment, user=comment.user, comment_pk=comment.pk)
            change = partial(update_comment, user=comment.user, comment_pk=comment.pk, now=now)
            outcomes = at_once(
                partial(outcome, delete),
                partial(outcome, partial(change, changes={"rating": 1})),
                partial(outcome, delete),
                partial(outcome, partial(set_active, Comment.objects.filter(pk=comment.pk), active=active)),
            )
            assert set(outcomes) <= {"done", "NotFound"}
        assert not Comment.objects.exists()
        assert_sums(product, [0, 0, 0, 0, 0])


class TestReportComment:
    def test_one_person_reports_eight_times(self) -> None:
        comment, person = make_comment(), make_user()
        report = partial(
            report_comment, user=person, comment_pk=comment.pk, reason="Spam", now=timezone.now()
        )
        assert at_once(*[report] * 8) == [comment] * 8
        assert Report.objects.count() == 1


class TestSetActive:
    def test_switched_off_eight_times(self) -> None:
        comment = make_comment(rating=4)
        make_comment(product=comment.product, rating=4)
        at_once(*[partial(set_active, Comment.objects.filter(pk=comment.pk), active=False)] * 8)
        assert_sums(comment.product, [0, 0, 0, 1, 0])


class TestDeleteProduct:
    def test_while_its_comments_change(self) -> None:
        """No deadlock: deleting and rating both lock the product first, and then its comments."""
        for _ in range(5):
            product = make_product(user=make_staff())
            comments = [make_comment(product=product, rating=5) for _ in range(6)]
            now = timezone.now()
            changes = [
                partial(
                    update_comment, user=comment.user, comment_pk=comment.pk, changes={"rating": 1}, now=now
                )
                for comment in comments
            ]
            add = partial(
                create_comment, user=product.user, product_pk=product.pk, body="New", rating=2, now=now
            )
            delete = partial(delete_product, user=product.user, product_pk=product.pk)
            actions: list[Callable[[], object]] = [*changes, add, delete]
            outcomes = at_once(*(partial(outcome, action) for action in actions))
            assert outcomes[-1] == "done"
            assert set(outcomes) <= {"done", "NotFound"}
            assert not Comment.objects.exists()
