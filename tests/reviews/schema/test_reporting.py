"""Reporting comments over the API."""

import pytest

from reviews.models import Report
from tests.conftest import GraphQLClient
from tests.factories import make_comment, make_user
from tests.hostile import hostile_strings
from tests.reviews.schema.conftest import (
    COMMENT,
    REPORT,
    SLIM,
    SignedIn,
    comment_id,
    wrong_fields,
)

pytestmark = pytest.mark.django_db


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
