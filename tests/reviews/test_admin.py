from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from reviews.admin import CommentAdmin
from reviews.models import Comment, Report
from reviews.services import delete_comment, report_comment
from tests.conftest import GraphQLClient
from tests.factories import make_comment, make_product, make_staff, make_user
from tests.reviews.sums import assert_sums
from tests.staff import clerk

pytestmark = pytest.mark.django_db

LIST = "/admin/reviews/comment/"


@pytest.fixture
def staff(signed_in: Callable[[User], GraphQLClient]) -> Client:
    return signed_in(make_staff())


def report(comment: Comment, *, times: int = 1) -> Comment:
    for _ in range(times):
        report_comment(user=make_user(), comment_pk=comment.pk, reason="Spam", now=timezone.now())
    return comment


def list_bodies(staff: Client, **filters: Any) -> list[Comment]:
    return list(staff.get(LIST, filters).context["cl"].result_list)


def change(staff: Client, comment: Comment, **fields: Any) -> None:
    """Post the form of one comment. An unchecked box is left out."""
    form = {"reports-TOTAL_FORMS": 0, "reports-INITIAL_FORMS": 0, **fields}
    response = staff.post(f"{LIST}{comment.pk}/change/", form)
    assert response.status_code == 302, response.context["errors"]


class TestList:
    def test_shows_excerpt_stars_and_reports(self, staff: Client) -> None:
        comment = report(make_comment(body="word " * 100, rating=4), times=2)
        page = staff.get(LIST).content.decode()
        assert "word " * 15 in page
        assert "word " * 17 not in page
        assert "★★★★☆" in page
        assert comment.product.name in page
        assert "Ada Lovelace" in page
        assert list_bodies(staff)[0].report_count == 2  # type: ignore[attr-defined]  # annotated

    def test_what_was_reported_most_comes_first(self, staff: Client) -> None:
        once, twice, never = report(make_comment()), report(make_comment(), times=2), make_comment()
        assert list_bodies(staff) == [twice, once, never]

    def test_queue_of_moderation(self, staff: Client) -> None:
        waiting, never = report(make_comment()), make_comment()
        off = report(make_comment())
        Comment.objects.filter(pk=off.pk).update(active=False)
        assert list_bodies(staff, moderation="waiting") == [waiting]
        assert set(list_bodies(staff, moderation="reported")) == {waiting, off}
        assert list_bodies(staff, moderation="unreported") == [never]
        assert len(list_bodies(staff)) == 3

    def test_filters_and_search(self, staff: Client) -> None:
        good, bad = make_comment(rating=5, body="Splendid"), make_comment(rating=1)
        assert list_bodies(staff, rating__exact=5) == [good]
        assert list_bodies(staff, q="splendid") == [good]
        assert list_bodies(staff, q=bad.product.name) == [bad]
        assert list_bodies(staff, q=bad.user.email) == [bad]

    def test_any_number_takes_as_many_statements(self, staff: Client) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as captured:
                staff.get(LIST)
            return len(captured)

        for _ in range(3):
            report(make_comment())
        few = statements()
        for _ in range(27):
            report(make_comment())
        assert statements() == few


class TestActions:
    def run(self, staff: Client, action: str, *comments: Comment, **fields: str) -> None:
        form = {"action": action, "_selected_action": [comment.pk for comment in comments], **fields}
        assert staff.post(LIST, form).status_code == 302

    def test_switch_off_and_on(self, staff: Client) -> None:
        product = make_product()
        first, second = make_comment(product=product, rating=5), make_comment(product=product, rating=1)
        make_comment(product=product, rating=3)
        self.run(staff, "switch_off", first, second)
        assert_sums(product, [0, 0, 1, 0, 0])
        self.run(staff, "switch_off", second)
        assert_sums(product, [0, 0, 1, 0, 0])
        self.run(staff, "switch_on", first, second)
        assert_sums(product, [1, 0, 1, 0, 1])

    def test_what_is_kept_waits_no_more_until_it_is_reported_afresh(self, staff: Client) -> None:
        fine, other = report(make_comment(), times=2), report(make_comment())
        reporter = fine.reports.first().user  # type: ignore[union-attr]
        self.run(staff, "keep", fine)
        assert list_bodies(staff, moderation="waiting") == [other]
        assert set(list_bodies(staff, moderation="reported")) == {fine, other}
        assert [comment.report_count for comment in list_bodies(staff)] == [1, 0]  # type: ignore[attr-defined]
        fine.refresh_from_db()
        assert fine.active
        report_comment(user=reporter, comment_pk=fine.pk, reason="Still spam", now=timezone.now())
        assert set(list_bodies(staff, moderation="waiting")) == {fine, other}
        assert fine.reports.filter(settled_at=None).get().reason == "Still spam"
        self.run(staff, "keep", fine)
        report(fine)
        assert set(list_bodies(staff, moderation="waiting")) == {fine, other}
        assert fine.reports.count() == 3

    def test_keeping_needs_the_right(self) -> None:
        comment = report(make_comment())
        browser = clerk("view_comment")
        browser.post(LIST, {"action": "keep", "_selected_action": [comment.pk]})
        assert comment.reports.filter(settled_at=None).exists()

    def test_delete(self, staff: Client) -> None:
        product = make_product()
        doomed = [
            make_comment(product=product, rating=5),
            make_comment(product=product, rating=1, active=False),
        ]
        make_comment(product=product, rating=3)
        self.run(staff, "delete_selected", *doomed, post="yes")
        assert Comment.objects.count() == 1
        assert_sums(product, [0, 0, 1, 0, 0])


class TestForm:
    def test_switches_off_and_on(self, staff: Client) -> None:
        comment = make_comment(rating=5)
        change(staff, comment)
        assert_sums(comment.product, [0, 0, 0, 0, 0])
        change(staff, comment)
        assert_sums(comment.product, [0, 0, 0, 0, 0])
        change(staff, comment, active="on")
        assert_sums(comment.product, [0, 0, 0, 0, 1])

    def test_rewrites_nothing(self, staff: Client) -> None:
        comment = make_comment(rating=5, body="My words")
        change(staff, comment, active="on", body="Yours", rating=1, slug="x", user=make_user().pk)
        kept = Comment.objects.get()
        assert (kept.body, kept.rating, kept.user, kept.slug) == ("My words", 5, comment.user, comment.slug)
        assert_sums(comment.product, [0, 0, 0, 0, 1])

    def test_shows_the_reports(self, staff: Client) -> None:
        comment = report(make_comment())
        page = staff.get(f"{LIST}{comment.pk}/change/").content.decode()
        assert "Spam" in page
        assert Report.objects.get().user.email in page
        assert 'name="reports-0-reason"' not in page

    def test_deletes_with_the_rating(self, staff: Client) -> None:
        comment = make_comment(rating=5)
        assert staff.post(f"{LIST}{comment.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not Comment.objects.exists()
        assert_sums(comment.product, [0, 0, 0, 0, 0])

    def test_deletes_nothing_twice(self, staff: Client) -> None:
        """Another person deletes the comment after the staff's page has read it."""
        comment = make_comment(rating=5)
        stale = Comment.objects.get()
        delete_comment(user=comment.user, comment_pk=comment.pk)
        CommentAdmin(Comment, admin.site).delete_model(RequestFactory().post(LIST), stale)
        assert_sums(comment.product, [0, 0, 0, 0, 0])


class TestRights:
    def test_comments_are_written_by_shoppers(self, staff: Client) -> None:
        assert staff.get(f"{LIST}add/").status_code == 403

    def test_without_a_right_nothing_is_seen(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        browser = signed_in(make_user(is_staff=True))
        comment = make_comment()
        assert browser.get(LIST).status_code == 403
        assert browser.get(f"{LIST}{comment.pk}/change/").status_code == 403

    def test_who_may_look_may_not_switch(self, signed_in: Callable[[User], GraphQLClient]) -> None:
        looker = make_user(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_comment"))
        browser, comment = signed_in(looker), make_comment(rating=5)
        assert list_bodies(browser) == [comment]
        browser.post(LIST, {"action": "switch_off", "_selected_action": [comment.pk]})
        assert browser.post(f"{LIST}{comment.pk}/change/", {}).status_code == 403
        assert_sums(comment.product, [0, 0, 0, 0, 1])
