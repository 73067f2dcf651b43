"""Writes of comments, which also update the sums of the product's ratings.

A product's comments and their sums change under the product's lock, which is taken first; deleting a product does the
same. A rating counts while its comment is active.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypedDict

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Product
from catalog.stock import lock_products
from catalog.visibility import is_published
from core.errors import NotFound, ValidationError, field_errors, refuse_nulls
from core.slugs import save_with_slug
from core.throttle import Limit, count_attempt
from reviews.models import Comment, Report
from reviews.selectors import visible_comments

# Without verifying an address anyone can open as many accounts as they like.
UNVERIFIED_LIMITS = [Limit(action="unverified_comment", rate="5/1h", by_account=True)]


class CommentChanges(TypedDict, total=False):
    """The fields to change. A rating of None removes the rating."""

    body: str | None
    rating: int | None


def create_comment(*, user: User, product_pk: int, body: str, rating: int | None, now: datetime) -> Comment:
    """Write a comment.

    Raises:
        NotFound: the product does not exist, or is not published.
        ValidationError: the body or the rating is invalid, the user has already rated the product, or the store
            requires a verified address.
        TooManyAttempts.
    Locks: the product.
    """
    if settings.STORE_COMMENTS_NEED_VERIFICATION and not user.email_verified:
        raise ValidationError.of(body=_("Please verify your e-mail address before you comment."))
    comment = Comment(
        user=user, product_id=product_pk, body=body, rating=rating, created_at=now, updated_at=now
    )
    with field_errors():
        comment.clean_fields(exclude={"user", "product", "slug"})
    if not user.email_verified:
        count_attempt(None, UNVERIFIED_LIMITS, account=str(user.pk))
    return write_comment(comment)


@transaction.atomic(durable=True)
def write_comment(comment: Comment) -> Comment:
    """Write the row, and add its rating to the product's sums.

    Raises: NotFound, ValidationError.
    Locks: the product.
    """
    product = lock_products({comment.product_id}).get(comment.product_id)
    if product is None or not product.is_published:
        raise NotFound(_("No such product."))
    with refuse_second_rating():
        save_with_slug(comment, comment.body)
    count_rating(comment, before=None, after=comment.rating)
    return comment


@transaction.atomic(durable=True)
def update_comment(*, user: User, comment_pk: int, changes: CommentChanges, now: datetime) -> Comment:
    """Change one of the user's comments.

    Raises: NotFound, unless the comment is the user's own, on a published product; ValidationError, as for a new
    comment.
    Locks: the product.
    """
    refuse_nulls(changes, clearable=["rating"])
    own = Comment.objects.filter(is_published("product__"), pk=comment_pk, user=user)
    lock_products_of(own)
    comment = own.first()
    if comment is None:
        raise NotFound(_("No such comment."))
    before = comment.rating
    for field, value in changes.items():
        setattr(comment, field, value)
    comment.updated_at = now
    with field_errors():
        comment.clean_fields(exclude={"user", "product", "slug"})
    with refuse_second_rating():
        comment.save(update_fields=[*changes, "updated_at"])
    if comment.active:
        count_rating(comment, before=before, after=comment.rating)
    return comment


@transaction.atomic(durable=True)
def delete_comment(*, user: User, comment_pk: int) -> Comment:
    """Delete one of the user's comments, with its rating, and return it as it was.

    Raises: NotFound, unless the comment is the user's own.
    Locks: the product.
    """
    removed = remove(Comment.objects.filter(pk=comment_pk, user=user))
    if not removed:
        raise NotFound(_("No such comment."))
    return removed[0]


@transaction.atomic(durable=True)
def report_comment(*, user: User, comment_pk: int, reason: str, now: datetime) -> Comment:
    """Report a comment to the staff. A person's second report changes nothing until the staff have closed the first.

    Raises: NotFound, for a comment that the user may not see; ValidationError.
    Locks: the comment, so that it cannot be deleted in the meantime.
    """
    comment = visible_comments(user).select_for_update().filter(pk=comment_pk).first()
    if comment is None:
        raise NotFound(_("No such comment."))
    report = Report(comment=comment, user=user, reason=reason, created_at=now)
    with field_errors():
        report.clean_fields(exclude={"comment", "user"})
    settled = Report.objects.filter(comment=comment, user=user, settled_at__isnull=False)
    if not settled.update(reason=reason, created_at=now, settled_at=None):
        Report.objects.bulk_create([report], ignore_conflicts=True)
    return comment


@transaction.atomic(durable=True)
def set_active(comments: QuerySet[Comment], *, active: bool) -> None:
    """Switch comments off or on for the staff.

    Locks: the products.
    """
    switch(comments, active=active)


@transaction.atomic(durable=True)
def keep(comments: QuerySet[Comment], *, now: datetime) -> None:
    """Close the open reports of comments that the staff keep. A new report is open again."""
    Report.objects.filter(comment__in=comments.values("pk"), settled_at=None).update(settled_at=now)


def switch(comments: QuerySet[Comment], *, active: bool) -> None:
    """Switch comments off or on, and update the sums. Comments that are already in that state do not change.

    A step of an open transaction.

    Locks: the products.
    """
    lock_products_of(comments)
    for comment in comments.filter(active=not active):
        Comment.objects.filter(pk=comment.pk).update(active=active)
        if active:
            count_rating(comment, before=None, after=comment.rating)
        else:
            count_rating(comment, before=comment.rating, after=None)


def remove(comments: QuerySet[Comment]) -> list[Comment]:
    """Delete comments with their ratings, and return them as they were. A step of an open transaction.

    Locks: the products.
    """
    lock_products_of(comments)
    doomed = list(comments.all())
    for comment in doomed:
        if comment.active:
            count_rating(comment, before=comment.rating, after=None)
        comment.delete()
    return doomed


def lock_products_of(comments: QuerySet[Comment]) -> None:
    """Lock the products of these comments. Read the comments after this, because only then can they not change."""
    lock_products(set(comments.values_list("product", flat=True)))


def count_rating(comment: Comment, *, before: int | None, after: int | None) -> None:
    """Move one rating in the product's sums."""
    if before == after:
        return
    changes = {}
    if before is not None:
        changes[f"rated_{before}"] = F(f"rated_{before}") - 1
    if after is not None:
        changes[f"rated_{after}"] = F(f"rated_{after}") + 1
    Product.objects.filter(pk=comment.product_id).update(**changes)


@contextmanager
def refuse_second_rating() -> Iterator[None]:
    """Turn the constraint's error for a second rating of a product into a ValidationError."""
    try:
        yield
    except IntegrityError as error:
        # SQLite names the constraint's columns, PostgreSQL the constraint and its columns.
        if "user_id" not in str(error):
            raise
        raise ValidationError.of(
            rating=_("You have already rated this product. Please change that rating.")
        ) from error
