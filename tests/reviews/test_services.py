from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from pytest_django import Settings

from catalog.models import Product
from core.errors import NotFound, TooManyAttempts, ValidationError, camel_case
from reviews import services
from reviews.models import Comment, Report
from reviews.services import CommentChanges
from tests.factories import make_comment, make_product, make_user
from tests.reviews.sums import assert_sums

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def switch(comment: Comment, *, active: bool) -> None:
    services.set_active(Comment.objects.filter(pk=comment.pk), active=active)


class TestCreateComment:
    def test_counts_the_rating(self) -> None:
        product = make_product()
        for rating in (5, 5, 3):
            make_comment(product=product, rating=rating, now=NOW)
        make_comment(product=product)
        assert_sums(product, [0, 0, 1, 0, 2])

    def test_who_has_not_verified_posts_few(self) -> None:
        product, user = make_product(), make_user()
        for _ in range(5):
            make_comment(user=user, product=product)
        with pytest.raises(TooManyAttempts):
            make_comment(user=user, product=product)
        assert Comment.objects.count() == 5
        make_comment(user=make_user(), product=product)
        user.email_verified = True
        for _ in range(6):
            make_comment(user=user, product=product)

    def test_the_store_may_ask_for_verification_first(self, settings: Settings) -> None:
        settings.STORE_COMMENTS_NEED_VERIFICATION = True
        product, user = make_product(), make_user()
        with pytest.raises(ValidationError, match="verify your e-mail address"):
            make_comment(user=user, product=product)
        assert not Comment.objects.exists()
        user.email_verified = True
        make_comment(user=user, product=product)

    def test_says_when(self) -> None:
        comment = make_comment(now=NOW)
        comment.refresh_from_db()
        assert comment.created_at == comment.updated_at == NOW

    def test_same_words_get_slugs_of_their_own(self) -> None:
        slugs = {make_comment(body="Très bon !").slug for _ in range(3)}
        assert len(slugs) == 3
        assert all(slug.startswith("très-bon") for slug in slugs)

    def test_second_rating_is_refused(self) -> None:
        rated = make_comment(rating=2)
        with pytest.raises(ValidationError) as refusal:
            make_comment(user=rated.user, product=rated.product, rating=5)
        [error] = refusal.value.fields
        assert (error.field, error.message) == (
            "rating",
            "You have already rated this product. Please change that rating.",
        )
        assert Comment.objects.count() == 1
        assert_sums(rated.product, [0, 1, 0, 0, 0])

    def test_second_rating_with_the_same_words_is_refused(self) -> None:
        rated = make_comment(rating=2, body="Good")
        with pytest.raises(ValidationError, match="already rated"):
            make_comment(user=rated.user, product=rated.product, rating=5, body="Good")
        assert Comment.objects.count() == 1

    def test_hidden_rating_is_still_the_one(self) -> None:
        rated = make_comment(rating=2, active=False)
        with pytest.raises(ValidationError, match="already rated"):
            make_comment(user=rated.user, product=rated.product, rating=5)
        assert_sums(rated.product, [0, 0, 0, 0, 0])

    def test_product_that_is_gone(self) -> None:
        gone = make_product()
        Product.objects.filter(pk=gone.pk).delete()
        with pytest.raises(NotFound, match="No such product"):
            services.create_comment(user=make_user(), product_pk=gone.pk, body="Good", rating=5, now=NOW)
        assert not Comment.objects.exists()


class TestUpdateComment:
    def test_moves_the_rating(self) -> None:
        comment = make_comment(rating=1)
        make_comment(product=comment.product, rating=5)
        services.update_comment(user=comment.user, comment_pk=comment.pk, changes={"rating": 4}, now=LATER)
        assert_sums(comment.product, [0, 0, 0, 1, 1])

    @pytest.mark.parametrize("field", sorted(CommentChanges.__annotations__.keys() - {"rating"}))
    def test_refuses_null(self, field: str) -> None:
        comment = make_comment(rating=1, now=NOW)
        before = Comment.objects.values().get()
        changes = cast(CommentChanges, {field: None})
        with pytest.raises(ValidationError) as refused:
            services.update_comment(user=comment.user, comment_pk=comment.pk, changes=changes, now=LATER)
        assert [error.field for error in refused.value.fields] == [camel_case(field)]
        assert Comment.objects.values().get() == before

    def test_gives_and_takes_the_rating(self) -> None:
        comment = make_comment()
        services.update_comment(user=comment.user, comment_pk=comment.pk, changes={"rating": 4}, now=LATER)
        assert_sums(comment.product, [0, 0, 0, 1, 0])
        services.update_comment(user=comment.user, comment_pk=comment.pk, changes={"rating": None}, now=LATER)
        assert_sums(comment.product, [0, 0, 0, 0, 0])

    def test_body_alone_keeps_rating_and_slug(self) -> None:
        comment = make_comment(rating=4, body="Old words", now=NOW)
        services.update_comment(
            user=comment.user, comment_pk=comment.pk, changes={"body": "New words"}, now=LATER
        )
        comment.refresh_from_db()
        assert (comment.body, comment.rating, comment.slug) == ("New words", 4, "old-words")
        assert (comment.created_at, comment.updated_at) == (NOW, LATER)
        assert_sums(comment.product, [0, 0, 0, 1, 0])

    def test_hidden_rating_counts_once_it_is_shown(self) -> None:
        comment = make_comment(rating=4, active=False)
        services.update_comment(user=comment.user, comment_pk=comment.pk, changes={"rating": 2}, now=LATER)
        assert_sums(comment.product, [0, 0, 0, 0, 0])
        switch(comment, active=True)
        assert_sums(comment.product, [0, 1, 0, 0, 0])

    def test_second_rating_is_refused(self) -> None:
        rated = make_comment(rating=2)
        other = make_comment(user=rated.user, product=rated.product, body="As it was")
        with pytest.raises(ValidationError, match="already rated"):
            services.update_comment(
                user=rated.user, comment_pk=other.pk, changes={"rating": 5, "body": "New"}, now=LATER
            )
        other.refresh_from_db()
        assert (other.rating, other.body) == (None, "As it was")
        assert_sums(rated.product, [0, 1, 0, 0, 0])

    def test_anothers_comment(self) -> None:
        comment = make_comment(rating=3, body="Mine")
        with pytest.raises(NotFound):
            services.update_comment(
                user=make_user(is_staff=True, is_superuser=True),
                comment_pk=comment.pk,
                changes={"rating": 1, "body": "Yours"},
                now=LATER,
            )
        comment.refresh_from_db()
        assert comment.body == "Mine"
        assert_sums(comment.product, [0, 0, 1, 0, 0])


class TestDeleteComment:
    def test_takes_the_rating_along(self) -> None:
        comment = make_comment(rating=3)
        make_comment(product=comment.product, rating=3)
        services.delete_comment(user=comment.user, comment_pk=comment.pk)
        assert_sums(comment.product, [0, 0, 1, 0, 0])

    def test_hidden_rating_is_not_taken_twice(self) -> None:
        comment = make_comment(rating=3, active=False)
        make_comment(product=comment.product, rating=3)
        services.delete_comment(user=comment.user, comment_pk=comment.pk)
        assert_sums(comment.product, [0, 0, 1, 0, 0])

    def test_twice(self) -> None:
        comment = make_comment(rating=3)
        services.delete_comment(user=comment.user, comment_pk=comment.pk)
        with pytest.raises(NotFound):
            services.delete_comment(user=comment.user, comment_pk=comment.pk)
        assert_sums(comment.product, [0, 0, 0, 0, 0])

    def test_makes_room_for_a_new_rating(self) -> None:
        comment = make_comment(rating=3)
        services.delete_comment(user=comment.user, comment_pk=comment.pk)
        make_comment(user=comment.user, product=comment.product, rating=5)
        assert_sums(comment.product, [0, 0, 0, 0, 1])

    def test_anothers_comment(self) -> None:
        comment = make_comment(rating=3)
        with pytest.raises(NotFound):
            services.delete_comment(user=make_user(), comment_pk=comment.pk)
        assert_sums(comment.product, [0, 0, 1, 0, 0])


class TestReportComment:
    def test_keeps_who_and_why(self) -> None:
        comment, user = make_comment(), make_user()
        services.report_comment(user=user, comment_pk=comment.pk, reason="Spam", now=NOW)
        report = Report.objects.get()
        assert (report.comment, report.user, report.reason, report.created_at) == (comment, user, "Spam", NOW)

    def test_second_report_changes_nothing(self) -> None:
        comment, user = make_comment(), make_user()
        services.report_comment(user=user, comment_pk=comment.pk, reason="Spam", now=NOW)
        answer = services.report_comment(user=user, comment_pk=comment.pk, reason="Rude", now=LATER)
        assert answer == comment
        assert Report.objects.get().reason == "Spam"

    def test_hidden_comment_of_another(self) -> None:
        comment = make_comment(active=False)
        with pytest.raises(NotFound):
            services.report_comment(user=make_user(), comment_pk=comment.pk, reason="Spam", now=NOW)
        assert not Report.objects.exists()


class TestSetActive:
    def test_off_takes_the_rating_out_and_on_puts_it_back(self) -> None:
        comment = make_comment(rating=4)
        switch(comment, active=False)
        assert_sums(comment.product, [0, 0, 0, 0, 0])
        switch(comment, active=True)
        assert_sums(comment.product, [0, 0, 0, 1, 0])

    @pytest.mark.parametrize(("active", "histogram"), [(True, [0, 0, 0, 1, 0]), (False, [0, 0, 0, 0, 0])])
    def test_twice_is_once(self, active: bool, histogram: list[int]) -> None:
        comment = make_comment(rating=4, active=not active)
        switch(comment, active=active)
        switch(comment, active=active)
        assert_sums(comment.product, histogram)

    def test_many_at_once(self) -> None:
        one, two = make_comment(rating=4), make_comment(rating=2)
        services.set_active(Comment.objects.all(), active=False)
        assert_sums(one.product, [0, 0, 0, 0, 0])
        assert_sums(two.product, [0, 0, 0, 0, 0])

    def test_comment_without_a_rating(self) -> None:
        comment = make_comment()
        switch(comment, active=False)
        comment.refresh_from_db()
        assert not comment.active
        assert_sums(comment.product, [0, 0, 0, 0, 0])
