"""The personal data of reviews: comments and reports, both deleted with the account."""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_closing, data_requested
from catalog.models import RATINGS, Product
from reviews.models import Comment, Report
from reviews.services import lock_products_of


@receiver(account_closing)
def delete_comments(*, user: User, **_: Any) -> None:
    """Delete the person's comments with their ratings. Takes the same number of statements for any number of comments.

    Locks: their products.
    """
    comments = Comment.objects.filter(user=user)
    lock_products_of(comments)
    rated = comments.filter(active=True, rating__isnull=False)
    # A person rates a product once, so each sum loses one at most.
    Product.objects.filter(pk__in=rated.values("product")).update(
        **{
            f"rated_{stars}": F(f"rated_{stars}")
            - Case(
                When(Exists(rated.filter(product=OuterRef("pk"), rating=stars)), then=Value(1)),
                default=Value(0),
            )
            for stars in RATINGS
        }
    )
    comments.delete()


@receiver(data_requested)
def collect(*, user: User, **_: Any) -> dict[str, Any]:
    """Return the person's comments, including those that are switched off, and their reports of others' comments."""
    comments = Comment.objects.filter(user=user).select_related("product")
    reports = Report.objects.filter(user=user).order_by("-created_at", "-pk")
    return {
        "comments": [
            {
                "product": comment.product.name,
                "body": comment.body,
                "rating": comment.rating,
                "active": comment.active,
                "createdAt": comment.created_at,
                "updatedAt": comment.updated_at,
            }
            for comment in comments
        ],
        "reports": [
            {"reason": report.reason, "createdAt": report.created_at, "settledAt": report.settled_at}
            for report in reports
        ],
    }
