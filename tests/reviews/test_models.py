import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from reviews.models import Comment, Report
from tests.factories import make_comment, make_product, make_user
from tests.reviews.sums import assert_sums

pytestmark = pytest.mark.django_db


class TestConstraints:
    @pytest.mark.parametrize("rating", [0, 6])
    def test_rating_from_1_to_5(self, rating: int) -> None:
        comment = make_comment()
        with pytest.raises(IntegrityError, match="rating_from_1_to_5"), transaction.atomic():
            Comment.objects.filter(pk=comment.pk).update(rating=rating)

    def test_one_rating_per_person_and_product(self) -> None:
        rated = make_comment(rating=4)
        second = make_comment(user=rated.user, product=rated.product)
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.filter(pk=second.pk).update(rating=4)

    def test_any_number_of_comments_without_a_rating(self) -> None:
        first = make_comment()
        make_comment(user=first.user, product=first.product)
        make_comment(user=first.user, product=first.product)
        assert Comment.objects.filter(user=first.user, product=first.product).count() == 3

    def test_one_report_per_person_and_comment(self) -> None:
        comment, user = make_comment(), make_user()
        Report.objects.create(comment=comment, user=user, reason="Spam", created_at=timezone.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            Report.objects.create(comment=comment, user=user, reason="Again", created_at=timezone.now())


class TestComment:
    @pytest.mark.parametrize("body", ["", " \n\t", "x" * 5_001])
    def test_body_is_neither_blank_nor_too_long(self, body: str) -> None:
        with pytest.raises(ValidationError) as refusal:
            Comment(body=body).clean_fields(exclude={"user", "product", "slug"})
        assert set(refusal.value.message_dict) == {"body"}

    def test_shows_the_beginning_of_its_body(self) -> None:
        assert str(Comment(body="x" * 100)) == "x" * 60
        assert str(Report(reason="y" * 100)) == "y" * 60

    def test_author_cannot_be_deleted_with_the_ratings(self) -> None:
        product = make_product()
        comment = make_comment(product=product, rating=5)
        with pytest.raises(ProtectedError):
            comment.user.delete()
        assert_sums(product, [0, 0, 0, 0, 1])

    def test_goes_with_its_product(self) -> None:
        comment = make_comment(rating=5)
        comment.product.delete()
        assert not Comment.objects.exists()
